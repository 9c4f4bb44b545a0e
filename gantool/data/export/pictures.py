"""Pictures on their way to files: encoded on other cores while the next ones are drawn."""

import os
import zipfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from gantool.data.export.encoding import Format, encode
from gantool.files import complete_or_absent, write_bytes

_WAITING = 8
"""Runs of pictures that wait at most, so that the generator need not as soon as a disk does."""

_READABLE = 0o644 << 16
"""The rights of a file in a zip, as unzip reads them."""

_From = TypeVar("_From")
_To = TypeVar("_To")


class Picture(NamedTuple):
    """A picture that gets a file.

    Attributes:
        name: Of the file, without its ending.
        pixels: uint8 [H, W, 1, 3 or 4].
        text: What a PNG says of itself; see `encode_png`.
    """

    name: str
    pixels: np.ndarray
    text: str = ""


Run = Callable[[], Iterable[Picture]]
"""Makes a few pictures, on another thread."""


def write_folder(folder: Path, runs: Iterable[Run], format: Format) -> None:
    """Write each picture into `folder`.

    Each file is whole or not there, however the command ends. They are not flushed to disk one by
    one, which would take longer than to draw them: after a power cut, draw them again.

    Raises:
        OSError: A file cannot be written.
    """
    for _ in on_other_cores(partial(_write_run, folder, format), runs):
        pass


def write_zip(path: Path, runs: Iterable[Run], format: Format) -> None:
    """Write pictures into a zip, whole or not at all; of several with one name, the first.

    It holds no times, so the same pictures make the same bytes.

    Raises:
        OSError: The file cannot be written.
    """
    with complete_or_absent(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for run in on_other_cores(partial(_encode_run, format), runs):
            for name, content in run:
                if name not in archive.NameToInfo:
                    info = zipfile.ZipInfo(name)
                    info.external_attr = _READABLE
                    archive.writestr(info, content)


def on_other_cores(work: Callable[[_From], _To], items: Iterable[_From]) -> Iterator[_To]:
    """Do something with each item beside what makes them; the results in order.

    Where the work is slower than what makes the items, that waits, and memory stays bounded.
    """
    # For small pictures more threads only take Python's lock from each other and the generator.
    threads = max(1, len(os.sched_getaffinity(0)) // 2)
    begun: deque[Future[_To]] = deque()
    with ThreadPoolExecutor(threads, "pictures") as pool:
        for item in items:
            begun.append(pool.submit(work, item))
            while len(begun) > threads + _WAITING:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()


def _write_run(folder: Path, format: Format, run: Run) -> None:
    for name, content in _encode_run(format, run):
        write_bytes(folder / name, content, flushed=False)


def _encode_run(format: Format, run: Run) -> list[tuple[str, bytes | memoryview]]:
    return [(f"{name}.{format}", encode(pixels, format, text)) for name, pixels, text in run()]
