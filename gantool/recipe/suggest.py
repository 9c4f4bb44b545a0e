"""The word that was probably meant."""

import difflib
from collections.abc import Iterable
from functools import lru_cache

_LONGEST = 100
"""Characters of a word that is compared with others; no choice has as many."""


def closest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that looks most like `word`, or None where none does."""
    return None if len(word) > _LONGEST else _closest(word, tuple(choices))


@lru_cache(maxsize=256)
def _closest(word: str, choices: tuple[str, ...]) -> str | None:
    # Case is the commonest slip (conv2d, batchnormalization), and difflib counts it in full.
    by_lower = {choice.lower(): choice for choice in choices}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Say `; did you mean 'filters'?`, or nothing where no choice is close."""
    found = closest(word, choices)
    return f"; did you mean {found!r}?" if found else ""
