"""How `--help` is laid out: readable on narrow terminals, too."""

import shutil
from collections.abc import Iterable

import click

_WIDEST = 80
_NARROW = 60
"""Columns below which what is explained stands above, not beside, its explanation if it is long."""


class HelpFormatter(click.HelpFormatter):
    """As wide as the terminal, up to 80 columns; Click's own is never narrower than 50."""

    def __init__(self, **_: object) -> None:
        super().__init__(width=min(shutil.get_terminal_size().columns, _WIDEST))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """See Click."""
        super().write_dl(rows, self.width // 4 if self.width < _NARROW else col_max, col_spacing)


class Context(click.Context):
    """Click's, with this layout."""

    formatter_class = HelpFormatter
