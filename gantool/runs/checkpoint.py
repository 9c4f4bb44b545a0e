"""A checkpoint: one file that holds a run whole and needs nothing else.

For every reader of HDF5 it is an HDF5 file::

    recipe                                     text
    generator/00_Dense/kernel                  one data set a variable, keyed by the layer's place
    generator_average/…                        where the recipe has a moving average
    discriminator/…
    optimizers/generator/iteration             how many updates it has made
    optimizers/generator/00_Dense/kernel/momentum
    optimizers/discriminator/…

with the attributes format, step, images, seconds, seed, classes, retries, recipe_folder, gantool,
keras and tensorflow. Before the HDF5, in the user block that its readers skip, stand a seal
(`gantool.runs.seal`) and an index (`gantool.runs.index`), by which it is read here: so that
reading runs nothing, follows nothing, and takes only what is as it was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from gantool import __version__
from gantool.errors import InputError
from gantool.files import write_bytes
from gantool.runs.index import (
    FORMAT,
    Header,
    Index,
    Place,
    UntrustedError,
    read_index,
    read_numbers,
)
from gantool.runs.seal import SIZE, DamagedError, check_seal, seal_of

if TYPE_CHECKING:
    import keras

__all__ = ["FORMAT", "Header", "Index", "read_header", "read_variables", "write_checkpoint"]

Variables = Mapping[str, Mapping[str, "keras.Variable"]]
"""Variables by group ("generator", "optimizers/generator", …) and by key within it."""

Values = Mapping[str, Mapping[str, np.ndarray]]
"""What variables hold, by the same groups and keys."""

_LIBRARIES = ("keras", "tensorflow")
_FARTHEST = 10**15
"""A byte that no file is so long as to have; as an offset, it takes the most digits."""


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
    # HDF5 knows no bfloat16; float32 holds each of its values exactly.
    stored = {
        f"{group}/{key}": value.astype(np.float32) if value.dtype.name == "bfloat16" else value
        for group, members in values.items()
        for key, value in members.items()
    }
    groups = tuple(values)
    longest = _index(header, groups, stored, dict.fromkeys(stored, _FARTHEST))
    # HDF5 begins at a power of two.
    block = 1 << (SIZE + len(longest) - 1).bit_length()
    content = BytesIO()
    offsets = _write_hdf5(content, block, header, groups, stored)
    line = _index(header, groups, stored, offsets)
    with content.getbuffer() as whole:
        whole[SIZE:block] = line.ljust(block - SIZE, b"\n")
        whole[:SIZE] = seal_of(whole[SIZE:])
        write_bytes(path, whole)


def _index(
    header: Header,
    groups: tuple[str, ...],
    stored: Mapping[str, np.ndarray],
    offsets: Mapping[str, int],
) -> bytes:
    """The index's line."""
    variables = {
        key: Place(dtype=value.dtype.name, shape=value.shape, offset=offsets[key])
        for key, value in stored.items()
    }
    index = Index(header=header, releases=_releases(), groups=groups, variables=variables)
    return index.line()


def _releases() -> dict[str, str]:
    return {"gantool": __version__, **{library: version(library) for library in _LIBRARIES}}


def _write_hdf5(
    content: BytesIO,
    block: int,
    header: Header,
    groups: tuple[str, ...],
    stored: Mapping[str, np.ndarray],
) -> dict[str, int]:
    """Write the HDF5 behind a block of so many bytes; where each variable's numbers begin."""
    with h5py.File(content, "w", userblock_size=block) as file:
        file.attrs["format"] = FORMAT
        for field in fields(header):
            if field.name != "recipe":
                file.attrs[field.name] = getattr(header, field.name)
        file.attrs.update(_releases())
        file["recipe"] = header.recipe
        for group in groups:
            # A network whose optimizer keeps nothing has an empty group, not none.
            file.create_group(group)
        made = {key: file.create_dataset(key, data=value) for key, value in stored.items()}
        # One without numbers lies nowhere.
        return {key: made[key].id.get_offset() if made[key].size else 0 for key in made}


def read_header(path: Path) -> Header:
    """Read what a checkpoint says of itself.

    Raises:
        DamagedError: The file is not as it was written, or no checkpoint.
        InputError: There is no such file, or it is not a checkpoint that this version reads.
    """
    return read_contents(path).header


def read_contents(path: Path) -> Index:
    """Read what a checkpoint holds, without the values.

    Raises:
        DamagedError: The file is not as it was written, or no checkpoint.
        InputError: There is no such file, or it is not a checkpoint that this version reads.
    """
    check_seal(path)
    try:
        return read_index(path, SIZE)
    except UntrustedError as error:
        raise DamagedError(f"{path}: {error}; no gantool wrote this checkpoint") from error


def read_variables(path: Path, variables: Variables) -> None:
    """Give the variables the values that a checkpoint has for them.

    All groups asked for are checked first: nothing is changed unless everything fits.

    Raises:
        DamagedError: The file is not as it was written, or no checkpoint.
        InputError: A key is missing, is one too many or has another shape; the line names it.
    """
    index = read_contents(path)
    pairs: list[tuple[Any, np.ndarray]] = []
    for group, members in variables.items():
        if group not in index.groups:
            raise InputError(f"{path}: the checkpoint has no {group}; it is of another recipe")
        places = index.members(group)
        _check_keys(path, group, members, places)
        _check_shapes(path, group, members, places)
        pairs += [(members[key], read_numbers(path, places[key])) for key in members]
    for variable, value in pairs:
        variable.assign(value)


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
    path: Path, group: str, wanted: Mapping[str, keras.Variable], stored: Mapping[str, Place]
) -> None:
    for key, variable in wanted.items():
        ours, theirs = tuple(variable.shape), stored[key].shape
        if ours != theirs:
            raise InputError(
                f"{path}: {group}/{key} has shape {theirs}, the recipe's network {ours}"
            )
