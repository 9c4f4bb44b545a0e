"""A folder in memory where there is one: a fuzzer writes a hundred thousand small files."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

_MEMORY = Path("/dev/shm")


@cache
def folder() -> Path:
    """This process's own folder, removed at its end."""
    made = Path(tempfile.mkdtemp(prefix="gantool-fuzz-", dir=_MEMORY if _MEMORY.is_dir() else None))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def file(name: str, data: bytes) -> Path:
    """A file of this folder with such a content."""
    path = folder() / name
    path.write_bytes(data)
    return path
