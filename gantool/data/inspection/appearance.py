"""What a picture shows whatever its file says: whether it is grey, and whether one sees through."""

from typing import NamedTuple

import numpy as np
from PIL import Image

_SIDE = 64
"""Pixels each way that are looked at, spread evenly."""

_TINT = 8
"""By how much the colours of a pixel may differ in a grey picture: JPEG moves them so far."""


class Appearance(NamedTuple):
    """What a picture shows."""

    grey: bool
    see_through: bool


def appearance(image: Image.Image) -> Appearance:
    """Whether all is grey of what can be seen, and whether a pixel is not opaque.

    Args:
        image: of any mode that `gantool.data.decoding.decode` returns.
    """
    has_no_colours = image.mode.startswith("I") or image.mode in ("1", "L")
    if has_no_colours and not image.has_transparency_data:
        return Appearance(grey=True, see_through=False)
    size = (min(image.width, _SIDE), min(image.height, _SIDE))
    # The nearest pixels, as those of a palette have no means.
    few = image.resize(size, Image.Resampling.NEAREST)
    if not few.has_transparency_data:
        few = few.convert("RGB")
    pixels = np.asarray(few.convert("RGBA"), np.int16)
    visible = pixels[pixels[..., 3] > 0][:, :3]
    is_grey = bool((np.ptp(visible, axis=1) <= _TINT).all())
    return Appearance(is_grey, bool((pixels[..., 3] < 255).any()))
