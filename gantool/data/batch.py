"""A batch on its way from files to pixels: what TensorFlow is to decode, and what is ready."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gantool.data.decoding import UnreadableImageError
from gantool.data.fitting import fit_of, reduction, window
from gantool.data.jpeg import plain_header
from gantool.data.resampling import Band, band, interleaved
from gantool.recipe.data import Data

_CHUNK = 16
"""JPEG files are decoded and resized by at most so many: fewer and larger products of matrices."""


class Jpeg(NamedTuple):
    """A JPEG file that TensorFlow decodes as Pillow does, and the piece of it that is kept.

    Attributes:
        content: the file.
        window: what is decoded: first row, first column, height and width.
        width: of what is kept of it.
    """

    content: bytes
    window: tuple[int, int, int, int]
    width: int


class Batch(NamedTuple):
    """The images of a batch, in two heaps.

    Attributes:
        jpegs: [N] bytes; their windows, and what is kept of them, have one size. N is a multiple
            of `chunk_size(B)`, the last one repeated where there are fewer.
        windows: [N, 4] int32, first row, first column, height and width of what is decoded. All
            rows of it are kept, and all columns or all but the last.
        fitting: whether what is decoded has the right size already.
        columns: resizes the rows of what is kept, pixels interleaved.
        rows: resizes its columns.
        pixels: [M, H, W, C] uint8, the other images.
        places: [B] int32: of each image of the batch, its place among `jpegs` and then
            `pixels`.
    """

    jpegs: NDArray[np.object_]
    windows: NDArray[np.int32]
    fitting: np.bool_
    columns: Band
    rows: Band
    pixels: NDArray[np.uint8]
    places: NDArray[np.int32]


def chunk_size(batch_size: int) -> int:
    """How many JPEG files of a batch are decoded and resized together."""
    return -(-batch_size // -(-batch_size // _CHUNK))


def find_jpeg(content: bytes, data: Data) -> Jpeg | None:
    """The file as one for TensorFlow to decode; None if that is better left to Pillow.

    Pillow decodes at a smaller scale where that is enough, which is faster still. It makes grey of
    colours by another formula than a JPEG file does. And where an image is not resized in
    proportion, which axis comes first, and with it the rounding in between, depends on Pillow's
    version; TensorFlow's way is rows first, as that of all versions is otherwise.
    """
    fit = fit_of(data)
    if fit.is_turned or fit.resize != "lanczos":
        return None
    header = plain_header(content)
    if header is None or header.components > data.channels:
        return None
    try:
        top, left, height, width = window(header.height, header.width, fit)
    except UnreadableImageError:
        return None
    if height * data.image_size[1] != width * data.image_size[0]:
        return None
    if reduction(header.height, header.width, fit) > 1:
        return None
    # Where colours have half the resolution, a pixel takes some from its neighbour on the right.
    # libjpeg leaves that out at the edge of a window, so there is to be one column more.
    neighbour = left + width < header.width
    return Jpeg(content, (top, left, height, width + neighbour), width)


def of_one_size(found: list[Jpeg | None]) -> list[Jpeg | None]:
    """Those whose windows have the size of the first one's: one matrix resizes them all."""
    sizes = [(*jpeg.window[2:], jpeg.width) for jpeg in found if jpeg is not None]
    return [jpeg if jpeg and (*jpeg.window[2:], jpeg.width) == sizes[0] else None for jpeg in found]


def assemble(found: list[Jpeg | None], pixels: NDArray[np.uint8], data: Data) -> Batch:
    """Make a batch.

    Args:
        found: an image each, None for the next of `pixels`.
        pixels: [M, H, W, C].
        data: the recipe's section.
    """
    jpegs = [jpeg for jpeg in found if jpeg is not None]
    decoded = np.array([jpeg is not None for jpeg in found], bool)
    places = np.empty(len(found), np.int32)
    places[decoded] = np.arange(len(jpegs))
    jpegs += jpegs[-1:] * (-len(jpegs) % chunk_size(len(found)))
    places[~decoded] = len(jpegs) + np.arange(len(pixels))
    contents = np.empty(len(jpegs), object)
    contents[:] = [jpeg.content for jpeg in jpegs]
    fitting = (*data.image_size, data.image_size[1])
    height, width = (jpegs[0].window[2], jpegs[0].width) if jpegs else data.image_size
    return Batch(
        jpegs=contents,
        windows=np.array([jpeg.window for jpeg in jpegs], np.int32).reshape(-1, 4),
        fitting=np.bool_(all((*jpeg.window[2:], jpeg.width) == fitting for jpeg in jpegs[:1])),
        columns=interleaved(width, data.image_size[1], data.channels),
        rows=band(height, data.image_size[0]),
        pixels=pixels,
        places=places,
    )
