"""Zip files, which are read where they lie."""

from __future__ import annotations

import io
import zipfile

from gantool.data.sources import open_source
from gantool.errors import GantoolError
from gantool.recipe.data import Data

from .. import scratch
from ..limits import is_a_line

_MEMBERS = 50


def target(data: bytes) -> None:
    """Open a zip, and read what is in it."""
    path = scratch.file("x.zip", data)
    try:
        source = open_source(Data(source=str(path), size=(1, 1), labels=len(data) % 2 == 0), None)
    except GantoolError as error:
        is_a_line(error)
        return
    for index in range(min(len(source), _MEMBERS)):
        try:
            source.image(index)
        except GantoolError as error:
            is_a_line(error)


def zip_of(*names: str, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of small files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as packed:
        for name in names:
            packed.writestr(zipfile.ZipInfo(name), name.encode() * 3, method)
    return buffer.getvalue()


def seeds() -> list[bytes]:
    """Archives, harmless and not."""
    return [
        zip_of("a/x.png", "b/y.jpg"),
        zip_of("x.png", method=zipfile.ZIP_STORED),
        zip_of("x.png", method=zipfile.ZIP_BZIP2),
        zip_of("x.png", method=zipfile.ZIP_LZMA),
        zip_of("../x.png", "/y.png", "a\\z.png"),
    ]
