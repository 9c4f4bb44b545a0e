"""Arrays written into an .npz file of NumPy block by block, however large they are."""

import math
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.lib import format as npy
from numpy.typing import DTypeLike

from gantool.files import complete_or_absent


class Member(NamedTuple):
    """An array of an .npz file.

    Attributes:
        name: By which `numpy.load` gives it.
        shape: [N, …].
        dtype: Of its numbers.
        blocks: Its rows, [n, …] each.
    """

    name: str
    shape: tuple[int, ...]
    dtype: DTypeLike
    blocks: Iterable[np.ndarray]


def write_npz(path: Path, members: Iterable[Member]) -> None:
    """Write arrays, not compressed, whole or not at all; one block is in memory at a time.

    It holds no times, so the same arrays make the same bytes.

    Raises:
        OSError: The file cannot be written.
        ValueError: There are more or fewer rows than a shape says.
    """
    with complete_or_absent(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, shape, dtype, blocks in members:
            kind = np.dtype(dtype)
            header = {"descr": npy.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
            left = math.prod(shape) * kind.itemsize
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as file:
                npy.write_array_header_1_0(file, header)
                for block in blocks:
                    left -= file.write(block.astype(kind, order="C", copy=False).tobytes())
            if left:
                raise ValueError(f"{name}: not the rows of {shape}")
