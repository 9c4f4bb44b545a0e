"""The formats that a generator is written in, by name. Knows no TensorFlow."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from gantool.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from gantool.export.network import Network

Reader = Callable[["np.ndarray", "np.ndarray", "np.ndarray"], "np.ndarray"]
"""Seeds [N], latents [N, size] and labels [N] to images [N, H, W, C]; some go by the seeds."""


class Format(ABC):
    """Writes a generator, and reads it back.

    Attributes:
        traced: Whether only the operations of layers are written, so that any layer can be.
    """

    traced: ClassVar[bool] = True

    @abstractmethod
    def write(self, network: Network, path: Path) -> None:
        """Write a generator to a path that is not there yet.

        Raises:
            InputError: The format has no form for it.
            OSError: It cannot be written.
        """

    @abstractmethod
    def reader(self, network: Network, path: Path) -> Reader | None:
        """What a reader of the format makes of a path; None where none is installed."""

    @abstractmethod
    def loading(self, network: Network, path: Path) -> str:
        """The code, in a line or two, that loads it and makes images."""


class Written(NamedTuple):
    """How a format is written.

    Attributes:
        suffix: How the name of its file ends; empty for a folder.
        writer: Where its `Format` is.
        needs: Packages beside those of gantool, of the extra with the format's name.
    """

    suffix: str
    writer: str
    needs: tuple[str, ...] = ()


FORMATS: Mapping[str, Written] = {
    "keras": Written(".keras", "gantool.export.keras_file:KerasFile"),
    "weights": Written(".weights.h5", "gantool.export.weights_file:WeightsFile"),
    "savedmodel": Written("", "gantool.export.saved_model:SavedModel"),
    "onnx": Written(".onnx", "gantool.export.onnx_file:OnnxFile", ("tf2onnx", "onnx")),
    "tflite": Written(".tflite", "gantool.export.tflite_file:TFLiteFile"),
}


def format_of(name: str) -> Format:
    """What writes a format."""
    made: Format = resolve_name(FORMATS[name].writer)()
    return made


def refuse_missing(name: str) -> None:
    """Raise InputError where a package that a format needs is not installed."""
    missing = [package for package in FORMATS[name].needs if find_spec(package) is None]
    if missing:
        raise InputError(
            f"--format {name} needs {' and '.join(missing)}, which is not here:"
            f" pip install '.[{name}]' in the clone"
        )
