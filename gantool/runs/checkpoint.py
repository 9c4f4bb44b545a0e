"""Reads checkpoints: that they are as they were written, then their numbers."""

from __future__ import annotations

import hashlib
import os
import stat
import weakref
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ValidationError

from gantool.errors import InputError, printable
from gantool.runs.checkpoint_format import (
    FORMAT,
    MAGIC,
    MAX_INDEX,
    SEAL,
    SEAL_SIZE,
    Header,
    Index,
    Place,
    Variables,
    seal,
)

if TYPE_CHECKING:
    import keras

_PIECE = 1 << 20


class DamagedError(InputError):
    """A checkpoint is not as it was written."""


class _Format(BaseModel):
    """What the index of any format says."""

    format: int


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
        stated = SEAL.match(block)
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
