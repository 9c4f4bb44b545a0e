"""Ctrl-C and SIGTERM as a wish to stop, heard at the next pause."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130


class StopWish:
    """Which signal has asked to stop; None while none has."""

    signal: int | None = None

    def __call__(self) -> bool:
        """Whether to stop."""
        return self.signal is not None

    @property
    def exit_code(self) -> int:
        """128 + the signal's number, as shells count; 0 without one."""
        return 0 if self.signal is None else 128 + self.signal


@contextmanager
def stop_on_signals() -> Iterator[StopWish]:
    """While the block runs, the first SIGINT or SIGTERM becomes a wish.

    A second one finds the usual handlers and ends the process at once.
    """
    wish = StopWish()
    usual = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in usual.items():
            signal.signal(number, handler)

    def hear(number: int, _frame: FrameType | None) -> None:
        wish.signal = number
        restore()

    for number in usual:
        signal.signal(number, hear)
    try:
        yield wish
    finally:
        restore()


@contextmanager
def ends_at_once_on_interrupt() -> Iterator[None]:
    """While the block runs, Ctrl-C ends the process at once, without an exception.

    Native modules that are being imported make errors of their own of a KeyboardInterrupt, or lose
    it. Nothing that a block like that does needs to be cleaned up.
    """
    # What is there now: stderr may be turned elsewhere meanwhile.
    stderr = os.dup(2)

    def end(_number: int, _frame: FrameType | None) -> None:
        os.write(stderr, b"stopped\n")
        os._exit(INTERRUPTED)

    usual = signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
        os.close(stderr)
