"""A checkpoint: one HDF5 file that holds a run whole and needs nothing else.

Layout (format 2), behind the 512 bytes of a seal (`gantool.training.seal`)::

    recipe                                     text in UTF-8, of a fixed length
    generator/00_Dense/kernel                  one data set a variable, keyed by the layer's place
    generator_average/…                        where the recipe has a moving average
    discriminator/…
    optimizers/generator/iteration             how many updates it has made
    optimizers/generator/00_Dense/kernel/momentum
    optimizers/discriminator/…

Attributes: format, step, images, seconds, seed, classes, retries, recipe_folder, gantool,
keras, tensorflow. Reading runs nothing: numbers and text of fixed lengths are all that
is taken from the file (`gantool.training.hdf5`), and only from one that its seal finds whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from gantool import __version__
from gantool.errors import InputError
from gantool.files import write_bytes
from gantool.training.hdf5 import (
    Tree,
    UntrustedError,
    number,
    numbers,
    refuse_heaps,
    text,
    text_attribute,
    tree,
)
from gantool.training.seal import SIZE, DamagedError, check_seal, seal_of

if TYPE_CHECKING:
    import keras

FORMAT = 2

Variables = Mapping[str, Mapping[str, "keras.Variable"]]
"""Variables by group ("generator", "optimizers/generator", …) and by key within it."""

Values = Mapping[str, Mapping[str, np.ndarray]]
"""What variables hold, by the same groups and keys."""

_NUMBERS: dict[str, type] = {
    **dict.fromkeys(("step", "images", "seed", "classes", "retries"), int),
    "seconds": float,
}
_TEXTS = ("recipe_folder",)
_RECIPE = "recipe"
_LIBRARIES = ("keras", "tensorflow")


@dataclass(frozen=True)
class Header:
    """What a checkpoint says of itself.

    Attributes:
        recipe: The recipe's text, as it was trained.
        recipe_folder: The folder that relative paths of the recipe start from.
        step: Steps done.
        images: Real images seen.
        seconds: Spent training.
        seed: The recipe's.
        classes: How many labels the networks know; 0 without labels.
        retries: How often the run has gone back after a divergence, for other random numbers.
    """

    recipe: str
    recipe_folder: str
    step: int
    images: int
    seconds: float
    seed: int
    classes: int
    retries: int = 0


@dataclass(frozen=True)
class Contents:
    """What is in a checkpoint.

    Attributes:
        header: What it says of itself.
        releases: Of gantool and the libraries that wrote it, by their names.
        shapes: Of every variable, by group and key.
    """

    header: Header
    releases: dict[str, str]
    shapes: dict[str, tuple[int, ...]]


def values_of(variables: Variables) -> Values:
    """Copy what variables hold now: the next step moves them."""
    return {
        group: {key: variable.numpy() for key, variable in members.items()}
        for group, members in variables.items()
    }


def write_checkpoint(path: Path, header: Header, values: Values) -> None:
    """Write a checkpoint, whole or not at all.

    Raises:
        OSError: The folder cannot be written or the disk is full.
    """
    content = BytesIO()
    with h5py.File(content, "w", userblock_size=SIZE) as file:
        file.attrs["format"] = FORMAT
        for name in _NUMBERS:
            file.attrs[name] = getattr(header, name)
        for name in _TEXTS:
            file.attrs.create(name, **_as_text(getattr(header, name)))
        for name, release in _releases().items():
            file.attrs.create(name, **_as_text(release))
        file.create_dataset(_RECIPE, **_as_text(header.recipe))
        for group, members in values.items():
            # A network whose optimizer keeps nothing has an empty group, not none.
            within = file.create_group(group)
            for key, value in members.items():
                # HDF5 knows no bfloat16; float32 holds each of its values exactly.
                is_bfloat16 = value.dtype.name == "bfloat16"
                within[key] = value.astype(np.float32) if is_bfloat16 else value
    with content.getbuffer() as whole:
        whole[:SIZE] = seal_of(whole[SIZE:])
        write_bytes(path, whole)


def _releases() -> dict[str, str]:
    return {"gantool": __version__, **{library: version(library) for library in _LIBRARIES}}


def _as_text(value: str) -> dict[str, Any]:
    """What h5py takes for a text of a fixed length: reading it needs no heap."""
    encoded = value.encode()
    return {"data": encoded, "dtype": h5py.string_dtype("utf-8", max(1, len(encoded)))}


def read_header(path: Path) -> Header:
    """Read what a checkpoint says of itself.

    Raises:
        DamagedError: The file is not as it was written, or no checkpoint.
        InputError: There is no such file, or it is not a checkpoint that this version reads.
    """
    with _opened(path) as file:
        return _header(file, tree(file))


def read_variables(path: Path, variables: Variables) -> None:
    """Give the variables the values that a checkpoint has for them.

    All groups asked for are checked first: nothing is changed unless everything fits.

    Raises:
        DamagedError: The file is not as it was written, or no checkpoint.
        InputError: A key is missing, is one too many or has another shape; the line names it.
    """
    with _opened(path) as file:
        found, pairs = tree(file), []
        for group, members in variables.items():
            stored = _members(path, group, found)
            _check_keys(path, group, members, stored)
            _check_shapes(path, group, members, stored)
            for key, variable in members.items():
                pairs.append((variable, numbers(stored[key], tuple(variable.shape))))
    for variable, value in pairs:
        variable.assign(value)


def read_contents(path: Path) -> Contents:
    """Read what a checkpoint holds, without the values.

    Raises:
        DamagedError: The file is not as it was written, or no checkpoint.
        InputError: There is no such file, or it is not a checkpoint that this version reads.
    """
    with _opened(path) as file:
        found = tree(file)
        return Contents(
            header=_header(file, found),
            releases={name: text_attribute(file.attrs, name) for name in _releases()},
            shapes={key: item.shape for key, item in found.data_sets.items() if key != _RECIPE},
        )


def _header(file: h5py.File, found: Tree) -> Header:
    if _RECIPE not in found.data_sets:
        raise UntrustedError("the recipe is missing")
    said: dict[str, Any] = {name: text_attribute(file.attrs, name) for name in _TEXTS}
    said |= {name: kind(number(file.attrs, name)) for name, kind in _NUMBERS.items()}
    return Header(recipe=text(found.data_sets[_RECIPE]), **said)


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    check_seal(path)
    # Whoever wrote the seal may have written anything behind it, and HDF5 raises errors of many
    # types; nothing but reading happens in here.
    try:
        refuse_heaps(path, SIZE)
        with h5py.File(path, "r") as file:
            _check_format(path, number(file.attrs, "format"))
            yield file
    except InputError:
        raise
    except UntrustedError as error:
        raise DamagedError(f"{path}: {error}; no gantool wrote this checkpoint") from error
    except Exception as error:
        raise DamagedError(
            f"{path}: no gantool wrote this checkpoint ({_reason(error)})"
        ) from error


def _check_format(path: Path, found: Any) -> None:
    if found != FORMAT:
        raise InputError(
            f"{path}: a checkpoint of format {found}; this gantool reads format {FORMAT}"
            + ("; a newer gantool wrote it" if found > FORMAT else "")
        )


def _reason(error: Exception) -> str:
    """HDF5's own words, which h5py puts in brackets at the end."""
    return str(error).split("(", 1)[-1].strip("()'\"") or type(error).__name__


def _members(path: Path, group: str, found: Tree) -> dict[str, h5py.Dataset]:
    if group not in found.groups:
        raise InputError(f"{path}: the checkpoint has no {group}; it is of another recipe")
    prefix = f"{group}/"
    return {
        key.removeprefix(prefix): stored
        for key, stored in found.data_sets.items()
        if key.startswith(prefix)
    }


def _check_keys(
    path: Path, group: str, wanted: Mapping[str, Any], stored: Mapping[str, Any]
) -> None:
    missing, extra = sorted(wanted.keys() - stored.keys()), sorted(stored.keys() - wanted.keys())
    if missing:
        raise InputError(f"{path}: {group}/{missing[0]} is missing{_more(missing)}")
    if extra:
        raise InputError(
            f"{path}: {group}/{extra[0]} has no place in the recipe's networks{_more(extra)}"
        )


def _more(keys: list[str]) -> str:
    return f", and {len(keys) - 1} more" if len(keys) > 1 else ""


def _check_shapes(
    path: Path,
    group: str,
    wanted: Mapping[str, keras.Variable],
    stored: Mapping[str, h5py.Dataset],
) -> None:
    for key, variable in wanted.items():
        ours, theirs = tuple(variable.shape), tuple(stored[key].shape)
        if ours != theirs:
            raise InputError(
                f"{path}: {group}/{key} has shape {theirs}, the recipe's network {ours}"
            )
