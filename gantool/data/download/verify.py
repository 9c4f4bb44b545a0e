"""Whether a file is the one that the catalogue means; which of them those are that a user has."""

import gzip
import hashlib
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from gantool.data.catalogue.entries import CatalogueFile, DataSet
from gantool.data.download.archives import is_unpacked
from gantool.data.download.pages import is_page, page_says
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
    if path.stat().st_size == file.size and sha256(path) == file.sha256:
        return True
    return file.content_sha256 is not None and _content_sha256(path) == file.content_sha256


def describe(path: Path) -> str:
    """Size and digest of a file that is wrong, for a message: "27 bytes, SHA-256 0f3c…"."""
    return f"{path.stat().st_size:,} bytes, SHA-256 {sha256(path)}"


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as stream:
        return _sha256(stream)


def _content_sha256(path: Path) -> str | None:
    with path.open("rb") as stream:
        if stream.read(2) != GZIP_MAGIC:
            return None
    try:
        with gzip.open(path) as unpacked:
            return _sha256(unpacked)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return None


def _sha256(stream: BinaryIO | gzip.GzipFile) -> str:
    digest = hashlib.sha256()
    while piece := stream.read(_PIECE):
        digest.update(piece)
    return digest.hexdigest()


def identify(paths: Sequence[Path], data_set: DataSet) -> dict[str, Path]:
    """The given file for each file of the set, by the name of the latter.

    What a file holds tells which one it is, whatever it is called. Of a folder, those files count
    that are of the set by their names and what they hold.

    Raises:
        InputError: a given file cannot be read, is none of the set's, or is another version, or two
            are the same; or a folder holds none of them.
    """
    found: dict[str, Path] = {}
    for path in paths:
        if path.is_dir():
            found |= _in_folder(path, data_set)
            continue
        try:
            file = _which(path, data_set)
        except OSError as error:
            reason = error.strerror or error
            raise InputError(f"--from-file {path}: cannot be read: {reason}") from None
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
    with path.open("rb") as opened:
        beginning = opened.read(_PIECE)
    if is_page(beginning):
        raise InputError(
            f"--from-file {path}: {page_says(beginning.decode('utf-8', 'replace'))}: what was saved"
            " is the page, not the file; get it again"
        )
    for file in data_set.files:
        if file.name == path.name or len(data_set.files) == 1:
            raise _other_version(path, file, data_set)
    names = ", ".join(file.name for file in data_set.files)
    raise InputError(
        f"--from-file {path}: neither its name nor its digest is that of a file of"
        f" {data_set.name} ({names}); {_way_out(path, data_set)}"
    )


def _other_version(path: Path, file: CatalogueFile, data_set: DataSet) -> InputError:
    return InputError(
        f"--from-file {path}: not the {file.name} of the catalogue: it has {describe(path)}, and"
        f" {file.size:,} bytes, SHA-256 {file.sha256} are expected;"
        f" {_way_out(path, data_set)}"
    )


def _in_folder(folder: Path, data_set: DataSet) -> dict[str, Path]:
    """The files of a set that lie in a folder."""
    found = {
        file.name: path
        for file in data_set.files
        if is_right(path := folder / file.name, file)
        # What this program unpacked once; of others, the catalogue knows no digests.
        or (file.unpacked and is_unpacked(path := folder / file.unpacked))
        or (file.unpacked == folder.name and is_unpacked(path := folder))
    }
    if not found:
        names = ", ".join(file.name for file in data_set.files)
        raise InputError(
            f"--from-file {folder}: a folder in which no file of {data_set.name} is ({names}); the"
            " catalogue knows digests of these, not of what was unpacked from them. It is trained"
            f" on by its path: {_by_path(folder, data_set)}"
        )
    return found


def _way_out(path: Path, data_set: DataSet) -> str:
    way = "get it again, or leave --from-file out to download it"
    if not data_set.images:
        return way
    by_path = _by_path(path, data_set)
    return f"{way}. Images of another version are trained on by their path: {by_path}"


def _by_path(path: Path, data_set: DataSet) -> str:
    crop = "" if data_set.crop is None else f", data.crop: {list(data_set.crop)}"
    return f"data.source: {path}{crop}"
