"""The seal of a checkpoint: a digest of the whole file, in the 512 bytes before its HDF5.

HDF5 leaves the first bytes of a file to whoever wants them, and every reader skips them (the user
block: HDF5 File Format Specification, section II). Ours are text, as `head -c 512` shows::

    gantool checkpoint
    sha256 5e03… of the 1234567 bytes after this block

A file is whole when its first 512 bytes are exactly those that belong to the rest. So no bit of it
can change unnoticed, and `tail -c +513 FILE | sha256sum` says the same without gantool.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from pathlib import Path

from gantool.errors import InputError

SIZE = 512
"""Bytes; the smallest that HDF5 takes."""

MAGIC = b"gantool checkpoint\n"
"""How a checkpoint begins."""

_SEAL = re.compile(MAGIC + rb"sha256 ([0-9a-f]{64}) of the (\d{1,15}) bytes after this block\n")
_PIECE = 1 << 20


class DamagedError(InputError):
    """A checkpoint is not as it was written."""


def seal_of(content: bytes | memoryview) -> bytes:
    """The first 512 bytes of the file whose other bytes are `content`."""
    return _block(hashlib.sha256(content).hexdigest(), len(content))


def check_seal(path: Path) -> str:
    """Read a file whole, and give its SHA-256 in hex where it is the one that its seal states.

    Raises:
        DamagedError: It is not, or the file has no seal.
        InputError: It is no file that can be read.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError(f"{path}: not a file")
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            block = file.read(SIZE)
            stated = _SEAL.match(block)
            if stated is None:
                raise DamagedError(f"{path}: {_without_seal(block)}")
            length = int(stated[2])
            if size != SIZE + length:
                raise DamagedError(
                    f"{path}: the checkpoint is damaged: it has {size:,} bytes of {SIZE + length:,}"
                )
            digest = hashlib.sha256()
            while piece := file.read(_PIECE):
                digest.update(piece)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    if block != _block(digest.hexdigest(), length):
        raise DamagedError(
            f"{path}: the checkpoint is damaged: its content is not the one it was written with"
        )
    return digest.hexdigest()


def _block(digest: str, length: int) -> bytes:
    text = f"sha256 {digest} of the {length} bytes after this block\n".encode()
    return (MAGIC + text).ljust(SIZE, b"\n")


def _without_seal(block: bytes) -> str:
    if not block:
        return "the file is empty"
    if block.startswith(b"\x89HDF\r\n\x1a\n"):
        return "an HDF5 file, but not a checkpoint that this gantool reads (it has no seal)"
    if block.startswith(MAGIC[:12]):
        return "the checkpoint is damaged: its first 512 bytes are not as they were written"
    return "not a checkpoint of gantool, or damaged in its first bytes"
