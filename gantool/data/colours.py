"""Colours as the profile embedded in an image means them, brought to sRGB."""

from __future__ import annotations

import hashlib
import threading
from io import BytesIO
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageCms

from gantool.errors import printable

MAX_BYTES = 1 << 22
"""Of a profile; those of printers have two megabytes. A larger one is not used."""

_REMEMBERED = 64
"""Profiles. To make a transform takes as long as to decode an image."""

_SAME = 2
"""Levels of 255 by which colours may differ where a profile counts as sRGB."""

_NAME = 60
"""Characters of a profile's name that are kept."""

_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
"""Of images that a profile may belong to, by its own word for its colours."""

_KINDS = {
    **dict.fromkeys(("RGB", "RGBA", "RGBX", "P", "PA", "YCbCr"), "RGB"),
    **dict.fromkeys(("L", "LA", "I;16", "I;16B", "I;16L"), "L"),
    "CMYK": "CMYK",
}
"""What images of a mode hold, as one of the values of `_MODES`."""


class _Known(NamedTuple):
    """What is known of a profile.

    Attributes:
        name: What it calls itself.
        kind: Which images it is for, of the values of `_MODES`; empty where it cannot be used.
        transform: To sRGB; None where that changes nothing, or `curve` does it.
        curve: Of grey, [256] uint8: what becomes of each value; None where it stays.
    """

    name: str
    kind: str = ""
    transform: ImageCms.ImageCmsTransform | None = None
    curve: np.ndarray | None = None


_known: dict[bytes, _Known] = {}
_making = threading.Lock()


def profile_name(image: Image.Image) -> str:
    """What the profile calls itself that an image from `decode` was saved with; empty without."""
    return str(image.info.get("profile", ""))


def profile_of_jpeg2000(data: bytes) -> bytes:
    """The profile in a file of JPEG 2000, which Pillow passes over; empty without."""
    head = data.partition(b"jp2c")[0]
    # A box "colr" whose method is 2, "restricted ICC profile" (ISO 15444-1, I.5.3.3).
    place = head.find(b"colr\x02")
    length = int.from_bytes(head[max(place - 4, 0) : max(place, 0)], "big")
    return head[place + 7 : place - 4 + length] if place >= 4 else b""


def is_kept(profile: bytes, kind: str) -> bool:
    """Whether the pixels of an image, of kind RGB, L or CMYK, stay as they are with a profile."""
    known = _of(profile)
    return known.kind != kind or (known.transform is None and known.curve is None)


def in_srgb(image: Image.Image) -> Image.Image:
    """An image in sRGB by the profile that it holds, which is taken away; grey stays grey.

    A profile that is damaged, or is one for other images, is not used. Perceptual, as browsers do.
    """
    profile = image.info.pop("icc_profile", None)
    if not isinstance(profile, bytes) or not profile:
        return image
    known = _of(profile)
    image.info["profile"] = known.name
    if known.kind != _KINDS.get(image.mode):
        return image
    made = image
    if known.curve is not None:
        made = _grey(image, known.curve)
    elif known.transform is not None:
        made = _coloured(image, known.transform)
    if made is not image:
        made.format = image.format
        made.info = {key: image.info[key] for key in image.info if key != "transparency"}
    return made


def _coloured(image: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    if image.mode == "P" and image.palette is not None and image.palette.mode == "RGB":
        colours = bytes(image.getpalette("RGB") or ())
        palette = Image.frombytes("RGB", (len(colours) // 3, 1), colours)
        image.putpalette(_applied(transform, palette).tobytes())
        return image
    if image.mode == "CMYK":
        return _applied(transform, image)
    if not image.has_transparency_data:
        return _applied(transform, image if image.mode == "RGB" else image.convert("RGB"))
    image = image.convert("RGBA")
    made = _applied(transform, image.convert("RGB"))
    made.putalpha(image.getchannel("A"))
    return made


def _applied(transform: ImageCms.ImageCmsTransform, image: Image.Image) -> Image.Image:
    made = Image.new("RGB", image.size)
    transform.transform.apply(image.getim(), made.getim())
    return made


def _grey(image: Image.Image, curve: np.ndarray) -> Image.Image:
    if image.mode.startswith("I"):
        if "transparency" in image.info:  # of two values that become one, one may be transparent
            return image
        fine = np.interp(np.arange(65536) / 257.0, np.arange(256), curve) * 257.0
        return Image.fromarray(np.rint(fine).astype(np.uint16)[np.asarray(image)])
    if not image.has_transparency_data:
        return image.point(curve.tolist())
    image = image.convert("LA")
    made = image.getchannel("L").point(curve.tolist())
    made.putalpha(image.getchannel("A"))
    return made


def _of(profile: bytes) -> _Known:
    digest = hashlib.sha256(profile).digest()
    found = _known.get(digest)
    if found is None:
        with _making:
            if len(_known) >= _REMEMBERED:
                _known.clear()
            found = _known[digest] = _read(profile)
    return found


def _read(profile: bytes) -> _Known:
    # Elements of "mpet" are worked out step by step, as many as a file has, for each of thousands
    # of colours.
    if len(profile) > MAX_BYTES or b"mpet" in profile:
        return _Known("unusable")
    try:
        opened = ImageCms.ImageCmsProfile(BytesIO(profile))
        kind = _MODES[opened.profile.xcolor_space.strip()]
        transform = ImageCms.ImageCmsTransform(
            opened,
            ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
            kind,
            "RGB",
            ImageCms.Intent.PERCEPTUAL,
            # One transform serves all threads.
            flags=ImageCms.Flags.NOCACHE,
        )
        told = " ".join((opened.profile.profile_description or "").split())
        name = printable(told[:_NAME]) or "unnamed"
        if kind == "CMYK":
            return _Known(name, kind, transform)
        if kind == "RGB":
            same = _difference(transform, _probe()) <= _SAME
            return _Known(name, kind, None if same else transform)
        levels = Image.fromarray(np.arange(256, dtype=np.uint8)[np.newaxis])
        curve = np.asarray(_applied(transform, levels))[0, :, 1]
        same = np.abs(curve.astype(int) - np.arange(256)).max() <= _SAME
        return _Known(name, kind, None, None if same else curve)
    # A damaged profile makes Pillow raise several kinds of errors.
    except Exception:
        return _Known("unusable")


def _probe() -> Image.Image:
    """Colours all over the cube, of 18 levels each."""
    levels = np.arange(0, 256, 15, dtype=np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1)
    return Image.fromarray(cube.reshape(len(levels), -1, 3))


def _difference(transform: ImageCms.ImageCmsTransform, image: Image.Image) -> int:
    made = np.asarray(_applied(transform, image)).astype(int)
    return int(np.abs(made - np.asarray(image)).max())
