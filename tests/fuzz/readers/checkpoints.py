"""Checkpoints: HDF5 files from elsewhere."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from gantool.errors import GantoolError
from gantool.training.checkpoint import (
    Header,
    read_contents,
    read_variables,
    values_of,
    write_checkpoint,
)
from gantool.training.seal import SIZE, seal_of

from .. import scratch
from ..limits import is_a_line


def stamped(data: bytes) -> bytes:
    """The file with the seal that belongs to its content."""
    return seal_of(data[SIZE:]) + data[SIZE:]


class Variable:
    """What is read into, without TensorFlow."""

    def __init__(self, *shape: int, dtype: str = "float32") -> None:
        self.shape = shape
        self.dtype = dtype
        self.value = np.zeros(shape, dtype)

    def assign(self, value: Any) -> None:
        """Take a value as a variable of Keras does."""
        self.value = np.asarray(value).astype(self.dtype).reshape(self.shape)

    def numpy(self) -> np.ndarray:
        """The value."""
        return self.value


def variables() -> Mapping[str, Mapping[str, Any]]:
    """Those of a small network."""
    return {
        "generator": {"00_Dense/kernel": Variable(2, 3), "00_Dense/bias": Variable(3)},
        "optimizers/generator": {"iteration": Variable(dtype="int64")},
    }


def target(data: bytes) -> None:
    """Read all that can be read, from the file as it is and from one whose seal is right."""
    for form in dict.fromkeys((data, stamped(data))):
        path = scratch.file("x.h5", form)
        for read in (read_contents, _read_variables):
            try:
                read(path)
            except GantoolError as error:
                is_a_line(error)


def _read_variables(path: Path) -> None:
    read_variables(path, variables())


def whole() -> bytes:
    """A checkpoint as gantool writes it."""
    header = Header(
        recipe="name: x", recipe_folder="/x", step=5, images=9, seconds=1.5, seed=3, classes=0
    )
    path = scratch.folder() / "whole.h5"
    write_checkpoint(path, header, values_of(variables()))
    return path.read_bytes()


def changed(change: Callable[[h5py.File], object]) -> bytes:
    """The same after a change that HDF5 itself made."""
    buffer = io.BytesIO(whole())
    with h5py.File(buffer, "r+") as file:
        change(file)
    return buffer.getvalue()


def replaced(name: str, make: Callable[[h5py.File, str], object]) -> bytes:
    """The same with another thing in the place of one."""

    def change(file: h5py.File) -> None:
        del file[name]
        make(file, name)

    return changed(change)


def _virtual(file: h5py.File, name: str) -> None:
    layout = h5py.VirtualLayout((2, 3), np.float32)
    layout[:] = h5py.VirtualSource("/etc/hostname", "x", (2, 3))
    file.create_virtual_dataset(name, layout)


def _external(file: h5py.File, name: str) -> None:
    file.create_dataset(name, (2, 3), "f4", external=[("/etc/hostname", 0, 24)])


def _link(target: Any) -> Callable[[h5py.File, str], object]:
    return lambda file, name: file.__setitem__(name, target)


def _data_set(**options: Any) -> Callable[[h5py.File, str], object]:
    return lambda file, name: file.create_dataset(name, **options)


KERNEL = "generator/00_Dense/kernel"


def hostile() -> list[bytes]:
    """What HDF5 can hold and no gantool writes."""
    return [
        *(replaced(KERNEL, make) for make in (_virtual, _external)),
        replaced(KERNEL, _link(h5py.ExternalLink("/etc/hostname", "/x"))),
        replaced(KERNEL, _link(h5py.SoftLink("/" + KERNEL))),
        replaced(KERNEL, _link(h5py.SoftLink("/generator/00_Dense/bias"))),
        replaced(KERNEL, _data_set(shape=(1 << 20, 1 << 20), dtype="f8")),
        replaced(KERNEL, _data_set(shape=(2, 3), dtype="f4", chunks=(1, 3))),
        replaced(KERNEL, _data_set(data=np.ones((2, 3)), compression="gzip")),
        replaced(KERNEL, _data_set(data=np.ones((2, 3)), compression="lzf", shuffle=True)),
        replaced(KERNEL, _data_set(data=np.ones((2, 3)), fletcher32=True)),
        replaced(KERNEL, _data_set(data=[["a", "b", "c"]] * 2, dtype=h5py.string_dtype())),
        replaced(KERNEL, _data_set(data=np.ones((2, 3), [("a", "f4"), ("b", "i2")]))),
        replaced(KERNEL, lambda file, name: file.create_group(name)),
        replaced("recipe", _data_set(data="name: x", dtype=h5py.string_dtype())),
        replaced("recipe", _data_set(shape=(), dtype="S1000000")),
        changed(lambda file: file.__setitem__("generator/again", file["generator"])),
        changed(lambda file: file.attrs.__setitem__("step", [1, 2])),
        changed(lambda file: file.attrs.__setitem__("step", "5")),
        changed(lambda file: file.attrs.__setitem__("seconds", float("nan"))),
        changed(lambda file: file.attrs.__setitem__("recipe_folder", h5py.Empty("S1"))),
        changed(lambda file: file.create_group("/".join("x" * 200))),
    ]


def seeds() -> list[bytes]:
    """A checkpoint and what looks like one."""
    return [whole(), *hostile(), b"\x89HDF\r\n\x1a\n"]
