"""Whether networks are told the classes of pictures."""

from typing import NamedTuple

from gantool.data.inspection.suggestion import labels_value
from gantool.data.inspection.survey import Survey
from gantool.data.sources.choice import Asked
from gantool.data.sources.classes import listed
from gantool.drafting.line import Line
from gantool.errors import InputError, printable

_FEWEST = 10
"""Pictures of a class, on the average: what is told of fewer is which pictures they are."""

_UNEVEN = 3
"""How many times as many pictures one class has as another that is still drawn as it comes."""


class Classes(NamedTuple):
    """How many classes the networks are told, none for 0, and the lines for that."""

    told: int
    lines: tuple[Line, ...]


def classes_of(found: Survey, asked: Asked | None) -> Classes:
    """What the classes of pictures are good for.

    Args:
        found: What is known of the pictures.
        asked: What was asked for; None for what suits them.

    Raises:
        InputError: Classes are asked for, and one has no picture that can be used.
    """
    lost = listed(found.lost)
    if asked and lost:
        raise InputError(
            f"{found.name}: no picture of {lost} can be used: mend one of each, or --no-labels"
        )
    count = len(found.classes)
    if count < 2:
        reason = f"cannot be read: {found.label_problem}" if found.label_problem else ""
        return _without(printable(reason) or "there are no classes")
    if lost:
        return _without(f"no picture of {lost} can be used; --labels is for when one can")
    many = found.images / count
    if not asked and many < _FEWEST:
        return _without(
            f"{count:,} classes have {many:.2g} of the pictures on the average, and networks would"
            f" learn which those are; from {_FEWEST} on they are told, or with --labels"
        )
    lines = [
        Line(
            "labels",
            labels_value(found, asked),
            f"{count:,} classes, so that samples are drawn by class; --no-labels leaves them out",
        )
    ]
    fewest, most = min(found.classes.values()), max(found.classes.values())
    if most >= _UNEVEN * fewest:
        lines.append(
            Line(
                "balance",
                "true",
                f"classes have from {fewest:,} to {most:,} pictures: each is drawn equally often",
            )
        )
    return Classes(count, tuple(lines))


def _without(reason: str) -> Classes:
    return Classes(0, (Line("labels", "false", reason),))
