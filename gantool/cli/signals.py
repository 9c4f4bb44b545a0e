"""Ctrl-C and SIGTERM: a stop request, handled at the next pause; an end where nothing is kept."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType

INTERRUPTED, TERMINATED = 130, 143
_ENDING = (signal.SIGINT, signal.SIGTERM)


class Terminated(KeyboardInterrupt):
    """SIGTERM came where nothing else was to be done with it: unwinds as Ctrl-C does."""


class StopWish:
    """Which signal has asked to stop; 0 while none has."""

    signal = 0

    def __call__(self) -> bool:
        """Whether to stop."""
        return self.signal != 0

    @property
    def exit_code(self) -> int:
        """128 + the signal's number, as shells count; 0 without one."""
        return 128 + self.signal if self.signal else 0


def heed_signals() -> None:
    """From here on SIGINT and SIGTERM raise a KeyboardInterrupt, so that what is begun is tidied.

    Amid an import they end the process at once: native modules make errors of their own of a
    KeyboardInterrupt, or lose it, and nothing is begun that needs to be tidied.
    """
    for number in _ENDING:
        signal.signal(number, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            _end_at_once(number)
        frame = frame.f_back
    raise Terminated if number == signal.SIGTERM else KeyboardInterrupt


@contextmanager
def stop_on_signals() -> Iterator[StopWish]:
    """While the block runs, the first SIGINT or SIGTERM becomes a wish.

    A second one ends the process at once. Files are whole or not there, so it damages nothing.
    """
    wish = StopWish()
    usual = {number: signal.getsignal(number) for number in _ENDING}

    def hear(number: int, _frame: FrameType | None) -> None:
        wish.signal = number
        for each in _ENDING:
            signal.signal(each, _end_at_once)

    for number in _ENDING:
        signal.signal(number, hear)
    try:
        yield wish
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)


@contextmanager
def ends_at_once_on_signals() -> Iterator[None]:
    """While the block runs, SIGINT and SIGTERM end the process at once, as amid an import.

    They tell so on what is stderr now, which may be turned elsewhere meanwhile.
    """
    stderr = os.dup(2)
    end = partial(_end_at_once, stderr=stderr)
    usual = {number: signal.signal(number, end) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
        os.close(stderr)


def _end_at_once(number: int, _frame: FrameType | None = None, stderr: int = 2) -> None:
    os.write(stderr, b"stopped\n")
    os._exit(128 + number)
