"""From what a recipe calls its source to an open one."""

import glob
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from gantool.data.catalogue import CATALOGUE, DIGITS, STACKED, data_set_places, find
from gantool.data.catalogue.entries import DataSet
from gantool.data.formats import SUFFIXES, is_image
from gantool.data.sources.arrays import ArraySource
from gantool.data.sources.base import ImageSource, NotDownloadedError
from gantool.data.sources.choice import Choice, choice_of
from gantool.data.sources.cifar import CIFAR10, CIFAR100, CifarSource, folder_layout
from gantool.data.sources.classes import NoClassesError
from gantool.data.sources.containers import (
    containers,
    left_out,
    open_containers,
    open_file,
    refuse_foreign_folder,
)
from gantool.data.sources.files import FileSource, FolderSource
from gantool.data.sources.flowers import flowers_source
from gantool.data.sources.hdf5 import file_and_set
from gantool.data.sources.idx import IdxSource, image_files
from gantool.data.sources.labels import ATTRIBUTES
from gantool.data.sources.points import POINT_SETS, PointSource
from gantool.data.sources.record_files import record_folder
from gantool.data.sources.stacked import StackedSource
from gantool.data.sources.tar import TarSource
from gantool.data.sources.tfrecord import TFRecordSource
from gantool.errors import InputError
from gantool.recipe.data import Data, Features
from gantool.recipe.suggest import did_you_mean

_WITH_NAMES = (TFRecordSource, ArraySource, TarSource)
"""Sources whose parts have names."""

_DEPTH = 10


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
        return PointSource(data.source, data.labels is not False)
    if data.size is None:
        raise InputError(f"{data.source} is no set of points: give data.size, [height, width]")
    return open_images(data.source, choice_of(data, folder))


def open_images(source: str, choice: Choice) -> ImageSource:
    """Open the images that a user names; none is decoded yet.

    A name of the catalogue comes before a path; `./mnist` is a path. A relative path is looked
    for in the recipe's own folder, then in the working folder.

    Args:
        source: what the user calls them.
        choice: what of them is taken.

    Raises:
        NotDownloadedError: the source is a data set of the catalogue that is not there yet.
        InputError: nothing of that name is there, it holds no images, is damaged, or has no
            labels where they are asked for.
    """
    if source in POINT_SETS:
        raise InputError(f"{source} is a set of points that gantool draws: it has no images")
    try:
        if source == STACKED:
            opened = _stacked(choice)
        elif source in CATALOGUE:
            opened = _open_catalogue(CATALOGUE[source], choice)
        else:
            source, inner = file_and_set(source)
            if inner is not None:
                choice = replace(
                    choice, features=Features(image=inner, label=choice.features.label)
                )
            paths = _find_paths(source, choice.folder)
            opened = (
                _open_path(paths, paths.resolve().name, choice)
                if isinstance(paths, Path)
                else _open_pattern(paths, source, choice)
            )
    except OSError as error:
        where = error.filename or source
        raise InputError(f"{where}: cannot be read: {error.strerror or error}") from None
    if choice.features != Features() and not isinstance(opened, _WITH_NAMES):
        raise InputError(
            f"{source}: data.features names parts of records, arrays and tar files, and this is"
            " none of them; leave it out"
        )
    if not isinstance(choice.labels, bool) and not isinstance(opened, FileSource):
        raise InputError(
            f"{source}: data.labels names a table or attributes, which are of image files, and"
            " these images lie in none; set data.labels to true for the labels that come with them"
        )
    return opened


def _open_catalogue(data_set: DataSet, choice: Choice) -> ImageSource:
    if choice.labels is True and not data_set.has_labels:
        raise NoClassesError(
            f"data.labels is true, but the images of {data_set.name} belong to no classes; set"
            f" data.labels to false{_attributes_hint(data_set)}"
        )
    place = find(data_set)
    if place is not None:
        open_form = _FORMS[data_set.form]
        if choice.split not in (None, "train") and image_files(place, None) is not None:
            return _open_path(place, data_set.name, choice)
        return open_form(place / data_set.images, data_set.name, choice)
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


def _stacked(choice: Choice) -> ImageSource:
    digits = _open_catalogue(CATALOGUE[DIGITS], replace(choice, labels=True, classes=()))
    assert isinstance(digits, IdxSource)
    assert digits.labels is not None
    return StackedSource(digits, digits.labels, choice.labelled)


def _attributes_hint(data_set: DataSet) -> str:
    lists = [file.name for file in data_set.files if file.name in ATTRIBUTES]
    return f", or to attributes of {lists[0]}, as Smiling" if lists else ""


def _find_paths(source: str, folder: Path | None) -> Path | list[Path]:
    """The path that a source is, or those that its pattern fits."""
    path = Path(source)
    with suppress(RuntimeError):  # "~somebody" that is nobody here stays as it is
        path = path.expanduser()
    bases = [Path()] if folder is None or path.is_absolute() else [folder, Path()]
    for base in bases:
        if (base / path).exists():
            return base / path
        # Path.glob takes no absolute patterns, and would read a pattern in the base's own name.
        if found := glob.glob(str(path), root_dir=base, recursive=True):  # noqa: PTH207
            return sorted(base / name for name in found)
    looked = " and ".join(dict.fromkeys(str(base / path) for base in bases))
    if glob.has_magic(source):
        raise InputError(f"data.source: no file matches {source!r}: looked for {looked}")
    names = [*CATALOGUE, STACKED, *POINT_SETS]
    known = ", ".join(names)
    raise InputError(
        f"data.source: {source!r} is no data set of the catalogue ({known}), and no file or folder:"
        f" looked for {looked}{did_you_mean(source, names)}"
    )


def _open_pattern(paths: Sequence[Path], pattern: str, choice: Choice) -> ImageSource:
    """Open the files, pictures or records, that a pattern fits."""
    name = Path(pattern).name
    files = [path for path in paths if path.suffix.lower() in SUFFIXES or path.is_file()]
    if not files:
        raise InputError(f"data.source: {pattern!r} fits folders, and no file: write {pattern}/*")
    if not any(path.suffix.lower() in SUFFIXES or _is_picture(path) for path in files):
        return open_containers(files, name, choice)
    top = Path(os.path.commonpath({path.parent for path in files}))
    return FolderSource(top, name, choice, (path.parts[len(top.parts) :] for path in files))


def _is_picture(path: Path) -> bool:
    with path.open("rb") as file:
        return is_image(file.read(64))


def _open_path(path: Path, name: str, choice: Choice) -> ImageSource:
    if not path.is_dir():
        # A pipe would be waited for, a device may have no end.
        if not path.is_file():
            raise InputError(f"{path}: neither a file nor a folder")
        return open_file(path, name, choice)
    # An archive of one folder, or a version of a set of TensorFlow Datasets.
    inner = _innermost(path)
    if (images := image_files(inner, choice.split)) is not None:
        return IdxSource(images[0], name, choice, (*images[1], *left_out(inner)))
    if (layout := folder_layout(inner)) is not None:
        return CifarSource(inner, name, choice, layout, left_out(inner))
    refuse_foreign_folder(inner)
    if found := record_folder(inner):
        return TFRecordSource(found, name, choice, left_out(inner))
    if found := containers(inner):
        return open_containers(found, name, choice)
    return FolderSource(path, name, choice)


def _innermost(folder: Path) -> Path:
    """The first folder from here on that holds more than one folder."""
    for _ in range(_DEPTH):
        visible = [path for path in folder.iterdir() if not path.name.startswith(".")]
        if len(visible) != 1 or not visible[0].is_dir():
            break
        folder = visible[0]
    return folder


_FORMS: Mapping[str, Callable[[Path, str, Choice], ImageSource]] = {
    "file": open_file,
    "folder": FolderSource,
    "cifar10": partial(CifarSource, layout=CIFAR10),
    "cifar100": partial(CifarSource, layout=CIFAR100),
    "flowers": flowers_source,
}
