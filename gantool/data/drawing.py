"""Pictures of several examples, and their way into a PNG."""

import zlib
from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from gantool.files import write_bytes

TEXT_KEY = "gantool"
"""The keyword of the text in a PNG that tells where its pixels come from."""

_SQUARE = 8
"""Side of a square of the checkerboard, in pixels."""

_WHITE, _GREY = 255, 204

_SMALLEST, _LARGEST = 8, 16
"""Of the letters of names, in pixels."""

_GAP, _ROOM = 4, 160
"""Of names: pixels on both sides of one, and of the longest."""

_IN_NO_FONT = "\uffff"
"""Is no character: a font shows for it what it shows for all that it lacks."""

_SIDE = 384
"""Of a picture of points, in pixels."""


def enlarged(images: np.ndarray, scale: int) -> np.ndarray:
    """Each pixel of images [..., H, W, C] as scale × scale equal ones."""
    return images.repeat(scale, axis=-3).repeat(scale, axis=-2)


def tile(images: Sequence[np.ndarray], rows: int, columns: int, spacing: int = 0) -> np.ndarray:
    """Lay images out row by row; places that are left over stay black.

    Images with an alpha channel lie over a checkerboard, and so do the places left over.

    Args:
        images: At most rows · columns of uint8 [H, W, C], all of one shape.
        rows: Of the grid.
        columns: Of the grid.
        spacing: White pixels between two images, none around them.

    Returns:
        uint8 [rows · (H + spacing) - spacing, columns · (W + spacing) - spacing, C]; three channels
        where C is 4.
    """
    height, width, channels = images[0].shape
    grid = np.full((rows, height + spacing, columns, width + spacing, channels), _WHITE, np.uint8)
    grid[:, :height, :, :width] = 0
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        grid[row, :height, column, :width] = image
    down, across = rows * (height + spacing), columns * (width + spacing)
    picture = grid.reshape(down, across, channels)[: down - spacing, : across - spacing]
    return _over_checkerboard(picture) if channels == 4 else picture


def beside_rows(picture: np.ndarray, names: Sequence[str], spacing: int = 0) -> np.ndarray:
    """Write a name to the left of each row of a picture.

    Args:
        picture: uint8 [H, W, C] of rows of equal height.
        names: Of the rows, from top to bottom; what is long is cut. One that the font cannot write
            stays empty.
        spacing: Pixels between two rows.

    Returns:
        uint8 [H, W + margin, C].
    """
    pitch = (len(picture) + spacing) // len(names)
    height = pitch - spacing
    font = _font(min(max(height // 2, _SMALLEST), _LARGEST))
    texts = [_shortened(name, font) for name in names]
    margin = 2 * _GAP + round(max(font.getlength(text) for text in texts))
    strip = Image.new("L", (margin, len(picture)), _WHITE)
    draw = ImageDraw.Draw(strip)
    for row, text in enumerate(texts):
        draw.text((margin - _GAP, row * pitch + 0.5 * height), text, fill=0, font=font, anchor="rm")
    written = np.repeat(np.asarray(strip)[:, :, None], picture.shape[2], axis=2)
    return np.concatenate([written, picture], axis=1)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    import matplotlib

    # It comes with matplotlib, and has most scripts but those of East Asia.
    return ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf"), size)


def _shortened(name: str, font: ImageFont.FreeTypeFont) -> str:
    """A name as far as there is room for it; empty where the font lacks one of its characters."""
    missing = bytes(font.getmask(_IN_NO_FONT))
    if any(bytes(font.getmask(one)) == missing for one in name):
        return ""
    if font.getlength(name) <= _ROOM:
        return name
    while name and font.getlength(f"{name}…") > _ROOM:
        name = name[:-1]
    return f"{name}…"


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


def write_png(path: Path, pixels: np.ndarray, text: str = "") -> None:
    """Write uint8 [H, W, 1, 3 or 4] as a PNG, whole or not at all.

    Args:
        path: Of the file.
        pixels: Grey, RGB or RGBA; alpha is not premultiplied.
        text: See `encode_png`.

    Raises:
        OSError: It cannot be written.
    """
    write_bytes(path, encode_png(pixels, text))


def encode_png(pixels: np.ndarray, text: str = "") -> memoryview:
    """The bytes of a PNG of uint8 [H, W, 1, 3 or 4].

    Args:
        pixels: Grey, RGB or RGBA; alpha is not premultiplied.
        text: What it says, in ASCII, of where its pixels come from; nothing where it is empty.
    """
    notes = PngInfo()
    if text:
        notes.add_text(TEXT_KEY, text)
    encoded = BytesIO()
    # Of zlib's strategies Z_RLE "is designed to be almost as fast as Z_HUFFMAN_ONLY, but give
    # better compression for PNG image data" (zlib.h, deflateInit2). For pictures of 64×64 and
    # 96×96 it takes a third to a half of the time of Pillow's default; the files are as large.
    as_image(pixels).save(encoded, format="PNG", compress_type=zlib.Z_RLE, pnginfo=notes)
    return encoded.getbuffer()


def as_image(pixels: np.ndarray) -> Image.Image:
    """An image of Pillow, grey, RGB or RGBA, of uint8 [H, W, 1, 3 or 4]."""
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def _over_checkerboard(pixels: np.ndarray) -> np.ndarray:
    """RGBA pixels, uint8 [H, W, 4], over white and light grey squares: uint8 [H, W, 3]."""
    down, across = (np.arange(side) // _SQUARE for side in pixels.shape[:2])
    board = np.where((down[:, None] + across) % 2, _GREY, _WHITE).astype(np.uint16)[:, :, None]
    colours, alpha = pixels[:, :, :3].astype(np.uint16), pixels[:, :, 3:].astype(np.uint16)
    return ((alpha * colours + (255 - alpha) * board + 127) // 255).astype(np.uint8)
