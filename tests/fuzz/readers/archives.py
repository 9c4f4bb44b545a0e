"""Archives: tar files, which are unpacked, and zip files, which are read where they lie."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import tarfile
import zipfile

from gantool.data.catalogue.entries import Unpacked
from gantool.data.download.archives import unpack
from gantool.data.sources import open_source
from gantool.errors import GantoolError
from gantool.recipe.model import Data

from .. import scratch
from ..limits import is_a_line

LIMIT = 1 << 20
_MEMBERS = 50
_BLOCK = 512
_CHECKSUM = slice(148, 156)

# It flushes all disks of the machine, thousands of times here, and is no part of reading.
os.sync = lambda: None


def target(data: bytes) -> None:
    """Read a file as either kind of archive."""
    for form in dict.fromkeys((data, stamped(data))):
        _unpack(form)
    _read_zip(data)


def stamped(data: bytes) -> bytes:
    """The file with the right checksums in whatever block could be a header of a tar."""
    made = bytearray(data)
    for start in range(0, len(made) - _BLOCK + 1, _BLOCK):
        block = made[start : start + _BLOCK]
        if block[257:262] == b"ustar":
            block[_CHECKSUM] = b" " * 8
            block[_CHECKSUM] = b"%06o\0 " % sum(block)
            made[start : start + _BLOCK] = block
    return bytes(made)


def _unpack(data: bytes) -> None:
    home = scratch.folder() / "home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    archive = scratch.file("x.tar", data)
    before = set(scratch.folder().iterdir())
    try:
        unpack(archive, home, Unpacked("a", LIMIT))
    except GantoolError as error:
        is_a_line(error)
        assert list(home.iterdir()) == []
    else:
        assert list(home.iterdir()) == [home / "a"]
        files = [path for path in (home / "a").rglob("*") if not path.is_dir()]
        assert all(path.is_file() and not path.is_symlink() for path in files)
        named = sum(path.stat().st_size for path in files if path.name != ".gantool-files.json")
        assert named <= LIMIT
    assert set(scratch.folder().iterdir()) == before


def _read_zip(data: bytes) -> None:
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


def tar_of(*members: tarfile.TarInfo, form: int = tarfile.GNU_FORMAT) -> bytes:
    """A tar of these members, each with as much content as it says it has, as far as it can."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as tar:
        for member in members:
            size = max(0, min(member.size, 100))
            tar.addfile(member, io.BytesIO(bytes(size)) if size == member.size else None)
    return buffer.getvalue()[: _BLOCK * (2 + 3 * len(members))]


def member(
    name: str, kind: bytes = tarfile.REGTYPE, size: int = 0, link: str = ""
) -> tarfile.TarInfo:
    """A member of a tar."""
    made = tarfile.TarInfo(name)
    made.type, made.size, made.linkname = kind, size, link
    return made


def zip_of(*names: str, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of small files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as packed:
        for name in names:
            packed.writestr(zipfile.ZipInfo(name), name.encode() * 3, method)
    return buffer.getvalue()


def seeds() -> list[bytes]:
    """Archives of both kinds, harmless and not."""
    good = tar_of(member("a", tarfile.DIRTYPE), member("a/x.png", size=9))
    return [
        good,
        gzip.compress(good, mtime=0),
        tar_of(member("a/" + "n" * 120, size=3)),
        tar_of(member("a/é" + "n" * 120, size=3), form=tarfile.PAX_FORMAT),
        tar_of(member("/etc/x"), member("a/../../x")),
        tar_of(member("a/l", tarfile.SYMTYPE, link="/etc"), member("a/l/x", size=1)),
        tar_of(member("a/h", tarfile.LNKTYPE, link="a/x.png"), member("a/d", tarfile.CHRTYPE)),
        tar_of(member("a/f", tarfile.FIFOTYPE), member("a/big", size=1 << 40)),
        zip_of("a/x.png", "b/y.jpg"),
        zip_of("x.png", method=zipfile.ZIP_STORED),
        zip_of("x.png", method=zipfile.ZIP_BZIP2),
        zip_of("x.png", method=zipfile.ZIP_LZMA),
        zip_of("../x.png", "/y.png", "a\\z.png"),
    ]
