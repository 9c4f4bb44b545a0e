"""From what a recipe calls its source to an open one."""

import glob
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from gantool.data import idx, records
from gantool.data.catalogue import CATALOGUE, data_set_places, find
from gantool.data.catalogue.entries import DataSet
from gantool.data.images import SUFFIXES
from gantool.data.sources.base import ImageSource, NotDownloadedError
from gantool.data.sources.cifar import CIFAR10, CIFAR100, CifarSource
from gantool.data.sources.files import FolderSource, ZipSource
from gantool.data.sources.flowers import flowers_source
from gantool.data.sources.idx import IdxSource, image_file
from gantool.data.sources.points import POINT_SETS, PointSource
from gantool.data.sources.tfrecord import TFRecordSource, is_tfrecord_name, record_files
from gantool.errors import InputError
from gantool.recipe.model import Data
from gantool.recipe.suggest import did_you_mean


def open_source(data: Data, folder: Path | None) -> ImageSource | PointSource:
    """Open the examples that a recipe names.

    Args:
        data: the recipe's section; its source, size, and whether labels are asked for.
        folder: the recipe's own folder; None for a recipe without one.

    Raises:
        NotDownloadedError: see `open_images`.
        InputError: a size is given for points, or none for images; or see `open_images`.
    """
    if data.source in POINT_SETS:
        if data.size is not None:
            raise InputError(f"{data.source} is a set of points, which have no size: leave it out")
        return PointSource(data.source, data.labels)
    if data.size is None:
        raise InputError(f"{data.source} is no set of points: give data.size, [height, width]")
    return open_images(data.source, folder, data.labels)


def open_images(source: str, folder: Path | None, labelled: bool) -> ImageSource:
    """Open the images that a user names; none is decoded yet.

    A name of the catalogue comes before a path; `./mnist` is a path. A relative path is looked
    for in the recipe's own folder, then in the working folder.

    Args:
        source: what the user calls them.
        folder: the recipe's own folder; None for no recipe, or one without a folder.
        labelled: whether labels are asked for.

    Raises:
        NotDownloadedError: the source is a data set of the catalogue that is not there yet.
        InputError: nothing of that name is there, it holds no images, is damaged, or has no
            labels where they are asked for.
    """
    if source in POINT_SETS:
        raise InputError(f"{source} is a set of points that gantool draws: it has no images")
    try:
        if source in CATALOGUE:
            return _open_catalogue(CATALOGUE[source], labelled)
        paths = _find_paths(source, folder)
        if len(paths) == 1:
            return _open_path(paths[0], paths[0].resolve().name, labelled)
        return TFRecordSource(paths, Path(source).name, labelled)
    except OSError as error:
        where = error.filename or source
        raise InputError(f"{where}: cannot be read: {error.strerror or error}") from None


def _open_catalogue(data_set: DataSet, labelled: bool) -> ImageSource:
    if labelled and not data_set.has_labels:
        raise InputError(
            f"data.labels is true, but the images of {data_set.name} belong to no classes; set"
            " data.labels to false"
        )
    place = find(data_set)
    if place is not None:
        open_form = _FORMS[data_set.form]
        return open_form(place / data_set.images, data_set.name, labelled)
    looked = ", ".join(str(place) for place in data_set_places())
    hint = (
        f"; the folder {data_set.name} is ./{data_set.name}" if Path(data_set.name).exists() else ""
    )
    older = [
        folder
        for place in data_set_places()
        if (folder := place / data_set.name / "cifar-10-batches-py").is_dir()
    ]
    if older:
        hint += f"; {older[0]} is the Python version, which is no longer read: remove it"
    raise NotDownloadedError(
        f"the data set {data_set.name} is not here yet: run `gantool download {data_set.name}`"
        f" (looked in {looked}{hint})"
    )


def _find_paths(source: str, folder: Path | None) -> list[Path]:
    """The path that a source is, or those that its pattern fits."""
    path = Path(source)
    with suppress(RuntimeError):  # "~somebody" that is nobody here stays as it is
        path = path.expanduser()
    bases = [Path()] if folder is None or path.is_absolute() else [folder, Path()]
    for base in bases:
        if (base / path).exists():
            return [base / path]
        # Path.glob takes no absolute patterns, and would read a pattern in the base's own name.
        if found := glob.glob(str(path), root_dir=base, recursive=True):  # noqa: PTH207
            return sorted(base / name for name in found)
    looked = " and ".join(dict.fromkeys(str(base / path) for base in bases))
    known = ", ".join([*CATALOGUE, *POINT_SETS])
    raise InputError(
        f"data.source: {source!r} is no data set of the catalogue ({known}), and no file or folder:"
        f" looked for {looked}{did_you_mean(source, [*CATALOGUE, *POINT_SETS])}"
    )


def _open_path(path: Path, name: str, labelled: bool) -> ImageSource:
    if not path.is_dir():
        # A pipe would be waited for, a device may have no end.
        if not path.is_file():
            raise InputError(f"{path}: neither a file nor a folder")
        return _open_file(path, name, labelled)
    if (images := image_file(path)) is not None:
        return IdxSource(images, name, labelled)
    if found := record_files(path):
        return TFRecordSource(found, name, labelled)
    return FolderSource(path, name, labelled)


def _open_file(path: Path, name: str, labelled: bool) -> ImageSource:
    """Open a single file by what it holds; its name decides only where it is damaged."""
    with path.open("rb") as file:
        head = file.read(16)
    if head.startswith(b"PK") or path.suffix.lower() == ".zip":
        return ZipSource(path, name, labelled)
    if records.is_tfrecord(head) or is_tfrecord_name(path.name.removesuffix(".gz")):
        return TFRecordSource([path], name, labelled)
    if idx.is_idx(idx.peek(path, 4)):
        return IdxSource(path, name, labelled)
    if path.suffix.lower() in SUFFIXES:
        raise InputError(f"{path}: a single file; name the folder or the zip file of the images")
    raise InputError(
        f"{path}: neither a zip file, nor an IDX file of unsigned bytes, nor a TFRecord file"
    )


_FORMS: Mapping[str, Callable[[Path, str, bool], ImageSource]] = {
    "file": _open_file,
    "folder": FolderSource,
    "cifar10": partial(CifarSource, layout=CIFAR10),
    "cifar100": partial(CifarSource, layout=CIFAR100),
    "flowers": flowers_source,
}
