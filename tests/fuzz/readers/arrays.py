"""Files of NumPy."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np

from gantool.data.sources import open_source
from gantool.errors import GantoolError
from gantool.recipe.data import Data

from .. import scratch
from ..limits import is_a_line

_IMAGES = 20


def target(data: bytes) -> None:
    """Open a .npy or .npz file, and read what is in it."""
    name = "x.npz" if data[:2] == b"PK" else "x.npy"
    read(scratch.file(name, data), len(data) % 2 == 0)


def read(path: Any, labelled: bool) -> None:
    """Open a source, and read what is in it."""
    try:
        source = open_source(Data(source=str(path), size=(1, 1), labels=labelled), None)
        for note in source.notes:
            assert note.isprintable()
        if labelled:
            assert source.labels is not None
            assert len(source.labels) == len(source)
    except GantoolError as error:
        is_a_line(error)
        return
    for index in (*range(min(len(source), _IMAGES)), len(source) - 1):
        try:
            source.image(index)
        except GantoolError as error:
            is_a_line(error)
    source.pixels()


def npy(array: Any) -> bytes:
    """An array as .npy."""
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(array), allow_pickle=True)
    return buffer.getvalue()


def header(text: bytes, version: int, body: bytes) -> bytes:
    """A .npy file with a header of any text."""
    size = len(text).to_bytes(2 if version == 1 else 4, "little", signed=False)
    return b"\x93NUMPY" + bytes([version, 0]) + size + text + body


def npz(method: int = zipfile.ZIP_STORED, **arrays: Any) -> bytes:
    """Arrays as .npz."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as packed:
        for name, array in arrays.items():
            content = array if isinstance(array, bytes) else npy(array)
            packed.writestr(zipfile.ZipInfo(f"{name}.npy"), content, method)
    return buffer.getvalue()


def seeds() -> list[bytes]:
    """Small arrays of several types."""
    bytes_ = np.arange(48, dtype=np.uint8).reshape(2, 4, 6) * 5
    floats = np.linspace(0, 1, 50, dtype=np.float32).reshape(2, 5, 5)
    labels = np.array([1, 0])
    return [
        npy(bytes_),
        npy(floats),
        npy(np.asfortranarray(bytes_[..., :3].astype(">u2"))),
        npy(np.array([{}], object)),
        npy(np.zeros(2, [("a", "f4")])),
        npz(images=bytes_, labels=labels),
        npz(zipfile.ZIP_DEFLATED, train_images=bytes_, train_labels=np.eye(2), test_images=bytes_),
        npz(zipfile.ZIP_DEFLATED, x=floats, y=np.array([b"a", b"b"])),
        npz(zipfile.ZIP_BZIP2, images=bytes_),
    ]
