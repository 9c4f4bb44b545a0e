"""Tar files, also as WebDataset writes them."""

from __future__ import annotations

import io
import tarfile

from gantool.data.sources import open_source
from gantool.errors import GantoolError
from gantool.recipe.data import Data

from .. import scratch
from ..limits import is_a_line

_IMAGES = 20


def target(data: bytes) -> None:
    """Open a tar file as it is and with its checksums mended, and read what is in it."""
    for form in dict.fromkeys((data, stamped(data))):
        _read(form)


def _read(data: bytes) -> None:
    path = scratch.file("x.tar", data)
    labelled = len(data) % 2 == 0
    try:
        source = open_source(Data(source=str(path), size=(1, 1), labels=labelled), None)
        for note in source.notes:
            assert note.isprintable()
    except GantoolError as error:
        is_a_line(error)
        return
    for index in range(min(len(source), _IMAGES)):
        try:
            source.image(index)
        except GantoolError as error:
            is_a_line(error)


def stamped(data: bytes) -> bytes:
    """The file with the right checksum in each block that looks like a header."""
    made = bytearray(data)
    for place in range(0, len(made) - 511, 512):
        if made[place + 257 : place + 262] == b"ustar":
            made[place + 148 : place + 156] = b" " * 8
            total = sum(made[place : place + 512])
            made[place + 148 : place + 156] = b"%06o\0 " % total
    return bytes(made)


def tar_of(form: int = tarfile.PAX_FORMAT, **files: bytes) -> bytes:
    """A tar of small files; `__` in a name is a slash, `_` a dot."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form, bufsize=512) as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name.replace("__", "/").replace("_", "."))
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()[: 512 * (2 * len(files) + 4)]


def seeds() -> list[bytes]:
    """Small archives."""
    long = f"{'n' * 120}_png"
    return [
        tar_of(a__x_png=b"png", b__y_jpg=b"jpg"),
        tar_of(x_png=b"png", x_cls=b"3", y_png=b"png", y_cls=b"4"),
        tar_of(x_png=b"png", x_json=b'{"label": [0, 1]}'),
        tar_of(tarfile.GNU_FORMAT, **{long: b"png"}),
        tar_of(tarfile.PAX_FORMAT, **{long: b"png"}),
    ]
