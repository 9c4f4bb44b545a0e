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

import hashlib
import json
import os
import re
import stat
import weakref
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from importlib.metadata import version
from io import BytesIO
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import h5py
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gantool import __version__
from gantool.errors import InputError, printable
from gantool.files import write_bytes

if TYPE_CHECKING:
    import keras

FORMAT: Literal[2] = 2

SEAL_SIZE = 512
"""Bytes; the smallest user block that HDF5 takes."""

MAGIC = b"gantool checkpoint\n"
"""How a checkpoint begins."""

MAX_INDEX = 1 << 26
"""Bytes; there is no network of so many variables."""

_SEAL = re.compile(MAGIC + rb"sha256 ([0-9a-f]{64}) of the (\d{1,15}) bytes after this block\n")
_PIECE = 1 << 20
_FARTHEST = 10**15
"""A byte that no file is so long as to have; as an offset, it takes the most digits."""

_Natural = Annotated[int, Field(ge=0, le=2**63 - 1)]

Variables = Mapping[str, Mapping[str, "keras.Variable"]]
"""Variables by group ("generator", "optimizers/generator", …) and by key within it."""

Values = Mapping[str, Mapping[str, np.ndarray]]
"""What variables hold, by the same groups and keys."""


class DamagedError(InputError):
    """A checkpoint is not as it was written."""


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


class _Format(BaseModel):
    """What the index of any format says."""

    format: int


def values_of(variables: Variables) -> Values:
    """Copy what variables hold now: the next step moves them."""
    return {
        group: {key: variable.numpy() for key, variable in members.items()}
        for group, members in variables.items()
    }


def first_not_finite(values: Values) -> str | None:
    """The first variable, as `group/key`, that holds a NaN or Inf; None where none does."""
    found = (
        f"{group}/{key}"
        for group, members in values.items()
        for key, value in members.items()
        if not np.isfinite(value).all()
    )
    return next(found, None)


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

    def index_line(offsets: Mapping[str, int]) -> bytes:
        variables = {
            key: Place(dtype=value.dtype.name, shape=value.shape, offset=offsets[key])
            for key, value in stored.items()
        }
        index = Index(header=header, releases=_releases(), groups=groups, variables=variables)
        return index.model_dump_json().encode() + b"\n"

    # HDF5 begins at a power of two.
    longest = index_line(dict.fromkeys(stored, _FARTHEST))
    block = 1 << (SEAL_SIZE + len(longest) - 1).bit_length()
    content = BytesIO()
    offsets = _write_hdf5(content, block, header, groups, stored)
    with content.getbuffer() as whole:
        whole[SEAL_SIZE:block] = index_line(offsets).ljust(block - SEAL_SIZE, b"\n")
        rest = whole[SEAL_SIZE:]
        whole[:SEAL_SIZE] = seal(hashlib.sha256(rest).hexdigest(), len(rest))
        write_bytes(path, whole)


def seal(sha256: str, length: int) -> bytes:
    """The first 512 bytes of a file whose other bytes have this digest, in hex, and length."""
    text = f"sha256 {sha256} of the {length} bytes after this block\n".encode()
    return (MAGIC + text).ljust(SEAL_SIZE, b"\n")


def _releases() -> dict[str, str]:
    libraries = {name: version(name) for name in ("keras", "tensorflow")}
    return {"gantool": __version__, **libraries}


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
        for item in fields(header):
            value = getattr(header, item.name)
            if item.name != "recipe":
                file.attrs[item.name] = json.dumps(value) if isinstance(value, dict) else value
        file.attrs.update(_releases())
        file["recipe"] = header.recipe
        for group in groups:
            # A network whose optimizer keeps nothing has an empty group, not none.
            file.create_group(group)
        made = {key: file.create_dataset(key, data=value) for key, value in stored.items()}
        # One without numbers lies nowhere.
        return {key: made[key].id.get_offset() if made[key].size else 0 for key in made}


class Checkpoint:
    """A checkpoint that is as it was written, open for reading.

    All bytes are looked at once, here. The file stays open, so that what is read later is of the
    same one, even when a training that goes on has removed it meanwhile.

    Attributes:
        size: In bytes.
        sha256: In hex, of all bytes after the seal, as the seal states it.

    Raises:
        DamagedError: The file is not as it was written, or no checkpoint.
        InputError: There is no such file, or it is not a checkpoint that this version reads.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with _errors_of_reading(path):
            if not stat.S_ISREG(path.stat().st_mode):
                raise InputError(f"{path}: not a file")
            self._file = path.open("rb")
            weakref.finalize(self, self._file.close)
            self.size = os.fstat(self._file.fileno()).st_size
            self.sha256 = self._checked_digest()
            self._file.seek(SEAL_SIZE)
            line = self._file.readline(MAX_INDEX)
        self.index: Index = self._checked_index(line)

    @property
    def header(self) -> Header:
        """What it says of itself."""
        return self.index.header

    def read(self, variables: Variables, left: Collection[str] = ()) -> None:
        """Give the variables the values that the checkpoint has for them.

        All groups asked for are checked first: nothing is changed unless everything fits.

        Args:
            variables: All that there are in each group.
            left: What the checkpoint may hold beside them, as `group/key`.

        Raises:
            InputError: A key is missing, is one too many or has another shape; the line names it.
        """
        pairs: list[tuple[Any, np.ndarray]] = []
        for group, members in variables.items():
            places = self._fitting_places(group, members, left)
            pairs += [(members[key], self.numbers(places[key])) for key in members]
        for variable, value in pairs:
            variable.assign(value)

    def numbers(self, place: Place) -> np.ndarray:
        """The numbers of a variable."""
        # Any byte but 0 is true, and NumPy takes bytes for bools as they are.
        stored = np.dtype("uint8" if place.dtype == "bool" else place.dtype).newbyteorder("<")
        with _errors_of_reading(self.path):
            self._file.seek(place.offset)
            values = np.fromfile(self._file, stored, prod(place.shape))
        return values.astype(place.dtype, copy=False).reshape(place.shape)

    def _checked_digest(self) -> str:
        """The SHA-256 of all after the seal, which has to state it."""
        block = self._file.read(SEAL_SIZE)
        stated = _SEAL.match(block)
        if stated is None:
            raise DamagedError(f"{self.path}: {_without_seal(block)}")
        length = int(stated[2])
        if self.size != SEAL_SIZE + length:
            raise DamagedError(
                f"{self.path}: the checkpoint is damaged: it has {self.size:,} bytes of"
                f" {SEAL_SIZE + length:,}"
            )
        digest = hashlib.sha256()
        while piece := self._file.read(_PIECE):
            digest.update(piece)
        if block != seal(digest.hexdigest(), length):
            raise DamagedError(
                f"{self.path}: the checkpoint is damaged: its content is not the one it was written"
                " with"
            )
        return digest.hexdigest()

    def _checked_index(self, line: bytes) -> Index:
        if not line.endswith(b"\n"):
            raise self._not_ours("its index does not end")
        try:
            found = _Format.model_validate_json(line, strict=True).format
            if found != FORMAT:
                raise InputError(
                    f"{self.path}: a checkpoint of format {found}; this gantool reads format"
                    f" {FORMAT}" + ("; a newer gantool wrote it" if found > FORMAT else "")
                )
            index = Index.model_validate_json(line, strict=True)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(printable(str(part)[:60]) for part in first["loc"][:4])
            wrong = f"its index is wrong: {where}: {printable(first['msg'])}"
            raise self._not_ours(wrong) from None
        for key, place in index.variables.items():
            if place.end > self.size:
                raise self._not_ours(f"{printable(key[:200])} does not lie in the file")
        return index

    def _not_ours(self, reason: str) -> DamagedError:
        return DamagedError(f"{self.path}: {reason}; no gantool wrote this checkpoint")

    def _fitting_places(
        self, group: str, wanted: Mapping[str, keras.Variable], left: Collection[str]
    ) -> Mapping[str, Place]:
        """The places of a group's variables, which have to be those wanted."""
        if group not in self.index.groups:
            raise InputError(f"{self.path}: the checkpoint has no {group}; it is of another recipe")
        prefix = f"{group}/"
        places = {
            key.removeprefix(prefix): place
            for key, place in self.index.variables.items()
            if key.startswith(prefix) and key not in left
        }
        if missing := sorted(wanted.keys() - places.keys()):
            raise InputError(f"{self.path}: {group}/{missing[0]} is missing{_more(missing)}")
        if extra := sorted(places.keys() - wanted.keys()):
            raise InputError(
                f"{self.path}: {group}/{extra[0]} has no place in the recipe's networks"
                + _more(extra)
            )
        for key, variable in wanted.items():
            ours, theirs = tuple(variable.shape), places[key].shape
            if ours != theirs:
                raise InputError(
                    f"{self.path}: {group}/{key} has shape {theirs}, the recipe's network {ours}"
                )
        return places


@contextmanager
def _errors_of_reading(path: Path) -> Iterator[None]:
    """Within, an OSError becomes an InputError that names the file."""
    try:
        yield
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error


def _without_seal(block: bytes) -> str:
    if not block:
        return "the file is empty"
    if block.startswith(b"\x89HDF\r\n\x1a\n"):
        return "an HDF5 file, but not a checkpoint that this gantool reads (it has no seal)"
    if block.startswith(MAGIC[:12]):
        return "the checkpoint is damaged: its first 512 bytes are not as they were written"
    return "not a checkpoint of gantool, or damaged in its first bytes"


def _more(keys: list[str]) -> str:
    return f", and {len(keys) - 1} more" if len(keys) > 1 else ""
