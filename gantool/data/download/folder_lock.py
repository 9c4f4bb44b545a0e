"""One process at a time fills a folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone_in(folder: Path, notice: Callable[[str], None]) -> Iterator[None]:
    """Wait until no other process fills `folder`, and keep the others waiting in the block.

    The system gives the lock back when a process dies, however it does.

    Args:
        folder: one that exists.
        notice: told, before it waits, what is waited for.

    Raises:
        OSError: the folder cannot be written.
    """
    path = folder / ".lock"
    handle = _acquire(path, lambda: notice(f"another process fills {folder}; waiting for its end"))
    try:
        yield
    finally:
        # Removed before it is given back: who waits for it sees that it is gone, and makes a new
        # one.
        path.unlink(missing_ok=True)
        os.close(handle)


def _acquire(path: Path, wait: Callable[[], None]) -> int:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(handle, wait)
            if _is_still(path, handle):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _lock(handle: int, wait: Callable[[], None]) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        wait()
        fcntl.flock(handle, fcntl.LOCK_EX)


def _is_still(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False
