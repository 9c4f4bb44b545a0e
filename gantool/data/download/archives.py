"""Unpacking archives from elsewhere: whole or not at all, and never out of their folder."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from gantool.data.catalogue.entries import Unpacked
from gantool.data.idx import GZIP_MAGIC
from gantool.errors import GantoolError

_PIECE = 1 << 16
_MAX_ENDS = 8
_MAX_DEPTH = 12
"""Of a member; one of a few bytes could ask for thousands of folders."""
_LIST = ".gantool-files.json"
"""In an unpacked folder, the size of every file that came out of the archive."""


class _TooLargeError(Exception):
    """An archive holds more bytes than its limit."""


def unpack(archive: Path, folder: Path, unpacked: Unpacked) -> None:
    """Unpack a tar, plain or compressed by gzip, and put one folder of it into `folder`.

    It is unpacked in a folder beside, which is removed in the end; an older folder of the same
    name is replaced. Only one process may do so at a time.

    Raises:
        GantoolError: the archive is damaged or lacks the folder, or a member of it is neither file
            nor folder, leads out of the archive, lies too deep, comes twice, or is more than the
            limit allows.
        OSError: the folder cannot be written, or the disk is full.
    """
    with _workshop(folder, unpacked.folder) as workshop:
        everything = workshop / "unpacked"
        everything.mkdir()
        with _readable(archive, unpacked.limit) as tar:
            _extract(tar, everything, archive, unpacked.limit)
        product = everything / unpacked.folder
        if not product.is_dir():
            raise GantoolError(f"{archive}: there is no folder {unpacked.folder} in this archive")
        _write_list(product)
        _put(product, folder / unpacked.folder, workshop)


def copy_unpacked(origin: Path, folder: Path) -> None:
    """Copy an unpacked folder, whole or not at all, into `folder`, as `unpack` would put it there.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    with _workshop(folder, origin.name) as workshop:
        product = workshop / origin.name
        shutil.copytree(origin, product)
        _put(product, folder / origin.name, workshop)


def is_unpacked(folder: Path) -> bool:
    """Whether a folder holds all that came out of its archive, by the sizes of the files."""
    try:
        sizes = json.loads((folder / _LIST).read_text(encoding="utf-8"))
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, AttributeError):
        return False


@contextmanager
def _workshop(folder: Path, name: str) -> Iterator[Path]:
    path = folder / f".{name}.unpacking"
    shutil.rmtree(path, ignore_errors=True)  # of a process that was killed
    path.mkdir()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _put(product: Path, final: Path, workshop: Path) -> None:
    # One call in place of one for each of thousands of files.
    os.sync()
    if final.exists():
        final.rename(workshop / "replaced")
    product.rename(final)


def _write_list(folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}
    (folder / _LIST).write_text(json.dumps(sizes), encoding="utf-8")


@contextmanager
def _readable(archive: Path, limit: int) -> Iterator[tarfile.TarFile]:
    """The archive as a stream of at most `limit` bytes after decompression."""
    with archive.open("rb") as raw:
        compressed = raw.read(2) == GZIP_MAGIC
        raw.seek(0)
        try:
            content = gzip.GzipFile(fileobj=raw) if compressed else raw
            stream = _Limited(content, limit)
            with _reading():
                tar = tarfile.open(fileobj=stream, mode="r|")  # noqa: SIM115 - closed below
            with tar:
                yield tar
            while stream.read(_PIECE):
                pass  # gzip keeps its checksum at the end
        except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise GantoolError(f"{archive}: damaged, or not a tar archive ({error})") from None
        except _TooLargeError:
            raise GantoolError(_too_large(archive, limit)) from None


@contextmanager
def _reading() -> Iterator[None]:
    """Make a TarError of what damaged headers make tarfile raise, which is nearly anything."""
    try:
        yield
    except (tarfile.TarError, OSError, EOFError, zlib.error, _TooLargeError):
        raise
    except Exception as error:
        raise tarfile.ReadError(str(error)) from None


def _members(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while True:
        with _reading():
            member = tar.next()
        if member is None:
            return
        yield member


class _Limited(io.RawIOBase):
    """A stream that ends in an error where it becomes longer than the limit, or is over and over.

    To skip what a member claims to hold, tarfile reads on behind the end, for hours if need be.
    """

    def __init__(self, content: BinaryIO | gzip.GzipFile, limit: int) -> None:
        self._content = content
        self._left = limit
        self._ends = 0

    def read(self, size: int = -1) -> bytes:
        piece = self._content.read(size)
        if not piece:
            self._ends += 1
            if self._ends > _MAX_ENDS:
                raise EOFError("it ends within a member")
        self._left -= len(piece)
        if self._left < 0:
            raise _TooLargeError
        return piece


def _extract(tar: tarfile.TarFile, folder: Path, archive: Path, limit: int) -> None:
    total = 0
    for member in _members(tar):
        path = folder / _place(member, archive)
        # What a member claims counts before a byte of it is written: a sparse one can claim more
        # than the archive holds.
        total += member.size
        if total > limit:
            raise GantoolError(f"{_too_large(archive, limit)}, with {member.name!r}")
        try:
            _write(tar.extractfile(member), path)
        except (FileExistsError, NotADirectoryError):
            raise _refused(archive, member, "comes twice, or is also a folder") from None


def _place(member: tarfile.TarInfo, archive: Path) -> PurePosixPath:
    """Where in the folder a member belongs."""
    if member.issym() or member.islnk():
        raise _refused(archive, member, "is a link")
    if not (member.isreg() or member.isdir()):
        raise _refused(archive, member, "is neither a file nor a folder")
    if member.size < 0:
        raise _refused(archive, member, "has a negative size")
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or "\0" in member.name:
        raise _refused(archive, member, "leads out of the folder")
    if len(path.parts) > _MAX_DEPTH or any(len(os.fsencode(part)) > 255 for part in path.parts):
        raise _refused(archive, member, "lies too deep, or has too long a name")
    return path


def _write(content: IO[bytes] | None, path: Path) -> None:
    """Write a file, or make a folder where there is no content."""
    if content is None:
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as out:
        shutil.copyfileobj(content, out)


def _refused(archive: Path, member: tarfile.TarInfo, reason: str) -> GantoolError:
    return GantoolError(f"{archive}: refused, because {member.name!r} in it {reason}")


def _too_large(archive: Path, limit: int) -> str:
    return f"{archive}: refused, because it unpacks to more than {limit:,} bytes"
