"""One process at a time trains a run."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from gantool.errors import InputError
from gantool.locks import is_held, lock
from gantool.runs.run_folder import RunFolder


@contextmanager
def alone_with(folder: RunFolder) -> Iterator[None]:
    """Within, no other process trains the run in a folder.

    Raises:
        InputError: Another process trains it; the line tells which.
        OSError: The folder cannot be written.
    """

    def busy(handle: int) -> None:
        holder = os.pread(handle, 200, 0).decode(errors="replace") or "another process"
        raise InputError(f"{folder.path}: {holder} trains this run; stop it, or wait for its end")

    with lock(folder.lock, busy) as handle:
        os.ftruncate(handle, 0)
        os.write(handle, f"process {os.getpid()} on {socket.gethostname()}".encode())
        yield


def is_trained(folder: RunFolder) -> bool:
    """Whether a process trains the run in a folder now."""
    return is_held(folder.lock)
