"""A line of a recipe and the reason for it."""

from typing import NamedTuple


class Line(NamedTuple):
    """A key of a section, its value as YAML, and why; no reason where it needs none."""

    key: str
    value: str
    reason: str = ""
