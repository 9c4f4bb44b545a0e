"""Seeds as text: `0-63,70`. Knows no TensorFlow."""

import re
from collections.abc import Iterable

MAX_SEED = 2**62


def ranges_of(text: str, what: str = "seed") -> tuple[range, ...]:
    """Read `0-63`, `7`, or several of them with commas between.

    Raises:
        ValueError: It is something else; says what, in terms of `what`.
    """
    ranges = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,99})\s*(?:-\s*(\d{1,99})\s*)?", part)
        if not match:
            raise ValueError(f"{part!r} is no {what} or range of {what}s such as 0-9")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise ValueError(f"the range {part!r} runs backwards")
        if last > MAX_SEED:
            raise ValueError(f"{what}s go up to {MAX_SEED}")
        ranges.append(range(first, last + 1))
    return tuple(ranges)


def text_of(ranges: Iterable[range]) -> str:
    """The shortest text of ranges, none of them empty: `ranges_of` gives the same seeds for it."""
    merged: list[range] = []
    for part in ranges:
        if merged and merged[-1].stop == part.start:
            merged[-1] = range(merged[-1].start, part.stop)
        else:
            merged.append(part)
    return ",".join(
        str(part.start) if len(part) == 1 else f"{part.start}-{part.stop - 1}" for part in merged
    )
