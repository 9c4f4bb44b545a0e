"""Writes checkpoints, whole or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

import h5py
import numpy as np

from gantool import __version__
from gantool.files import write_bytes
from gantool.runs.checkpoint_format import (
    FORMAT,
    SEAL_SIZE,
    Header,
    Index,
    Place,
    Values,
    Variables,
    seal,
)

_FARTHEST = 10**15
"""A byte that no file is so long as to have; as an offset, it takes the most digits."""


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
