"""Files that hold many images: opened by what they hold, or refused by a line that names it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gantool.data import idx, records
from gantool.data.formats import SUFFIXES, is_image
from gantool.data.sources import hdf5, numpy_files
from gantool.data.sources.base import ImageSource
from gantool.data.sources.choice import Choice
from gantool.data.sources.cifar import CifarSource, file_layout
from gantool.data.sources.files import ZipSource
from gantool.data.sources.foreign import refuse_foreign, refuse_foreign_folder
from gantool.data.sources.idx import IdxSource
from gantool.data.sources.record_files import is_tfrecord_name
from gantool.data.sources.splits import chosen_split, no_such_split, split_of
from gantool.data.sources.tar import TarSource, compressed
from gantool.data.sources.tfrecord import TFRecordSource
from gantool.errors import InputError, printable

__all__ = ["containers", "left_out", "open_containers", "open_file", "refuse_foreign_folder"]

_SUFFIXES = (".npy", ".npz", ".h5", ".hdf5", ".he5", ".tar")
_NOTES = (".txt", ".md", ".json", ".csv", ".pdf", ".html", ".idx", ".yaml")
"""Of files that lie beside such files, and may say something of them."""

_HEAD = 512
_USTAR = slice(257, 262)
"""Where a tar file says that it is one."""


def open_file(path: Path, name: str, choice: Choice) -> ImageSource:
    """Open a single file by what it holds; its name decides only where it is damaged.

    Raises:
        InputError: It is of no kind that is read, or damaged, or holds no images.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    suffix = path.suffix.lower()
    if (arrays := _open_arrays(path, head, name, choice)) is not None:
        return arrays
    if head.startswith(b"PK") or suffix == ".zip":
        return ZipSource(path, name, choice)
    if records.is_tfrecord(head) or is_tfrecord_name(path.name):
        return TFRecordSource([path], name, choice)
    if head[_USTAR] == b"ustar" or suffix == ".tar":
        return TarSource([path], name, choice)
    refuse_foreign(path, head)
    if idx.is_idx(idx.peek(path, _HEAD)):
        return _open_idx(path, name, choice)
    if head.startswith(idx.GZIP_MAGIC):
        return _open_compressed(path, name, choice)
    if (layout := file_layout(path)) is not None:
        return CifarSource(path.parent, name, choice, layout)
    if suffix in SUFFIXES or is_image(head):
        raise InputError(f"{path}: a single file; name the folder or the zip file of the images")
    raise InputError(
        f"{path}: no kind of file that is read: zip, tar, TFRecord, IDX, .npy, .npz, HDF5, or the"
        " binary files of CIFAR"
    )


def containers(folder: Path) -> list[Path]:
    """The archives and files of arrays in a folder that holds nothing else but notes on them."""
    visible = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    found = [path for path in visible if path.suffix.lower() in _SUFFIXES]
    others = [path for path in visible if path.suffix.lower() not in (*_SUFFIXES, *_NOTES)]
    return [] if others else found


def left_out(folder: Path) -> tuple[str, ...]:
    """A line on the image files that lie in a folder beside files of many images."""
    count = sum(path.suffix.lower() in SUFFIXES for path in folder.iterdir())
    files = "image file" if count == 1 else "image files"
    return (f"{folder}: {count:,} {files} beside the others left out",) if count else ()


def open_containers(paths: Sequence[Path], name: str, choice: Choice) -> ImageSource:
    """Open files that hold many images each, as one set.

    Raises:
        InputError: It is not clear which of them are meant; or see `open_file`.
        OSError: One cannot be read.
    """
    suffixes = {path.suffix.lower() for path in paths}
    if suffixes == {".npy"}:
        return numpy_files.npy_source(paths, name, choice)
    if suffixes == {".tar"}:
        return TarSource(paths, name, choice)
    with paths[0].open("rb") as file:
        head = file.read(_HEAD)
    if len(paths) > 1 and (records.is_tfrecord(head) or is_tfrecord_name(paths[0].name)):
        return TFRecordSource(paths, name, choice)
    if len(paths) == 1:
        return open_file(paths[0], name, choice)
    parts = [(split_of(path.name), path) for path in paths]
    taken, notes = chosen_split(parts, name, choice.split, "files")
    if len(taken) == 1:
        with taken[0].open("rb") as file:
            head = file.read(_HEAD)
        choice = replace(choice, split=None)
        if (arrays := _open_arrays(taken[0], head, name, choice, notes)) is not None:
            return arrays
    told = ", ".join(printable(path.name) for path in paths[:10])
    raise InputError(
        f"{name}: {len(paths):,} files that are no image files and no TFRecord files ({told}): name"
        " one of them"
    )


def _open_arrays(
    path: Path, head: bytes, name: str, choice: Choice, notes: tuple[str, ...] = ()
) -> ImageSource | None:
    """Open a file of arrays; None if it is none."""
    suffix = path.suffix.lower()
    if suffix == ".npz" or (head.startswith(b"PK") and numpy_files.holds_arrays(path)):
        return numpy_files.npz_source(path, name, choice, notes)
    if head.startswith(numpy_files.MAGIC) or suffix == ".npy":
        return numpy_files.npy_source([path], name, choice, notes)
    return hdf5.hdf5_source(path, name, choice, notes) if head.startswith(hdf5.MAGIC) else None


def _open_compressed(path: Path, name: str, choice: Choice) -> ImageSource:
    content = idx.peek(path, _HEAD)
    if records.is_tfrecord(content):
        return TFRecordSource([path], name, choice)
    if content[_USTAR] == b"ustar":
        raise compressed(path)
    raise InputError(
        f"{path}: compressed by gzip, and neither IDX nor TFRecord: decompress it (gunzip)"
    )


def _open_idx(path: Path, name: str, choice: Choice) -> ImageSource:
    split = split_of(path.name)
    if choice.split not in (None, "all", split):
        raise no_such_split(name, choice.split, [split] if split else [])
    return IdxSource([path], name, choice)
