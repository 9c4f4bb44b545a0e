"""Latent vectors in files: .npy of NumPy, float32 [N, size]. Knows no TensorFlow."""

import hashlib
import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from gantool.data.sources.numpy_files import mapped
from gantool.errors import InputError
from gantool.files import complete_or_absent
from gantool.memory import amount, machine_memory


def read_latents(path: Path, size: int) -> np.ndarray:
    """Latents [N, size] float32 of a .npy file, N ≥ 1; other numbers are brought to float32.

    Args:
        path: Of the file. One that holds Python objects is refused: they can run code.
        size: Numbers of a latent, `latent.size` of the recipe.

    Raises:
        InputError: There is no such file, or it holds something else, numbers that are not finite
            in float32, or more than fits into memory.
    """
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: not a file")
    try:
        array = mapped(path)
        _refuse_misfit(path, array.shape, array.dtype, size)
        with np.errstate(over="ignore"):  # what is too large becomes Inf, and is told below
            latents = np.array(array.read(0, array.shape[0]), np.float32, order="C")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    if not (finite := np.isfinite(latents).all(axis=1)).all():
        first = int(np.argmin(finite))
        raise InputError(f"{path}: latent {first} (from 0) holds NaN or Inf")
    return latents


def write_latents(path: Path, latents: np.ndarray) -> None:
    """Write latents [N, size] as float32, whole or not at all.

    Raises:
        OSError: The file cannot be written.
    """
    write_latent_blocks(path, latents.shape, [latents])


def write_latent_blocks(path: Path, shape: tuple[int, ...], blocks: Iterable[np.ndarray]) -> None:
    """Write latents as `write_latents` does, where not all of them are in memory at a time.

    Args:
        path: Of the file.
        shape: [N, size].
        blocks: [n, size] each, N rows in all.

    Raises:
        OSError: The file cannot be written.
    """
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    with complete_or_absent(path) as temporary, temporary.open("wb") as file:
        npy.write_array_header_1_0(file, header)
        for block in blocks:
            file.write(np.ascontiguousarray(block, "<f4").data)


def digest(latents: np.ndarray) -> str:
    """SHA-256 of latents [N, size], in hex, by which `Provenance` names them."""
    return hashlib.sha256(latents.astype("<f4", copy=False).tobytes()).hexdigest()


def _refuse_misfit(path: Path, shape: tuple[int, ...], dtype: np.dtype, size: int) -> None:
    if dtype.kind not in "fiu":
        raise InputError(f"{path}: holds {dtype.name}; latents are real numbers, best float32")
    if len(shape) != 2 or not shape[0]:
        raise InputError(f"{path}: has shape {shape}; latents are [N, {size}], one a row")
    if shape[1] != size:
        raise InputError(f"{path}: has latents of {shape[1]} numbers; the generator takes {size}")
    needed, memory = 4 * math.prod(shape), machine_memory()
    if needed > memory:
        raise InputError(
            f"{path}: its latents are {amount(needed)} in memory, and this machine has"
            f" {amount(memory)}: split the file"
        )
