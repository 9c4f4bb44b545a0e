"""Locks that a process holds on files, and that the system takes from it when it dies."""

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_NONE_HERE = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
"""What a file system says that knows no locks; it keeps nobody from working in it."""

_TRIES = 5
_PAUSE = 0.01
"""Seconds between tries: who only looks whether a lock is held, by `is_held`, has it so briefly."""


@contextmanager
def lock(path: Path, busy: Callable[[int], None]) -> Iterator[int]:
    """Hold the lock of a file, which is there as long as somebody holds it.

    Args:
        path: of the file, in a folder that exists.
        busy: called with the open file where another process holds the lock: raises, or waits by
            `wait`.

    Yields:
        The open file.

    Raises:
        OSError: the folder cannot be written.
    """
    handle = _acquire(path, busy)
    try:
        yield handle
    finally:
        # Removed before it is given back: who waits for it sees that it is gone, and makes a new
        # one.
        path.unlink(missing_ok=True)
        os.close(handle)


def wait(handle: int) -> None:
    """Wait for the lock of an open file."""
    fcntl.flock(handle, fcntl.LOCK_EX)


def is_held(path: Path) -> bool:
    """Whether a process holds the lock of a file."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:  # it is held; or there are no locks here, and the file says that it is
        return True
    finally:
        os.close(handle)
    return False


def _acquire(path: Path, busy: Callable[[int], None]) -> int:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(handle, busy)
            if _is_still(path, handle):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _lock(handle: int, busy: Callable[[int], None]) -> None:
    for _ in range(_TRIES):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE)
        except OSError as error:
            if error.errno not in _NONE_HERE:
                raise
            return
        else:
            return
    busy(handle)


def _is_still(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False
