"""The `data:` section of a recipe that suits a source."""

import json

from gantool.data.inspection.survey import Size, Survey

_CELEBA, _FACE = (218, 178), 108
"""Height and width of CelebA's aligned images (its README), and the side of the square around the
face that is usually cut out of them: DCGAN's published code has `input_height` 108 for it
(carpedm20/DCGAN-tensorflow, main.py)."""

_LARGEST, _LARGEST_FOUND = 64, 128
"""Sides: of what is suggested by itself, and of square images that are left as large as they are:
what a small GPU trains in hours."""


def data_lines(found: Survey) -> list[str]:
    """Lines that can be pasted into a recipe; none if no image can be used."""
    if not found.sizes:
        return []
    size, crop = _size_and_crop(found)
    hint = "  # 4 keeps transparency" if found.transparent else ""
    lines = [
        "data:",
        # In quotes, which no name needs to be spared: 1e5, no and ~ are text then.
        f"  source: {json.dumps(found.source, ensure_ascii=False)}",
        f"  size: [{size[0]}, {size[1]}]",
        f"  channels: {1 if _is_grey(found) else 3}{hint}",
        f"  labels: {'true' if len(found.classes) > 1 else 'false'}",
    ]
    if crop is not None:
        lines.append(f"  crop: [{crop}, {crop}]")
    return lines


def _size_and_crop(found: Survey) -> tuple[Size, int | None]:
    if set(found.sizes) == {_CELEBA}:
        return (_LARGEST, _LARGEST), _FACE
    side = min(min(size) for size in found.sizes)
    if set(found.sizes) == {(side, side)} and side <= _LARGEST_FOUND:
        return (side, side), None
    # The next smaller power of two, which layers of stride 2 make with ease; what is smaller than
    # that in a few images is enlarged.
    [(common, _)] = found.sizes.most_common(1)
    power = 1 << (min(common).bit_length() - 1)
    side = min(_LARGEST, power)
    return (side, side), None


def _is_grey(found: Survey) -> bool:
    return all(mode in ("1", "L", "LA") or mode.startswith("I") for mode in found.modes)
