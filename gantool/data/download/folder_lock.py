"""One process at a time fills a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gantool.locks import lock, wait


@contextmanager
def alone_in(folder: Path, notice: Callable[[str], None]) -> Iterator[None]:
    """Wait until no other process fills `folder`, and keep the others waiting in the block.

    Args:
        folder: one that exists.
        notice: told, before it waits, what is waited for.

    Raises:
        OSError: the folder cannot be written.
    """

    def busy(handle: int) -> None:
        notice(f"another process fills {folder}; waiting for its end")
        wait(handle)

    with lock(folder / ".lock", busy):
        yield
