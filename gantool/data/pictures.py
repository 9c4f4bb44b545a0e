"""Pictures of several examples, and their way into a PNG."""

import zlib
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from gantool.files import write_bytes

_SQUARE = 8
"""Side of a square of the checkerboard, in pixels."""

_WHITE, _GREY = 255, 204

_SIDE = 384
"""Of a picture of points, in pixels."""


def tile(images: Sequence[np.ndarray], rows: int, columns: int) -> np.ndarray:
    """Lay images out row by row, without gaps; places that are left over stay black.

    Images with an alpha channel lie over a checkerboard, and so do the places left over.

    Args:
        images: At most rows · columns of uint8 [H, W, C], all of one shape.
        rows: Of the grid.
        columns: Of the grid.

    Returns:
        uint8 [rows · H, columns · W, C]; three channels where C is 4.
    """
    height, width, channels = images[0].shape
    grid = np.zeros((rows, columns, height, width, channels), np.uint8)
    for index, image in enumerate(images):
        grid[divmod(index, columns)] = image
    picture = grid.transpose(0, 2, 1, 3, 4).reshape(rows * height, columns * width, channels)
    return _over_checkerboard(picture) if channels == 4 else picture


def scatter(points: np.ndarray, bounds: tuple[float, float]) -> np.ndarray:
    """Draw points as dots, the darker the more of them lie on each other.

    Args:
        points: [N, 2].
        bounds: Of both axes, y upwards; what lies outside is left out.

    Returns:
        uint8 [384, 384, 1].
    """
    low, high = bounds
    counts, _, _ = np.histogram2d(points[:, 1], points[:, 0], _SIDE, [[low, high], [low, high]])
    # A dot covers the places beside its own, too.
    padded = np.pad(counts, 1)
    dots = sum(padded[y : y + _SIDE, x : x + _SIDE] for y in range(3) for x in range(3))
    levels = 255.0 * 0.6 ** np.asarray(dots)
    return np.flipud(np.rint(levels).astype(np.uint8))[:, :, None]


def write_png(path: Path, pixels: np.ndarray, *, flushed: bool = True) -> None:
    """Write uint8 [H, W, 1, 3 or 4] as a PNG, whole or not at all.

    Args:
        path: Of the file.
        pixels: Grey, RGB or RGBA; alpha is not premultiplied.
        flushed: See `complete_or_absent`.

    Raises:
        OSError: It cannot be written.
    """
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    encoded = BytesIO()
    # Of zlib's strategies Z_RLE "is designed to be almost as fast as Z_HUFFMAN_ONLY, but give
    # better compression for PNG image data" (zlib.h, deflateInit2). For pictures of 64×64 and
    # 96×96 it takes a third to a half of the time of Pillow's default; the files are as large.
    image.save(encoded, format="PNG", compress_type=zlib.Z_RLE)
    write_bytes(path, encoded.getbuffer(), flushed=flushed)


def _over_checkerboard(pixels: np.ndarray) -> np.ndarray:
    """RGBA pixels, uint8 [H, W, 4], over white and light grey squares: uint8 [H, W, 3]."""
    down, across = (np.arange(side) // _SQUARE for side in pixels.shape[:2])
    board = np.where((down[:, None] + across) % 2, _GREY, _WHITE).astype(np.uint16)[:, :, None]
    colours, alpha = pixels[:, :, :3].astype(np.uint16), pixels[:, :, 3:].astype(np.uint16)
    return ((alpha * colours + (255 - alpha) * board + 127) // 255).astype(np.uint8)
