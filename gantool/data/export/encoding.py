"""A picture as the bytes of a file."""

from io import BytesIO
from typing import Literal

import numpy as np

from gantool.data.drawing import as_image, encode_png

Format = Literal["png", "webp", "jpg"]

_LONGEST: dict[Format, int] = {"png": 2**31 - 1, "webp": 16_383, "jpg": 65_500}
"""Pixels of a side, by what each format or its library writes."""

_JPEG_QUALITY = 95


def reason_against(format: Format, shape: tuple[int, ...]) -> str | None:
    """Why pictures [H, W, C] cannot be written in a format; None where they can."""
    height, width, channels = shape
    if format == "jpg" and channels == 4:
        return "a JPEG has no transparency: choose png or webp"
    if max(height, width) > _LONGEST[format]:
        return f"{height}×{width} pixels, and a {format} has {_LONGEST[format]:,} a side at most"
    return None


def encode(pixels: np.ndarray, format: Format, text: str = "") -> bytes | memoryview:
    """Encode uint8 [H, W, 1, 3 or 4].

    PNG and WebP hold the very pixels, also the colours of transparent ones; JPEG, of quality 95
    with colours at full resolution, is near them.

    Args:
        pixels: Grey, RGB or RGBA; alpha is not premultiplied.
        format: One that `reason_against` has nothing against.
        text: Of a PNG, see `encode_png`.
    """
    if format == "png":
        return encode_png(pixels, text)
    encoded = BytesIO()
    if format == "webp":
        as_image(pixels).save(encoded, format="WEBP", lossless=True, exact=True)
    else:
        as_image(pixels).save(encoded, format="JPEG", quality=_JPEG_QUALITY, subsampling=0)
    return encoded.getbuffer()
