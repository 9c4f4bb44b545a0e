"""Unpacking archives of the catalogue: whole or not at all."""

import json
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gantool.errors import GantoolError

_LIST = ".gantool-files.json"
"""In an unpacked folder, the size of every file that came out of the archive."""


def unpack(archive: Path, folder: Path, name: str) -> None:
    """Unpack a tar, plain or compressed, and put its folder `name` into `folder`.

    It is unpacked in a folder beside, which is removed in the end; an older folder of the same
    name is replaced. Only one process may do so at a time.

    Args:
        archive: of the digest that the catalogue states, so that what is in it is known.
        folder: where to.
        name: of the folder at the top of the archive that is kept.

    Raises:
        GantoolError: the archive cannot be read, or lacks the folder.
        OSError: the folder cannot be written, or the disk is full.
    """
    with _workshop(folder, name) as workshop:
        everything = workshop / "unpacked"
        try:
            with tarfile.open(archive, "r|*") as tar:  # a stream: decompressed only once
                # Keeps to the folder, and to files; the first releases of Python 3.10 lack it.
                tar.extraction_filter = getattr(tarfile, "data_filter", None)
                tar.extractall(everything)
        except (tarfile.TarError, EOFError, zlib.error) as error:
            raise GantoolError(f"{archive}: cannot be unpacked ({error})") from None
        product = everything / name
        if not product.is_dir():
            raise GantoolError(f"{archive}: there is no folder {name} in this archive")
        files = sorted(path for path in product.rglob("*") if path.is_file())
        sizes = {path.relative_to(product).as_posix(): path.stat().st_size for path in files}
        (product / _LIST).write_text(json.dumps(sizes), encoding="utf-8")
        _put(product, folder / name, workshop)


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
