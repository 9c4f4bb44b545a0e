"""Splits of a set, told from the names of its files, folders or arrays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

from gantool.data.sources.choice import Split
from gantool.errors import InputError, printable

Part = TypeVar("Part")

_WORDS = {
    **dict.fromkeys(("train", "training", "tr"), "train"),
    **dict.fromkeys(("test", "testing", "t10k"), "test"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "validation"),
}


def split_of(name: str) -> str | None:
    """The split that a name tells: train_images, x_test, toy-validation, train00; None if none."""
    for word in re.findall(r"t10k|[^\W\d_]+", name.lower()):
        if word in _WORDS:
            return _WORDS[word]
    return None


def chosen_split(
    parts: Sequence[tuple[str | None, Part]], where: str, asked: Split | None, kind: str
) -> tuple[list[Part], tuple[str, ...]]:
    """The parts of a set that are taken.

    Args:
        parts: Each with its split; None where it tells none.
        where: What a message calls the set.
        asked: The recipe's `data.split`.
        kind: What a message calls parts, "files".

    Returns:
        The parts, and lines on what was left out.

    Raises:
        InputError: The split that is asked for is not there.
    """
    if asked == "all":
        return [part for _, part in parts], ()
    names = list(dict.fromkeys(split for split, _ in parts))
    told = [name for name in names if name is not None]
    wanted = asked or "train"
    if wanted in told:
        taken = [part for split, part in parts if split == wanted]
        left = len(parts) - len(taken)
        others = [name or "others" for name in names if name != wanted]
        if not left or asked is not None:
            return taken, ()
        return taken, (
            f"{where}: {len(taken):,} of {len(parts):,} {kind} are of the split train and taken;"
            f" left out: {', '.join(others)} (data.split: all takes them, too)",
        )
    if asked is not None and (told or asked != "train"):
        raise no_such_split(where, asked, told)
    if len(told) == 1 and len(names) == 1:
        return [part for _, part in parts], (
            f"{where}: all {kind} are of the split {told[0]} by their names; none of train is here",
        )
    if told:
        rest = [part for split, part in parts if split is None]
        if not rest:
            raise InputError(
                f"{where}: its {kind} are of the splits {', '.join(told)}, none of train; say which"
                " to take: data.split: all, or one of them"
            )
        return rest, (
            f"{where}: {len(rest):,} of {len(parts):,} {kind} are taken; left out:"
            f" {', '.join(told)} (data.split: all takes them, too)",
        )
    return [part for _, part in parts], ()


def no_such_split(where: str, asked: str, there: Sequence[str] = ()) -> InputError:
    """What is said where a split is asked for that is not there."""
    found = f"has only {', '.join(map(printable, there))}" if there else "tells no splits"
    return InputError(f"{where}: data.split is {asked}, and this {found}; set data.split to null")
