"""What the numbers and bytes that records and arrays hold as labels say of an image's class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gantool.data.sources.base import MAX_CLASSES
from gantool.data.sources.choice import naming
from gantool.errors import InputError, printable

_LONGEST = 200
"""Characters of the name of a class."""

_WAY_ON = (
    f"name another with data.features: {{label: …}}, as in {naming('label')}, or set data.labels to"
    " false"
)


class LabelError(InputError):
    """A label that names no class; its text lacks the image's place."""


def class_of(values: Sequence[Any]) -> int | str:
    """The class that a label names: a number from 0 on, or a name.

    Args:
        values: One whole number, also as a float; one name as bytes; or a one-hot vector.

    Raises:
        LabelError: They are something else.
    """
    if len(values) > 1:
        return _place_of_one(values)
    value = values[0]
    if isinstance(value, bytes):
        return _name(value)
    if isinstance(value, float) and not value.is_integer():
        raise LabelError(f"its label is {value:g}, no whole number; {_WAY_ON}")
    number = int(value)
    if not 0 <= number < MAX_CLASSES:
        raise LabelError(
            f"its label is {str(number)[:40]}; labels are class numbers from 0 to"
            f" {MAX_CLASSES - 1:,}"
        )
    return number


def classes_of(
    labels: NDArray[Any], where: Callable[[int], str]
) -> NDArray[np.integer[Any]] | list[str]:
    """The class that each label names; see `class_of`.

    Args:
        labels: [N] numbers or names, [N, 1], or [N, K] one-hot vectors.
        where: What an image is called, by its number.

    Raises:
        InputError: One names no class; says which.
    """
    labels = labels.reshape(len(labels), -1)
    if labels.dtype.kind in "SU":
        names = [
            name.encode(errors="replace") if isinstance(name, str) else name
            for name in labels[:, 0].tolist()
        ]
        return [str(_told([name], where, index)) for index, name in enumerate(names)]
    if labels.shape[1] == 1:
        numbers = labels[:, 0]
        with np.errstate(invalid="ignore"):
            whole = numbers.astype(np.int64)
        wrong = (whole != numbers) | (whole < 0) | (whole >= MAX_CLASSES)
    else:
        whole = labels.argmax(axis=1)
        hot = np.take_along_axis(labels, whole[:, None], axis=1)[:, 0] == 1
        wrong = ~hot | (np.count_nonzero(labels, axis=1) != 1)
    for index in np.flatnonzero(wrong)[:1].tolist():
        _told(labels[index].tolist(), where, index)
    return whole


def _told(values: Sequence[Any], where: Callable[[int], str], index: int) -> int | str:
    try:
        return class_of(values)
    except LabelError as error:
        raise InputError(f"{where(index)}: {error}") from None


def _place_of_one(values: Sequence[Any]) -> int:
    hot = [place for place, value in enumerate(values) if value]
    if len(hot) == 1 and values[hot[0]] == 1:
        return hot[0]
    raise LabelError(
        f"its label has {len(values):,} values and is no one-hot vector (one 1, all others 0);"
        f" {_WAY_ON}"
    )


def _name(value: bytes) -> str:
    try:
        name = value.decode()
    except UnicodeDecodeError:
        name = "\0"
    if not name.strip() or len(name) > _LONGEST or "\0" in name:
        shown = printable(value[:20].decode("latin-1"))
        raise LabelError(
            f"its label is {len(value):,} bytes, '{shown}', that are no name; {_WAY_ON}"
        )
    return name
