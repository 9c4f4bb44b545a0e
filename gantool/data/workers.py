"""Tasks done by processes on all cores, their results in the order of the tasks."""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Generic, TypeVar, cast

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
        cores = len(os.sched_getaffinity(0))
        self._count = cores if at_most is None else max(1, min(cores, at_most))
        self._processes: dict[Connection, BaseProcess] = {}

    def __enter__(self) -> Workers[Task, Result]:
        context = multiprocessing.get_context("spawn")
        with _deaf_to_interrupts():
            for _ in range(self._count):
                ours, theirs = context.Pipe()
                process = context.Process(target=_serve, args=(theirs, self._work), daemon=True)
                process.start()
                theirs.close()
                self._processes[ours] = process
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        for process in self._processes.values():
            process.kill()
        for connection, process in self._processes.items():
            process.join()
            connection.close()

    def ordered(
        self, tasks: Iterable[Task], stop: Callable[[], bool] = lambda: False
    ) -> Iterator[Result]:
        """Do tasks; the results come in their order, and few wait in memory.

        Raises:
            StoppedError: `stop` said so.
            GantoolError: a process ended by itself.
            Exception: what a task raised.
        """
        numbered = enumerate(tasks)
        queued = dict.fromkeys(self._processes, 0)
        results: dict[int, Result] = {}
        begun = taken = 0
        more = True
        while True:
            for connection in queued:
                while more and queued[connection] < _QUEUED and begun - taken < self._ahead:
                    task = next(numbered, None)
                    if task is None:
                        more = False
                        break
                    self._send(connection, task, stop)
                    queued[connection] += 1
                    begun += 1
            if taken == begun:
                return
            for ready in wait([one for one in queued if queued[one]], _PATIENCE):
                connection = cast(Connection, ready)
                number, result = self._receive(connection, stop)
                queued[connection] -= 1
                results[number] = result
            if stop():
                raise StoppedError
            while taken in results:
                yield results.pop(taken)
                taken += 1

    @property
    def _ahead(self) -> int:
        return _AHEAD * self._count

    def _send(self, connection: Connection, task: object, stop: Callable[[], bool]) -> None:
        try:
            connection.send(task)
        except OSError:
            raise self._ended(connection, stop) from None

    def _receive(self, connection: Connection, stop: Callable[[], bool]) -> tuple[int, Any]:
        try:
            number, result = connection.recv()
        except (EOFError, OSError):
            raise self._ended(connection, stop) from None
        if isinstance(result, _Failure):
            raise result.error from RuntimeError(result.traceback)
        return number, result

    def _ended(self, connection: Connection, stop: Callable[[], bool]) -> Exception:
        process = self._processes[connection]
        process.join()
        # A signal that is meant for all processes of a job may reach the others first.
        if stop() or process.exitcode == -signal.SIGTERM:
            return StoppedError()
        return GantoolError(
            f"a process that reads images ended by itself (exit code {process.exitcode});"
            " is there enough memory? Run the command again"
        )


class _Failure:
    """What a task raised, on its way to the process that waits for the result."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.traceback = "".join(traceback.format_exception(error))


def _serve(connection: Connection, work: Callable[[Any], Any]) -> None:
    # The ends of a connection fail once whoever waited for results is gone.
    with suppress(EOFError, OSError):
        while True:
            number, task = connection.recv()
            connection.send((number, _outcome(work, task)))


def _outcome(work: Callable[[Any], Any], task: object) -> object:
    try:
        return work(task)
    except Exception as error:
        return _Failure(error)


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
