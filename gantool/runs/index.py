"""The index of a checkpoint: what it says of itself, and where in the file its numbers lie.

It stands between the seal and the HDF5, as a line of JSON. HDF5 can point to other files, compute
data sets, call filters from libraries, claim shapes without storing them, and be built such that
its library never comes back (1.14.6 loops on damaged heaps and on objects that contain each
other). So the HDF5 is there for other readers: ours goes by the index, and takes nothing but plain
numbers from where they lie.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gantool.errors import InputError, printable

FORMAT: Literal[2] = 2

MAX_BYTES = 1 << 26
"""Of an index: there is no network of so many variables."""

_Natural = Annotated[int, Field(ge=0, le=2**63 - 1)]


class UntrustedError(Exception):
    """An index is not one that gantool writes; the text says why."""


class Place(BaseModel):
    """Where the numbers of a variable lie: plain, little-endian, row by row.

    Attributes:
        dtype: NumPy's name; a bool is a byte.
        shape: Of the variable.
        offset: Of the first byte, from the start of the file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    dtype: Literal[
        "bool",
        "float16",
        "float32",
        "float64",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
    ]
    shape: tuple[_Natural, ...] = Field(max_length=32)
    offset: _Natural

    @property
    def size(self) -> int:
        """Bytes."""
        return prod(self.shape) * np.dtype(self.dtype).itemsize


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
    step: _Natural
    images: _Natural
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    seed: _Natural
    classes: _Natural
    retries: _Natural = 0


class Index(BaseModel):
    """All that is needed to read a checkpoint.

    Attributes:
        format: Of all that this module and `gantool.runs.checkpoint` lay down.
        header: What it says of itself.
        releases: Of gantool and the libraries that wrote it, by their names.
        groups: Of variables, such as `optimizers/generator`; those without any as well.
        variables: By group and key, such as `generator/00_Dense/kernel`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[2] = FORMAT
    header: Header
    releases: dict[str, str]
    groups: tuple[str, ...]
    variables: dict[str, Place]

    def line(self) -> bytes:
        """The index as it stands in the file."""
        return self.model_dump_json().encode() + b"\n"

    def members(self, group: str) -> dict[str, Place]:
        """The variables of a group by their keys within it."""
        prefix = f"{group}/"
        return {
            key.removeprefix(prefix): place
            for key, place in self.variables.items()
            if key.startswith(prefix)
        }


class _Format(BaseModel):
    """What the index of any format says."""

    format: int


def read_index(path: Path, start: int) -> Index:
    """Read the index that begins at this byte of a file.

    Raises:
        InputError: It is of another format.
        UntrustedError: It is none, or points out of the file.
    """
    line = _read_line(path, start)
    try:
        found = _Format.model_validate_json(line, strict=True).format
        if found != FORMAT:
            raise InputError(
                f"{path}: a checkpoint of format {found}; this gantool reads format {FORMAT}"
                + ("; a newer gantool wrote it" if found > FORMAT else "")
            )
        index = Index.model_validate_json(line, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(printable(str(part)[:60]) for part in first["loc"][:4])
        raise UntrustedError(f"its index is wrong: {where}: {printable(first['msg'])}") from None
    size = path.stat().st_size
    for key, place in index.variables.items():
        if place.offset + place.size > size:
            raise UntrustedError(f"{printable(key[:200])} does not lie in the file")
    return index


def _read_line(path: Path, start: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        line = file.readline(MAX_BYTES)
    if not line.endswith(b"\n"):
        raise UntrustedError("its index does not end")
    return line


def read_numbers(path: Path, place: Place) -> np.ndarray:
    """The numbers of a variable."""
    # Any byte but 0 is true, and NumPy takes bytes for bools as they are.
    stored = np.dtype("uint8" if place.dtype == "bool" else place.dtype).newbyteorder("<")
    values = np.fromfile(path, stored, prod(place.shape), offset=place.offset)
    return values.astype(place.dtype, copy=False).reshape(place.shape)
