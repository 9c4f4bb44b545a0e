"""Tasks done by processes on all cores, their results in the order of the tasks."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from itertools import islice
from multiprocessing import connection, resource_tracker
from multiprocessing.process import BaseProcess
from typing import Generic, TypeVar

from gantool.device import cores
from gantool.errors import GantoolError

Task = TypeVar("Task")
Result = TypeVar("Result")

_QUEUED = 2
"""Tasks that a process has at most: the one it does, and one so that it need not wait."""

_AHEAD = 8
"""Tasks a process that may be begun before the oldest one's result is taken."""

_PATIENCE = 0.2
"""Seconds after which a wish to stop is looked for again."""


class StoppedError(Exception):
    """Somebody wished to stop before all tasks were done."""


class Workers(Generic[Task, Result]):
    """Processes that do tasks; a context manager, which ends them at once on the way out.

    They are started afresh, not forked, so that it does not matter which threads and libraries
    this process has. One that loses this process, however it ended, ends too.

    Args:
        work: does a task; a function of a module.
        at_most: processes, however many cores there are; None for one a core.
    """

    def __init__(self, work: Callable[[Task], Result], at_most: int | None = None) -> None:
        self._work = work
        self._count = cores() if at_most is None else max(1, min(cores(), at_most))
        self._processes: set[BaseProcess] = set()

    def __enter__(self) -> Workers[Task, Result]:
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(self._count, context, _end_with_parent)
        before = set(multiprocessing.active_children())
        # One that ends already is told when there is a task.
        with _deaf_to_interrupts(), suppress(BrokenProcessPool):
            # All of them now; for each task, the pool starts one where none is idle.
            while len(self._processes) < self._count:
                self._pool.submit(int)
                self._processes |= set(multiprocessing.active_children()) - before
        return self

    def __exit__(self, *_error: object) -> None:
        for process in self._processes:
            process.kill()
        self._pool.shutdown(cancel_futures=True)

    def ordered(
        self, tasks: Iterable[Task], stop: Callable[[], bool] = lambda: False
    ) -> Iterator[Result]:
        """Do tasks; the results come in their order, and few wait in memory.

        Raises:
            StoppedError: `stop` said so.
            GantoolError: a process ended by itself.
            Exception: what a task raised.
        """
        left = iter(tasks)
        begun: deque[Future[Result]] = deque()
        try:
            while True:
                busy = [future for future in begun if not future.done()]
                room = min(_QUEUED * self._count - len(busy), _AHEAD * self._count - len(begun))
                new = [self._pool.submit(self._work, task) for task in islice(left, max(0, room))]
                begun.extend(new)
                busy += new
                if not begun:
                    return
                wait(busy, _PATIENCE, FIRST_COMPLETED)
                if stop():
                    raise StoppedError
                while begun and begun[0].done():
                    yield begun.popleft().result()
        except BrokenProcessPool:
            raise self._ended(stop) from None

    def _ended(self, stop: Callable[[], bool]) -> Exception:
        self._pool.shutdown()
        # Where one process ends, the pool ends the others by SIGTERM.
        codes = {process.exitcode for process in self._processes} - {-signal.SIGTERM}
        # A signal that is meant for all processes of a job may reach the others first.
        if stop() or not codes:
            return StoppedError()
        return GantoolError(
            f"a process that reads images ended by itself (exit code {codes.pop()}); is there"
            " enough memory? Run the command again"
        )


def _end_with_parent() -> None:
    """Have this process end as soon as the one that started it has, even where that was killed."""

    def watch() -> None:
        parent = multiprocessing.parent_process()
        assert parent is not None
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes started meanwhile do not hear Ctrl-C, which a terminal sends to them as well.

    Only blocking does that from their first moment on, before any handler is theirs.
    """
    # It would be started by the first process, and then ends the blocking of signals.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
