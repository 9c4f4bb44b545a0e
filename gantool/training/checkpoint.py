"""A checkpoint: one HDF5 file that holds a run whole and needs nothing else.

Layout (format 1)::

    recipe                                     text
    generator/00_Dense/kernel                  one data set a variable, keyed by the layer's place
    generator_average/…                        where the recipe has a moving average
    discriminator/…
    optimizers/generator/iteration             how many updates it has made
    optimizers/generator/00_Dense/kernel/momentum
    optimizers/discriminator/…

Attributes: format, step, images, seconds, seed, classes, recipe_name, recipe_folder, gantool,
keras, tensorflow. Reading runs nothing: numbers and text are all that is taken from the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from gantool import __version__
from gantool.errors import InputError
from gantool.files import complete_or_absent

if TYPE_CHECKING:
    import keras

FORMAT = 1

Variables = Mapping[str, Mapping[str, "keras.Variable"]]
"""Variables by group ("generator", "optimizers/generator", …) and by key within it."""

Values = Mapping[str, Mapping[str, np.ndarray]]
"""What variables hold, by the same groups and keys."""


@dataclass(frozen=True)
class Header:
    """What a checkpoint says of itself.

    Attributes:
        recipe: The recipe's text, as it was trained.
        recipe_name: What the recipe was called on the command line.
        recipe_folder: The folder that relative paths of the recipe start from.
        step: Steps done.
        images: Real images seen.
        seconds: Spent training.
        seed: The recipe's.
        classes: How many labels the networks know; 0 without labels.
    """

    recipe: str
    recipe_name: str
    recipe_folder: str
    step: int
    images: int
    seconds: float
    seed: int
    classes: int


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
    with complete_or_absent(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["format"] = FORMAT
        for name in ("recipe_name", "recipe_folder", "step", "images", "seconds", "classes"):
            file.attrs[name] = getattr(header, name)
        file.attrs["seed"] = header.seed
        file.attrs["gantool"] = __version__
        for library in ("keras", "tensorflow"):
            file.attrs[library] = version(library)
        file["recipe"] = header.recipe
        for group, members in values.items():
            # A network whose optimizer keeps nothing has an empty group, not none.
            within = file.create_group(group)
            for key, value in members.items():
                # HDF5 knows no bfloat16; float32 holds each of its values exactly.
                is_bfloat16 = value.dtype.name == "bfloat16"
                within[key] = value.astype(np.float32) if is_bfloat16 else value


def read_header(path: Path) -> Header:
    """Read what a checkpoint says of itself.

    Raises:
        InputError: There is no such file, or it is not a checkpoint that this version reads.
    """
    with _opened(path) as file:
        try:
            return Header(
                recipe=file["recipe"][()].decode("utf-8"),
                recipe_name=str(file.attrs["recipe_name"]),
                recipe_folder=str(file.attrs["recipe_folder"]),
                step=int(file.attrs["step"]),
                images=int(file.attrs["images"]),
                seconds=float(file.attrs["seconds"]),
                seed=int(file.attrs["seed"]),
                classes=int(file.attrs["classes"]),
            )
        except (KeyError, AttributeError, TypeError, ValueError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: not a whole checkpoint of gantool ({error})") from error


def read_variables(path: Path, variables: Variables) -> None:
    """Give the variables the values that a checkpoint has for them.

    All groups asked for are checked first: nothing is changed unless everything fits.

    Raises:
        InputError: A key is missing, is one too many or has another shape; the line names it.
    """
    with _opened(path) as file:
        pairs = []
        for group, members in variables.items():
            stored = _data_sets(file, group, path)
            _check_keys(path, group, members, stored)
            for key, variable in members.items():
                pairs.append((variable, _checked(path, f"{group}/{key}", variable, stored[key])))
    for variable, value in pairs:
        variable.assign(value)


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    if not path.exists():
        raise InputError(f"{path}: no such file")
    # Damage makes HDF5 raise errors of many types; nothing but reading happens in here.
    try:
        file = h5py.File(path, "r")
    except Exception as error:
        raise InputError(
            f"{path}: not a checkpoint, or a damaged one ({_reason(error)})"
        ) from error
    with file:
        try:
            _check_format(path, file.attrs.get("format"))
            yield file
        except InputError:
            raise
        except Exception as error:
            raise InputError(f"{path}: the checkpoint is damaged ({_reason(error)})") from error


def _check_format(path: Path, found: Any) -> None:
    if found is None:
        raise InputError(f"{path}: an HDF5 file, but not a checkpoint of gantool")
    if found != FORMAT:
        raise InputError(
            f"{path}: a checkpoint of format {found}; this gantool reads format {FORMAT}"
        )


def _reason(error: Exception) -> str:
    """HDF5's own words, which h5py puts in brackets at the end."""
    return str(error).split("(", 1)[-1].strip("()'\"") or type(error).__name__


def _data_sets(file: h5py.File, group: str, path: Path) -> dict[str, h5py.Dataset]:
    within = file.get(group)
    if not isinstance(within, h5py.Group):
        raise InputError(f"{path}: the checkpoint has no {group}; it is of another recipe")
    found: dict[str, h5py.Dataset] = {}

    def collect(key: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[key] = item

    within.visititems(collect)
    return found


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


def _checked(path: Path, key: str, variable: keras.Variable, stored: h5py.Dataset) -> np.ndarray:
    if tuple(stored.shape) != tuple(variable.shape):
        raise InputError(
            f"{path}: {key} has shape {tuple(stored.shape)}, the recipe's network"
            f" {tuple(variable.shape)}"
        )
    if stored.dtype.kind not in "fiub":
        raise InputError(f"{path}: {key} holds no numbers")
    value: np.ndarray = stored[()]
    return value
