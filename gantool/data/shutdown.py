"""How a process ends whose pipelines call Python."""

import atexit
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class PythonCalls:
    """Brings the threads of pipelines out of Python before the interpreter ends.

    A thread that asks for the interpreter once it shuts down never returns, and an iterator that
    lives until then (in a global, or in the traceback of a crash) waits for its threads: the
    process would hang. So at the end each call returns at once, until pipelines have read as far
    ahead as they do and call no more.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun = self._done = 0
        self._closing = False

    @contextmanager
    def entered(self) -> Iterator[bool]:
        """Around each call of Python by a pipeline; tells whether the process is ending."""
        with self._lock:
            self._begun += 1
        try:
            yield self._closing
        finally:
            with self._lock:
                self._done += 1

    def close(self, quiet: float = 0.2, at_most: float = 10.0) -> None:
        """Wait until no call was begun for `quiet` seconds and all are done."""
        if self._begun == 0:
            return
        self._closing = True
        end = time.monotonic() + at_most
        before = -1
        while time.monotonic() < end and not before == self._begun == self._done:
            before = self._begun
            time.sleep(quiet)


python_calls = PythonCalls()
"""Of this process."""

atexit.register(python_calls.close)
