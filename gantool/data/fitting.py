"""From a decoded picture to pixels of the size and channels that a recipe asks for."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor

from gantool.data.decoding import UnreadableImageError, decode_smaller
from gantool.data.depth import FULL, TooWideError, narrowed, strips
from gantool.recipe.data import Data

Size = tuple[int, int]
"""Height and width."""

_FILTERS = {
    "lanczos": Image.Resampling.LANCZOS,
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
}

_TURNS = {
    90: Image.Transpose.ROTATE_270,  # Pillow's are counterclockwise
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Fit:
    """How any picture becomes one of a fixed shape; first it is transposed, then rotated.

    Attributes:
        size: Of the result.
        channels: 1 for grey, 3 for RGB, 4 for RGB with transparency (0 transparent, 255 opaque).
        crop: Of the piece that is kept before resizing; None for all, or where `fit` is crop for
            the largest one with the proportions of `size`.
        background: The colour behind transparent pixels and of what is padded, as `PIL.ImageColor`
            reads it; with 4 channels what is padded is transparent.
        fit: What becomes of other proportions than those of `size`: crop, pad or stretch.
        crop_at: Where the piece lies: center, top, bottom, left or right.
        resize: By which filter: lanczos, nearest or box.
        transpose: Whether rows and columns are exchanged.
        rotate: Degrees clockwise: 0, 90, 180 or 270.
        white: The value of white in pixels of 16 bits.
    """

    size: Size
    channels: int = 3
    crop: Size | None = None
    background: str = "white"
    fit: str = "crop"
    crop_at: str = "center"
    resize: str = "lanczos"
    transpose: bool = False
    rotate: int = 0
    white: int = FULL

    def smaller(self, times: int) -> Fit:
        """The same for a picture that was decoded so many times smaller."""
        if self.crop is None or times == 1:
            return self
        return replace(self, crop=(self.crop[0] // times, self.crop[1] // times))

    @property
    def is_turned(self) -> bool:
        """Whether pictures are transposed or rotated."""
        return self.transpose or self.rotate != 0


def fit_of(data: Data) -> Fit:
    """How the pictures of a recipe are fitted; where its white is auto, without that."""
    return Fit(
        data.image_size,
        data.channels,
        data.crop,
        data.background,
        data.fit,
        data.crop_at,
        data.resize,
        data.transpose,
        data.rotate,
        data.white if isinstance(data.white, int) else FULL,
    )


def decode_for(data: bytes, fit: Fit) -> tuple[Image.Image, int]:
    """Decode an image file for `prepare`; a JPEG much larger than needed is made smaller at once.

    Returns:
        The image, and how many times smaller than in its file it is: 1, 2, 4 or 8.

    Raises:
        UnreadableImageError: see `gantool.data.decoding.decode`.
    """
    return decode_smaller(data, lambda height, width: reduction(height, width, fit), fit.white)


def reduction(height: int, width: int, fit: Fit) -> int:
    """How many times smaller a JPEG may be decoded: 8, 4, 2 or 1.

    What is kept of it stays at least twice as large as the result, so that the last and finer part
    of shrinking it is the filter's of `prepare`; and image and crop stay whole numbers of pixels.
    Height and width are those of the file.
    """
    if fit.resize == "nearest":
        return 1
    try:
        # EXIF data may turn it on its side.
        kept = [_kept_and_made(*sides, fit) for sides in ((height, width), (width, height))]
    except UnreadableImageError:
        return 1
    enough = min(min(k[0] // (2 * m[0]), k[1] // (2 * m[1])) for k, m in kept)
    common = math.gcd(height, width, *(fit.crop or ()))
    return next(times for times in (8, 4, 2, 1) if times <= max(enough, 1) and common % times == 0)


def prepare(image: Image.Image, fit: Fit) -> NDArray[np.uint8]:
    """Bring an image to a size and a number of channels.

    Args:
        image: Of any mode that `gantool.data.decoding.decode` returns.
        fit: How.

    Returns:
        [height, width, channels] uint8.

    Raises:
        UnreadableImageError: The crop is larger than the image, or a pixel of it has more than
            16 bits.
    """
    try:
        image = narrowed(_turned(image, fit), fit.white)
    except TooWideError as error:
        raise UnreadableImageError(str(error)) from None
    top, left, height, width = window(image.height, image.width, fit)
    if (height, width) != (image.height, image.width):
        image = image.crop((left, top, left + width, top + height))
    size = _made(height, width, fit)
    if fit.channels == 4:
        return _padded(_with_alpha(image, size, fit.resize), fit)
    image = _in_mode(_opaque(image, fit.background), "L" if fit.channels == 1 else "RGB")
    if (image.height, image.width) != size:
        image = image.resize((size[1], size[0]), _FILTERS[fit.resize])
    return _padded(np.asarray(image, np.uint8).reshape(*size, fit.channels), fit)


def window(height: int, width: int, fit: Fit) -> tuple[int, int, int, int]:
    """The piece of an image of this height and width, turned already, that is kept.

    Returns:
        Its first row, first column, height and width.

    Raises:
        UnreadableImageError: The crop is larger than the image.
    """
    kept = fit.crop or (_largest(height, width, fit.size) if fit.fit == "crop" else (height, width))
    if kept[0] > height or kept[1] > width:
        raise UnreadableImageError(
            f"a crop of {kept[0]}×{kept[1]} (height×width) is larger than the image,"
            f" {height}×{width}; make the crop smaller or leave it out"
        )
    down, right = height - kept[0], width - kept[1]
    top = {"top": 0, "bottom": down}.get(fit.crop_at, down // 2)
    left = {"left": 0, "right": right}.get(fit.crop_at, right // 2)
    return top, left, *kept


def _kept_and_made(height: int, width: int, fit: Fit) -> tuple[Size, Size]:
    """Height and width of what is kept of an image, and of what is made of that without padding."""
    _, _, *kept = window(height, width, fit)
    return (kept[0], kept[1]), _made(kept[0], kept[1], fit)


def _made(height: int, width: int, fit: Fit) -> Size:
    """The size that what is kept is resized to: the largest within `size` where that is padded."""
    if fit.fit != "pad":
        return fit.size
    if height * fit.size[1] >= width * fit.size[0]:
        return fit.size[0], max(1, round(width * fit.size[0] / height))
    return max(1, round(height * fit.size[1] / width)), fit.size[1]


def _largest(height: int, width: int, size: Size) -> tuple[int, int]:
    """Height and width of the largest piece with the proportions of `size`."""
    if width * size[0] >= height * size[1]:
        return height, max(1, round(height * size[1] / size[0]))
    return max(1, round(width * size[0] / size[1])), width


def _turned(image: Image.Image, fit: Fit) -> Image.Image:
    if fit.transpose:
        image = image.transpose(Image.Transpose.TRANSPOSE)
    return image.transpose(_TURNS[fit.rotate]) if fit.rotate else image


def _padded(pixels: NDArray[np.uint8], fit: Fit) -> NDArray[np.uint8]:
    """The pixels in the middle of what the size has room for."""
    height, width = pixels.shape[:2]
    if (height, width) == fit.size:
        return pixels
    whole = np.zeros((*fit.size, fit.channels), np.uint8)
    if fit.channels < 4:
        colour = Image.new("RGB", (1, 1), ImageColor.getrgb(fit.background)[:3])
        whole[:] = np.asarray(_in_mode(colour, "L" if fit.channels == 1 else "RGB")).reshape(-1)
    top, left = (fit.size[0] - height) // 2, (fit.size[1] - width) // 2
    whole[top : top + height, left : left + width] = pixels
    return whole


def _opaque(image: Image.Image, background: str) -> Image.Image:
    """Grey stays grey; all else becomes RGB, over the background where it is transparent."""
    if image.has_transparency_data:
        colour = ImageColor.getrgb(background)[:3]
        whole = Image.new("RGB", image.size)
        for box in strips(image.size):
            strip = image.crop(box).convert("RGBA")
            base = Image.new("RGBA", strip.size, (*colour, 255))
            base.alpha_composite(strip)
            whole.paste(base.convert("RGB"), box)
        return whole
    # "1" and "L" are grey; RGB in between makes CMYK, LAB and palettes grey by their colours.
    return image if image.mode in ("1", "L") else _in_mode(image, "RGB")


def _with_alpha(image: Image.Image, size: Size, resize: str) -> NDArray[np.uint8]:
    """[height, width, 4] uint8 of any size; transparent pixels are black below.

    Colours are resized weighted by their opacity, and the weight is taken out again: what lies
    hidden below transparent pixels does not bleed into those beside them.
    """
    fits = (image.height, image.width) == size
    mode = "RGBA" if fits or resize == "nearest" else "RGBa"  # weighted
    whole = Image.new(mode, image.size)
    for box in strips(image.size):
        strip = image.crop(box)
        if not image.has_transparency_data:
            strip = _in_mode(strip, "RGB")
        whole.paste(_in_mode(strip.convert("RGBA"), mode), box)
    if not fits:
        whole = _in_mode(whole.resize((size[1], size[0]), _FILTERS[resize]), "RGBA")
    pixels = np.array(whole)
    pixels[pixels[..., 3] == 0] = 0
    return pixels


def _in_mode(image: Image.Image, mode: str) -> Image.Image:
    """The image itself where it has the mode; Pillow would copy it."""
    return image if image.mode == mode else image.convert(mode)
