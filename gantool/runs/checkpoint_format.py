"""A checkpoint: one file that holds a run whole and needs nothing else.

It begins with its seal, text in 512 bytes, as `head -c 512 FILE` shows::

    gantool checkpoint
    sha256 5e03… of the 1234567 bytes after this block

A file is whole when these bytes are exactly those that belong to the rest. So no bit of it can
change unnoticed, and `tail -c +513 FILE | sha256sum` says the same without gantool. Then comes the
index, a line of JSON: what the checkpoint says of itself, and where in the file the numbers of each
variable lie. Both stand in the user block, which readers of HDF5 skip (HDF5 File Format
Specification, section II); for them the file is::

    recipe                                     text
    generator/00_Dense/kernel                  one data set a variable, keyed by the layer's place
    generator_average/…                        where the recipe has a moving average
    discriminator/…
    optimizers/generator/iteration             how many updates it has made
    optimizers/generator/00_Dense/kernel/momentum
    optimizers/discriminator/…

with the attributes format, step, images, seconds, seed, classes, retries, recipe_folder, machine,
ways (JSON), gantool, keras and tensorflow. HDF5 can point to other files, compute data sets, call
filters from libraries, claim shapes without storing them, and be built such that its library never
comes back (1.14.6 loops on damaged heaps and on objects that contain each other). So it is there
for other readers: here a file is read by its index, which takes nothing but plain numbers from
where they lie.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    import keras

FORMAT: Literal[2] = 2

SEAL_SIZE = 512
"""Bytes; the smallest user block that HDF5 takes."""

MAGIC = b"gantool checkpoint\n"
"""How a checkpoint begins."""

MAX_INDEX = 1 << 26
"""Bytes; there is no network of so many variables."""

SEAL = re.compile(MAGIC + rb"sha256 ([0-9a-f]{64}) of the (\d{1,15}) bytes after this block\n")
"""What the first bytes of a seal match: the digest in hex, and the number of bytes."""

_Natural = Annotated[int, Field(ge=0, le=2**63 - 1)]

Variables = Mapping[str, Mapping[str, "keras.Variable"]]
"""Variables by group ("generator", "optimizers/generator", …) and by key within it."""

Values = Mapping[str, Mapping[str, np.ndarray]]
"""What variables hold, by the same groups and keys."""


class Place(BaseModel):
    """Where the numbers of a variable lie: plain, little-endian, row by row.

    Attributes:
        dtype: NumPy's name; a bool is a byte.
        shape: Of the variable.
        offset: Of the first byte, from the start of the file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    dtype: str = Field(pattern=r"^(bool|float(16|32|64)|u?int(8|16|32|64))$")
    shape: tuple[_Natural, ...] = Field(max_length=32)
    offset: _Natural

    @property
    def end(self) -> int:
        """The byte after the last."""
        return self.offset + prod(self.shape) * np.dtype(self.dtype).itemsize


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
        machine: That it was trained on; see `gantool.kernels.ways`.
        ways: In which operations were computed there, by operation.
    """

    recipe: str
    recipe_folder: str
    step: _Natural
    images: _Natural
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    seed: _Natural
    classes: _Natural
    retries: _Natural = 0
    machine: str = ""
    ways: dict[str, str] = field(default_factory=dict)


class Index(BaseModel):
    """All that is needed to read a checkpoint.

    Attributes:
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


def seal(sha256: str, length: int) -> bytes:
    """The first 512 bytes of a file whose other bytes have this digest, in hex, and length."""
    text = f"sha256 {sha256} of the {length} bytes after this block\n".encode()
    return (MAGIC + text).ljust(SEAL_SIZE, b"\n")
