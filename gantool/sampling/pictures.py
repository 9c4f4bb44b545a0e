"""Images side by side in a grid, and their way into a PNG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from gantool.files import complete_or_absent


def tile(images: Sequence[np.ndarray], rows: int, columns: int) -> np.ndarray:
    """Lay images out row by row, without gaps; places that are left over stay black.

    Args:
        images: At most rows · columns of uint8 [H, W, C], all of one shape.
        rows: Of the grid.
        columns: Of the grid.

    Returns:
        uint8 [rows · H, columns · W, C].
    """
    height, width, channels = images[0].shape
    grid = np.zeros((rows, columns, height, width, channels), np.uint8)
    for index, image in enumerate(images):
        grid[divmod(index, columns)] = image
    return grid.transpose(0, 2, 1, 3, 4).reshape(rows * height, columns * width, channels)


def write_png(path: Path, pixels: np.ndarray) -> None:
    """Write uint8 [H, W, 1 or 3] as a PNG, whole or not at all."""
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    with complete_or_absent(path) as temporary:
        image.save(temporary, format="PNG")
