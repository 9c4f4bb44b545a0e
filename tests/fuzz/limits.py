"""What no input may exceed: ten seconds of the processor, and two gigabytes of memory."""

from __future__ import annotations

import faulthandler
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

from gantool.errors import GantoolError

SECONDS = 10
KIBIBYTES = 2 << 20

FEW = 200
EXAMPLES = int(os.environ.get("GANTOOL_FUZZ", FEW))
"""Inputs that each test makes up."""

SEED = os.environ.get("GANTOOL_SEED", "0")
"""Of these inputs: the same ones each time, so that a finding can be met again."""


def is_a_line(error: GantoolError) -> None:
    """Fail unless an error is one line of text that any terminal can show."""
    assert str(error).isprintable()


class Bounded:
    """A target that fails where an input takes too long or too much memory; keeps the worst."""

    def __init__(self, target: Callable[[bytes], None]) -> None:
        self._target = target
        self._before = _peak()
        self.count, self.slowest = 0, 0.0

    def __call__(self, data: bytes) -> None:
        begin = time.process_time()
        previous = signal.signal(signal.SIGPROF, _stop)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        if EXAMPLES > FEW:
            # A library that never comes back hears no signal: the process ends, and says where it
            # was. Not in CI, where a machine may stand still for so long.
            faulthandler.dump_traceback_later(2 * SECONDS, exit=True, file=sys.__stderr__)
        try:
            self._target(data)
        finally:
            faulthandler.cancel_dump_traceback_later()
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, previous)
        took = time.process_time() - begin
        # A reader may have taken the alarm for damage.
        assert took < SECONDS
        assert self.grown < KIBIBYTES
        self.count += 1
        self.slowest = max(self.slowest, took)

    @property
    def grown(self) -> int:
        """KiB by which the process's peak of memory has risen."""
        return _peak() - self._before


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise TimeoutError(f"more than {SECONDS} seconds")
