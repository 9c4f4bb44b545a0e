"""Where in an example of a TFRecord file its image and its class are, as many programs write it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from gantool.data.decoding import MAX_SIDE, UnreadableImageError
from gantool.data.records import IMAGE, LABEL, Feature
from gantool.data.sources.choice import naming
from gantool.errors import printable

Features = Mapping[str, Feature]

PLANES = "data"
"""What StyleGAN calls an image: its colours one after the other, beside a `shape`."""

IMAGES = (
    *(IMAGE, "image/encoded", "image", "jpeg", "img", "image_encoded", "image_bytes", "encoded"),
    *("image_string", "img_raw", "image_data", "png", "jpg", PLANES, "picture", "x"),
)
"""Under which of these names bytes are found first, they are the image."""

LABELS = (
    *(LABEL, "labels", "class", "image/class/label", "class_id", "target", "y"),
    *("image/class/text", "class_name"),
)

_HEIGHTS = ("height", "image/height", "image_height", "rows", "h")
_WIDTHS = ("width", "image/width", "image_width", "cols", "columns", "w")
_DEPTHS = ("depth", "channels", "image/channels", "image/depth", "image_channels", "c")
_SHAPES = ("shape", "image/shape", "image_shape")

_ENCODED = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"RIFF")
"""How files begin, where that is no chance."""

_MAYBE_ENCODED = (b"BM", b"II", b"MM", b"P1", b"P2", b"P3", b"P4", b"P5", b"P6")

_NAMES = 10
"""Of features, told in a message."""


class _Shape(NamedTuple):
    height: int
    width: int
    depth: int
    planes: bool
    """Whether the colours lie one after the other."""


def image_of(features: Features, named: str | None) -> bytes:
    """The image file in an example; of raw pixels, one of the format PPM.

    Args:
        features: Of the example.
        named: The recipe's `data.features.image`.

    Raises:
        UnreadableImageError: There is none, or its raw pixels are not as many as stated.
    """
    name = image_name(features, named)
    if name is None:
        raise UnreadableImageError(no_image(features, named))
    if (count := len(features[name].values)) > 1:
        raise UnreadableImageError(f"{printable(name)} holds {count:,} values, and one is an image")
    content: bytes = features[name].values[0]
    if content.startswith(_ENCODED):
        return content
    shape = _shape(features, name, len(content))
    if shape is None:
        _refuse_pixels(content, name)
        return content
    expected = shape.height * shape.width * shape.depth
    if len(content) == expected and shape.depth in (1, 3):
        return _ppm(content, shape)
    if content.startswith(_MAYBE_ENCODED) or content[4:8] == b"ftyp":
        return content
    shown = f"{shape.height}×{shape.width}×{shape.depth}"
    raise UnreadableImageError(
        f"{printable(name)} holds {len(content):,} bytes, and {shown} pixels of one byte a value"
        f" are {expected:,}"
        if len(content) != expected
        else f"its raw pixels are {shown}: 1 value (grey) or 3 (RGB) a pixel are read"
    )


def image_name(features: Features, named: str | None) -> str | None:
    """The feature that holds the image; None if there is none."""
    return _first(features, (named,) if named else IMAGES, ("bytes",))


def label_name(features: Features, named: str | None) -> str | None:
    """The feature that holds the class; None if there is none."""
    return _first(features, (named,) if named else LABELS, ("bytes", "float", "int64"))


def no_image(features: Features, named: str | None) -> str:
    """What is said of an example without an image."""
    if named:
        return f"no bytes under {named} (data.features.image); it holds {listed(features)}"
    return (
        f"no image under a usual name ({', '.join(IMAGES[:5])}, …); it holds {listed(features)}:"
        f" name it with data.features: {{image: …}}, as in {naming('image')}"
        if features
        else "no image in it; it holds nothing"
    )


def listed(features: Features) -> str:
    """Features from a file, with names of any length and any character, for a line of text."""
    told = [_told(name, features[name]) for name in sorted(features)[:_NAMES]]
    more = len(features) - _NAMES
    return (", ".join(told) or "nothing") + (f" and {more:,} more" if more > 0 else "")


def _told(name: str, feature: Feature) -> str:
    shown = printable(name if len(name) <= 60 else f"{name[:60]}…")
    count = len(feature.values)
    if feature.kind == "bytes":
        return f"{shown} ({f'{count:,} × ' if count > 1 else ''}bytes)"
    return f"{shown} ({f'{count:,} × ' if count > 1 else ''}{feature.kind})"


def _first(features: Features, names: Iterable[str], kinds: Sequence[str]) -> str | None:
    for name in names:
        if (feature := features.get(name)) is not None and feature.kind in kinds:
            return name
    return None


def _refuse_pixels(content: bytes, name: str) -> None:
    """Refuse what is no image file and has as many bytes as a square of pixels."""
    if content.startswith(_MAYBE_ENCODED) or len(content) < 16:
        return
    for depth in (1, 3):
        side = math.isqrt(len(content) // depth)
        if side * side * depth == len(content):
            raise UnreadableImageError(
                f"{printable(name)} holds {len(content):,} bytes, as many as {side}×{side} pixels,"
                " but no height and width (int64 under height, width and depth, or shape) say so"
            )


def _shape(features: Features, name: str, size: int) -> _Shape | None:
    """Height, width and depth that an example states."""
    stated = _first(features, _SHAPES, ("int64",))
    if stated is not None and len(sides := list(features[stated].values)) in (2, 3):
        if not all(0 < side <= MAX_SIDE for side in sides):
            return None
        if len(sides) == 2:
            return _Shape(sides[0], sides[1], 1, planes=False)
        depths = (1, 3, 4)
        if sides[0] in depths and (name == PLANES or sides[2] not in depths):
            return _Shape(sides[1], sides[2], sides[0], planes=True)
        return _Shape(sides[0], sides[1], sides[2], planes=False)
    height, width, depth = (_number(features, names) for names in (_HEIGHTS, _WIDTHS, _DEPTHS))
    if height is None or width is None:
        return None
    if depth is None:
        depth = 3 if size == 3 * height * width else 1
    return _Shape(height, width, depth, planes=False)


def _number(features: Features, names: Sequence[str]) -> int | None:
    name = _first(features, names, ("int64",))
    value = None if name is None else int(features[name].values[0])
    return value if value is not None and 0 < value <= MAX_SIDE else None


def _ppm(content: bytes, shape: _Shape) -> bytes:
    """Raw pixels with the few bytes before them that make them an image file."""
    if shape.planes and shape.depth > 1:
        planes = np.frombuffer(content, np.uint8).reshape(shape.depth, shape.height, shape.width)
        content = planes.transpose(1, 2, 0).tobytes()
    kind = 5 if shape.depth == 1 else 6
    return b"P%d %d %d 255\n" % (kind, shape.width, shape.height) + content
