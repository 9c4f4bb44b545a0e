"""Whether a file is the one that the catalogue means; which of them those are that a user has."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from gantool.data.catalogue.entries import CatalogueFile, DataSet
from gantool.data.idx import GZIP_MAGIC
from gantool.errors import InputError

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


def identify(paths: Sequence[Path], data_set: DataSet) -> dict[str, Path]:
    """The given file for each file of the set, by the name of the latter.

    What a file holds tells which one it is, whatever it is called.

    Raises:
        InputError: a given file cannot be read, is none of the set's, or is another version, or two
            are the same.
    """
    found: dict[str, Path] = {}
    for path in paths:
        try:
            file = _which(path, data_set)
        except OSError as error:
            raise InputError(
                f"--from-file {path}: cannot be read: {error.strerror or error}"
            ) from None
        if file.name in found:
            raise InputError(
                f"--from-file: both {found[file.name]} and {path} are {file.name}; name one of them"
            )
        found[file.name] = path
    return found


def _which(path: Path, data_set: DataSet) -> CatalogueFile:
    with path.open("rb"):
        pass  # `is_right` does not tell a missing file from a wrong one
    for file in data_set.files:
        if is_right(path, file):
            return file
    for file in data_set.files:
        if file.name == path.name:
            raise _other_version(path, file)
    if len(data_set.files) == 1:
        raise _other_version(path, data_set.files[0])
    names = ", ".join(file.name for file in data_set.files)
    raise InputError(
        f"--from-file {path}: neither its name nor its digest is that of a file of"
        f" {data_set.name} ({names}); {_way_out(path)}"
    )


def _other_version(path: Path, file: CatalogueFile) -> InputError:
    expected = [] if file.size is None else [f"{file.size:,} bytes"]
    expected.append(f"MD5 {file.md5}" if file.md5 is not None else f"SHA-256 {file.sha256}")
    return InputError(
        f"--from-file {path}: not the {file.name} of the catalogue: it has {describe(path, file)},"
        f" and {', '.join(expected)} are expected; {_way_out(path)}"
    )


def _way_out(path: Path) -> str:
    return (
        "get it again, or leave --from-file out to download it. Images of another version are"
        f" trained on by their path: data.source: {path}"
    )
