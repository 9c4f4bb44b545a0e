"""A program that indexes HDF5 files, each in a copy of itself: a line of JSON for each it is given.

A line is [path, name of a data set or null], an answer what `hdf5_index.text` says; nothing where
the library crashed or took too long.
"""

from __future__ import annotations

import json
import os
import resource
import sys

from gantool.data.sources import hdf5_index

SECONDS = 3
"""That the library may take; in a process of its own it may take more, and is ended then."""


def main() -> None:
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            answer(*json.loads(line), writing)
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8", errors="surrogateescape") as pipe:
            text = pipe.read()
        os.waitpid(child, 0)
        print(json.dumps(text), flush=True)


def answer(path: str, inner: str | None, writing: int) -> None:
    """Write what the index says, and end."""
    try:
        used = int(resource.getrusage(resource.RUSAGE_SELF).ru_utime)
        resource.setrlimit(resource.RLIMIT_CPU, (used + SECONDS, used + SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(hdf5_index.text(path, inner).encode())
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
