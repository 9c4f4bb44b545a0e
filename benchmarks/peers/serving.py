"""A process that runs training steps when it is told to, and sleeps in between.

Standard library alone: every framework's process is served so. It is told over its standard input,
one number a line: for how many seconds. It answers over what was its standard output, one number a
line: the seconds a step took; first, unasked, those of a step after it has warmed up. It dies when
its input ends, also in the middle of a step, so that none outlives the one that started it.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections.abc import Callable

Advance = Callable[[int], None]
"""Run so many steps, to the end of the last one's arithmetic."""

WARM_UP_STEPS = 3
SLOW = 20.0
"""Seconds of a step that is not repeated to warm up."""


def serve(build: Callable[[], Advance], *, first_compiles: bool) -> None:
    """Build, warm up, and run steps as long as the input lasts.

    Args:
        build: Imports the framework, builds what is trained and gives what moves it.
        first_compiles: Whether the first step does more than a step's work.
    """
    with os.fdopen(os.dup(1), "w", buffering=1) as answers:
        os.dup2(2, 1)  # what a framework prints is no answer
        turns: queue.SimpleQueue[float] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(turns,), daemon=True).start()
        advance = build()
        seconds = _warm_up(advance, first_compiles)
        print(seconds, file=answers)
        while True:
            count = max(1, round(turns.get() / seconds))
            seconds = _timed(advance, count)
            print(seconds, file=answers)


def _listen(turns: queue.SimpleQueue[float]) -> None:
    for line in sys.stdin:
        turns.put(float(line))
    os._exit(0)


def _warm_up(advance: Advance, first_compiles: bool) -> float:
    """The seconds of the last of some steps, of as few as need be where they are slow."""
    seconds = _timed(advance, 1)
    if seconds > SLOW and not first_compiles:
        return seconds
    for _ in range(WARM_UP_STEPS - 1):
        seconds = _timed(advance, 1)
        if seconds > SLOW:
            break
    return seconds


def _timed(advance: Advance, count: int) -> float:
    begun = time.perf_counter()
    advance(count)
    return (time.perf_counter() - begun) / count
