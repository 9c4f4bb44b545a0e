"""Classes as users name them. Knows no TensorFlow."""

import re
import shlex
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from gantool.errors import InputError, printable
from gantool.recipe.suggest import did_you_mean

_RANGE = re.compile(r"(\d{1,9})(?:\s*-\s*(\d{1,9}))?")
_TOLD = 20


def labels_of(asked: str, names: Sequence[str], option: str = "--label") -> list[int]:
    """The numbers of classes asked for by name or number: `cat`, `3`, `0-9`, `cat,dog`.

    Where all names are whole numbers, as those of digits are, they are what is asked for; else a
    number is the place of a class, from 0.

    Args:
        asked: What a user wrote.
        names: Of all classes.
        option: By which; errors begin with it.

    Raises:
        InputError: There is no such class, or a range runs backwards.
    """
    known = {_normal(name): number for number, name in enumerate(names)}
    if _normal(asked) in known:  # a comma may belong to it
        return [known[_normal(asked)]]
    numbers = known if all(name.isdecimal() for name in names) else _places(len(names))
    return [
        label for part in asked.split(",") for label in _found(part, names, known, numbers, option)
    ]


def _found(
    part: str,
    names: Sequence[str],
    known: Mapping[str, int],
    numbers: Mapping[str, int],
    option: str,
) -> Iterator[int]:
    name = _normal(part)
    if name in known:
        yield known[name]
        return
    found = _RANGE.fullmatch(name)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, -1)
    if found and last < first:
        raise InputError(f"{option}: the range {part.strip()!r} runs backwards")
    if not found or not all(str(each) in numbers for each in (first, last)):
        listed = ", ".join(map(_shown, names[:_TOLD]))
        more = f" and {len(names) - _TOLD:,} more" if len(names) > _TOLD else ""
        raise InputError(
            f"{option}: there is no class {part.strip()!r}{did_you_mean(name, list(known))}"
            f" (classes 0 to {len(names) - 1}: {listed}{more})"
        )
    yield from (place for number, place in numbers.items() if first <= int(number) <= last)


def _shown(name: str) -> str:
    """A name for a list; in a shell's quotes where it would look like several, or like another."""
    shown = printable(name)
    return shlex.quote(shown) if "," in shown or "\\" in shown else shown


def _places(count: int) -> dict[str, int]:
    return {str(number): number for number in range(count)}


def _normal(name: str) -> str:
    """One form of what looks alike."""
    return unicodedata.normalize("NFC", name.strip())
