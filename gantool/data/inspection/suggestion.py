"""The `data:` section of a recipe that suits a source."""

import json
from collections import Counter

from gantool.data.inspection.survey import Size, Survey
from gantool.data.sources.choice import USUAL, Asked, Split
from gantool.recipe.data import Features, LabelFile

CELEBA, FACE = (218, 178), 108
"""Height and width of CelebA's aligned images (its README), and the side of the square around the
face that is usually cut out of them: DCGAN's published code has `input_height` 108 for it
(carpedm20/DCGAN-tensorflow, main.py)."""

_LARGEST, _LARGEST_FOUND = 64, 128
"""Sides: of what is suggested by itself, and of square images that are left as large as they are:
what a small GPU trains in hours."""

_SHARE = 0.9
"""Of the images that are not to be enlarged."""


def data_lines(
    found: Survey,
    labels: Asked | None = None,
    split: Split | None = None,
    features: Features = USUAL,
) -> list[str]:
    """Lines that can be pasted into a recipe; none if no image can be used.

    Args:
        found: what is known of the source.
        labels: what was asked for; None if the source decided.
        split: what was asked for.
        features: what was asked for.
    """
    if not found.sizes:
        return []
    size, crop, reason = _size_and_crop(found)
    hint = "  # 4 keeps transparency" if found.transparent else ""
    parts = features.model_dump(exclude_none=True).items()
    named = ", ".join(f"{part}: {quoted(name)}" for part, name in parts)
    lines = [
        "data:",
        # In quotes, which no name needs to be spared: 1e5, no and ~ are text then.
        f"  source: {quoted(found.source)}",
        *([] if split is None else [f"  split: {split}"]),
        *([f"  features: {{{named}}}"] if named else []),
        f"  size: [{size[0]}, {size[1]}]  # {reason}",
        f"  channels: {1 if _is_grey(found) else 3}{hint}",
        f"  labels: {labels_value(found, labels)}",
    ]
    if crop is not None:
        lines.append(f"  crop: [{crop}, {crop}]")
    return lines


def _size_and_crop(found: Survey) -> tuple[Size, int | None, str]:
    """The size, the crop, and why."""
    if set(found.sizes) == {CELEBA}:
        return (_LARGEST, _LARGEST), FACE, "of the faces, which the crop cuts out"
    sides: Counter[int] = Counter()
    for size, count in found.sizes.items():
        sides[min(size)] += count
    side = min(sides)
    if set(found.sizes) == {(side, side)} and side <= _LARGEST_FOUND:
        return (side, side), None, "as all images are"
    # A power of two, which layers of stride 2 make with ease.
    images = sides.total()
    side = _LARGEST
    while side > 1 and _at_least(sides, side) < _SHARE * images:
        side //= 2
    large = _at_least(sides, side)
    # Rounded down: 100 % are all.
    share = "all images" if large == images else f"{int(100 * large / images)} % of the images"
    more = "; a larger size trains longer" if side == _LARGEST else ""
    return (side, side), None, f"{share} have it in both directions{more}"


def _at_least(sides: Counter[int], side: int) -> int:
    """How many images are so large."""
    return sum(count for shorter, count in sides.items() if shorter >= side)


def labels_value(found: Survey, asked: Asked | None) -> str:
    """What stands behind `labels:`, if the classes are those that were asked for."""
    if isinstance(asked, LabelFile):
        return (
            quoted(asked.file)
            if asked.column is None
            else (f"{{file: {quoted(asked.file)}, column: {quoted(asked.column)}}}")
        )
    if isinstance(asked, tuple):
        return f"[{', '.join(map(quoted, asked))}]"
    return "true" if len(found.classes) > 1 else "false"


def quoted(text: str) -> str:
    """Text in quotes as YAML reads it, on one line, of characters that can be printed."""
    return "".join(
        one if one.isprintable() else f"\\U{ord(one):08x}"
        for one in json.dumps(text, ensure_ascii=False)
    )


def _is_grey(found: Survey) -> bool:
    return all(mode in ("1", "L", "LA") or mode.startswith("I") for mode in found.modes)
