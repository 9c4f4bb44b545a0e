"""CIFAR-10 in its "python version": five batches of images in pickles, read without trust.

A pickle is a program. The only functions that those of CIFAR-10 call are those that make an array
of NumPy, and these are replaced here by ones that make nothing else; all others are refused.
"""

from __future__ import annotations

import pickle
import pickletools
import stat
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gantool.data.sources.base import Labels, numbered_classes
from gantool.errors import InputError

BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))
"""Of the images to train on; the sixth, `test_batch`, is for tests."""

SIDE = 32
"""Height and width of an image. A row of a batch is its red, its green and its blue plane."""


_MAX_BYTES = 1 << 26


class CifarSource:
    """The training images of an unpacked folder `cifar-10-batches-py`, RGB; read when opened.

    Raises:
        InputError: a file of it is missing, damaged or holds what it should not.
    """

    def __init__(self, folder: Path, name: str, labelled: bool) -> None:
        self.name = name
        self._folder = folder
        batches = [_read_batch(folder / batch) for batch in BATCHES]
        self._counts = [len(labels) for _, labels in batches]
        planes = np.concatenate([rows for rows, _ in batches]).reshape(-1, 3, SIDE, SIDE)
        self._pixels = np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
        self.labels: Labels | None = None
        self.classes: tuple[str, ...] = ()
        if labelled:
            self.labels = np.concatenate([labels for _, labels in batches])
            self.classes = _read_classes(folder / "batches.meta", self.labels)

    def __len__(self) -> int:
        return len(self._pixels)

    def image(self, index: int) -> Image.Image:
        """See `ImageSource.image`."""
        return Image.fromarray(self._pixels[index])

    def where(self, index: int) -> str:
        """See `ImageSource.where`."""
        for batch, count in zip(BATCHES, self._counts, strict=True):
            if index < count:
                return f"{self._folder / batch}, image {index}"
            index -= count
        raise IndexError(index)


def _read_batch(path: Path) -> tuple[NDArray[np.uint8], Labels]:
    """The rows [N, 3072] of a batch and its labels [N]."""
    content = _read(path)
    rows, labels = content.get(b"data"), content.get(b"labels")
    if (
        not isinstance(rows, _Array)
        or rows.pixels is None
        or rows.pixels.ndim != 2
        or rows.pixels.shape[1] != 3 * SIDE * SIDE
        or not isinstance(labels, list)
        or len(labels) != len(rows.pixels)
        or not all(type(label) is int and 0 <= label < 10 for label in labels)
    ):
        raise InputError(
            f"{path}: not a batch of CIFAR-10: rows of {3 * SIDE * SIDE:,} bytes and as many labels"
            " from 0 to 9 are expected; run `gantool download cifar10` again"
        )
    return rows.pixels, np.array(labels, np.int32)


def _read_classes(path: Path, labels: Labels) -> tuple[str, ...]:
    names = _read(path).get(b"label_names")
    if not isinstance(names, list) or not all(isinstance(name, bytes) for name in names):
        return numbered_classes(labels)
    return tuple(name.decode("ascii", "replace") for name in names)


def _read(path: Path) -> dict[Any, Any]:
    file = BytesIO(_plain_bytes(path))
    try:
        # Python 2 wrote them: its strings are bytes.
        _refuse_far_memo(file.getvalue())
        content = _Unpickler(file, encoding="bytes").load()
    except pickle.UnpicklingError as error:
        raise InputError(f"{path}: not a file of CIFAR-10, or damaged: {error}") from None
    # A damaged pickle makes the unpickler raise nearly anything.
    except Exception as error:
        raise InputError(f"{path}: not a file of CIFAR-10, or damaged ({error})") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: not a file of CIFAR-10: it holds no dict")
    return content


def _plain_bytes(path: Path) -> bytes:
    # A pipe would be waited for, a device may have no end.
    if not stat.S_ISREG(path.stat().st_mode) or path.stat().st_size > _MAX_BYTES:
        raise InputError(f"{path}: not a file of CIFAR-10: it is larger than any, or no plain file")
    return path.read_bytes()


def _refuse_far_memo(content: bytes) -> None:
    """Refuse to remember anything by a large number: all places below it would be set aside."""
    for code, argument, _ in pickletools.genops(content):
        if code.name in ("PUT", "BINPUT", "LONG_BINPUT") and int(argument or 0) > len(content):
            raise pickle.UnpicklingError("it asks for memory that it has no use for")


class _Array:
    """What stands for an array while a pickle is read."""

    __slots__ = ("pixels",)

    def __init__(self) -> None:
        self.pixels: NDArray[np.uint8] | None = None

    def __setstate__(self, state: object) -> None:
        """Take the array's state as NumPy pickles it: version, shape, type, order and bytes."""
        match state:
            case (1, tuple(shape), _Bytes(), bool(columns_first), bytes(content)):
                order: Literal["C", "F"] = "F" if columns_first else "C"
                self.pixels = np.frombuffer(content, np.uint8).reshape(shape, order=order)
            case _:
                raise pickle.UnpicklingError("an array in it is not one of unsigned bytes")


class _Bytes:
    """What stands for the type of an array's numbers, which must be unsigned bytes."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        """Ignore the rest of what NumPy says of the type: order and fields, which bytes lack."""


class _Stand:
    """What stands for a function or class of NumPy: it can be called, and not be changed."""

    __slots__ = ("_make",)
    _make: Callable[..., object]

    def __init__(self, make: Callable[..., object]) -> None:
        object.__setattr__(self, "_make", make)

    def __call__(self, *arguments: object) -> object:
        return self._make(*arguments)

    def __setattr__(self, name: str, value: object) -> None:
        raise pickle.UnpicklingError(f"it sets {name!r}")


def _reconstruct(_type: object, _shape: object, _code: object) -> _Array:
    return _Array()


def _dtype(code: object, *_flags: object) -> _Bytes:
    if code not in (b"u1", "u1"):
        raise pickle.UnpicklingError("an array in it is not one of unsigned bytes")
    return _Bytes()


def _ndarray(*_arguments: object) -> object:
    raise pickle.UnpicklingError("it makes an array in an unusual way")


# NumPy 2 calls the module of the first by another name.
_ALLOWED = {
    "numpy.core.multiarray._reconstruct": _Stand(_reconstruct),
    "numpy._core.multiarray._reconstruct": _Stand(_reconstruct),
    "numpy.ndarray": _Stand(_ndarray),
    "numpy.dtype": _Stand(_dtype),
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str) -> object:
        name = f"{module_name}.{global_name}"
        if name not in _ALLOWED:
            raise pickle.UnpicklingError(f"it calls {name}, which no file of CIFAR-10 does")
        return _ALLOWED[name]
