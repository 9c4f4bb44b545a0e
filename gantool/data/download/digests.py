"""Whether a file is the one that the catalogue means."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path
from typing import BinaryIO

from gantool.data.catalogue.entries import CatalogueFile
from gantool.data.idx import GZIP_MAGIC

_PIECE = 1 << 16


def is_right(path: Path, file: CatalogueFile) -> bool:
    """Whether a file is there and holds what the catalogue says, however it is compressed.

    Raises:
        OSError: it cannot be read.
    """
    if not path.is_file():
        return False
    if file.size in (None, path.stat().st_size) and _has_digests(path, file):
        return True
    return file.content_md5 is not None and _content_md5(path) == file.content_md5


def describe(path: Path, file: CatalogueFile) -> str:
    """Size and digest of a file that is wrong, for a message: "27 bytes, MD5 0f3c…"."""
    algorithm = "MD5" if file.md5 is not None else "SHA-256"
    with path.open("rb") as stream:
        digest = _digests(stream, [algorithm])[algorithm]
    return f"{path.stat().st_size:,} bytes, {algorithm} {digest}"


def _has_digests(path: Path, file: CatalogueFile) -> bool:
    stated = {"MD5": file.md5, "SHA-256": file.sha256}
    expected = {name: digest for name, digest in stated.items() if digest is not None}
    with path.open("rb") as stream:
        return _digests(stream, list(expected)) == expected


def _content_md5(path: Path) -> str | None:
    with path.open("rb") as stream:
        if stream.read(2) != GZIP_MAGIC:
            return None
    try:
        with gzip.open(path) as unpacked:
            return _digests(unpacked, ["MD5"])["MD5"]
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return None


def _digests(stream: BinaryIO | gzip.GzipFile, algorithms: list[str]) -> dict[str, str]:
    # The digests tell which file it is; MD5 alone is no protection from a forger.
    makers = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
    digests = {name: makers[name](usedforsecurity=False) for name in algorithms}
    while piece := stream.read(_PIECE):
        for digest in digests.values():
            digest.update(piece)
    return {name: digest.hexdigest() for name, digest in digests.items()}
