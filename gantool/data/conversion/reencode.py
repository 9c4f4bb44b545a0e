"""One image of a converted set: cropped, resized and encoded again, not larger than it was."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gantool.data.decoding import decode
from gantool.data.fitting import Fit, Size, prepare, window

QUALITIES = range(95, 9, -5)
"""Of JPEG files, tried in this order until one is small enough."""

COLOURS = (256, 192, 128, 96, 64, 48, 32, 24, 16)
"""Of PNG files that are too large with all their colours, tried in this order."""

_JPEG = ("JPEG", "MPO")
"""Pillow calls a JPEG with a second picture behind it, as some cameras write, MPO."""

_COMPACT = ("PNG", "GIF")
"""Formats whose files of drawings, most of them palettes, a PNG of all colours would outgrow."""


def reencode(data: bytes, size: Size, crop: Size | None, overhead: int = 0) -> bytes:
    """Bring an image file to a size: JPEG as JPEG, all else as PNG.

    A JPEG or PNG whose size is right already comes back as it is. Where an image does not grow, the
    quality of a JPEG is stepped down from 95, and the colours of what was PNG or GIF are made fewer
    until the result is not larger than `data`.

    Args:
        data: the image file.
        size: of the result.
        crop: of the centred piece that is kept; None for the largest with the proportions of
            `size`.
        overhead: bytes by which the result is to be smaller than `data`.

    Raises:
        UnreadableImageError: the image cannot be used.
    """
    image = decode(data)
    window(image.height, image.width, Fit(size, crop=crop))  # refuses a crop that is larger
    here = (image.height, image.width)
    is_jpeg = image.format in _JPEG
    if (is_jpeg or image.format == "PNG") and here == size and crop in (None, here):
        return data
    grows = size[0] * size[1] > (crop or here)[0] * (crop or here)[1]
    limit = None if grows else len(data) - overhead
    if is_jpeg:
        return _jpeg(image, size, crop, limit)
    return png(_pixels(image, size, crop), limit if image.format in _COMPACT else None)


def encode(image: Image.Image, size: Size, crop: Size | None) -> bytes:
    """Bring an image that comes from no image file to a size, as PNG.

    Raises:
        UnreadableImageError: the crop is larger than the image.
    """
    return png(_pixels(image, size, crop), None)


def png(pixels: NDArray[np.uint8], limit: int | None) -> bytes:
    """A PNG, without loss unless it would have more bytes than `limit`.

    Args:
        pixels: [H, W, C]; grey, grey and alpha, RGB or RGBA.
        limit: None for none.
    """
    image = Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels)
    best = _save(_with_palette(pixels) or image, "PNG")
    if limit is None or len(best) <= limit:
        return best
    transparent = pixels.shape[-1] in (2, 4)
    # The only method that knows transparency, and the best one that does not.
    method = Image.Quantize.FASTOCTREE if transparent else Image.Quantize.MEDIANCUT
    image = image.convert("RGBA" if transparent else "RGB")
    for colours in COLOURS:
        # Dithering would be noise to a network, and to the compression.
        fewer = image.quantize(colours, method, dither=Image.Dither.NONE)
        best = min(best, _save(fewer, "PNG", optimize=True), key=len)
        if len(best) <= limit:
            break
    return best


def _jpeg(image: Image.Image, size: Size, crop: Size | None, limit: int | None) -> bytes:
    image = _resized(image, size, crop)
    for quality in QUALITIES:
        # Colours at full resolution: in pictures of this size it shows when they are halved.
        data = _save(image, "JPEG", quality=quality, subsampling="4:4:4")
        if limit is None or len(data) <= limit:
            break
    return data


def _resized(image: Image.Image, size: Size, crop: Size | None) -> Image.Image:
    if crop is not None and image.mode == "RGB":
        # As `prepare` does it, but for its way by an array, which is a tenth of the time here.
        top, left, height, width = window(image.height, image.width, Fit(size, crop=crop))
        image = image.crop((left, top, left + width, top + height))
        return image.resize((size[1], size[0]), Image.Resampling.LANCZOS)
    pixels = prepare(image, Fit(size, _colour_channels(image), crop, "black"))
    return Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels)


def _colour_channels(image: Image.Image) -> int:
    return 1 if image.mode in ("1", "L", "LA") or image.mode.startswith("I") else 3


def _pixels(image: Image.Image, size: Size, crop: Size | None) -> NDArray[np.uint8]:
    """[H, W, C], with alpha if any pixel is transparent."""
    colours = _colour_channels(image)
    if image.has_transparency_data:
        pixels = prepare(image, Fit(size, 4, crop, "black"))
        if pixels[..., 3].min() < 255:
            return pixels if colours == 3 else pixels[..., [0, 3]]
    return prepare(image, Fit(size, colours, crop, "black"))


def _with_palette(pixels: NDArray[np.uint8]) -> Image.Image | None:
    """The same image with a palette; None if it is grey or has more than 256 colours."""
    channels = pixels.shape[-1]
    if channels < 3:
        return None
    mode = "RGBA" if channels == 4 else "RGB"
    # Pillow stops counting at the 257th; NumPy would sort all of them.
    if Image.fromarray(pixels).getcolors(256) is None:
        return None
    # As one number each: NumPy sorts rows of several ten times slower.
    packed = np.zeros((*pixels.shape[:2], 4), np.uint8)
    packed[..., :channels] = pixels
    colours, numbers = np.unique(packed.view(np.uint32), return_inverse=True)
    palette = colours.view(np.uint8).reshape(-1, 4)[:, :channels]
    image = Image.fromarray(numbers.reshape(pixels.shape[:2]).astype(np.uint8))
    image.putpalette(palette.tobytes(), mode)
    return image


def _save(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()
