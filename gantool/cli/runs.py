"""`gantool runs`: how runs stand, once or for as long as somebody looks."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gantool.cli.progress import clock
from gantool.cli.signals import Terminated
from gantool.errors import InputError, printable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gantool.report.figures import Row
    from gantool.report.run import Run, RunReader
    from gantool.report.table import Reached

_DEFAULT = Path("runs")
_SECONDS = 1.0
"""From one look to the next."""
_LINES = 10
"""Rows of a run that are shown below it."""
_PIPE = 200
"""Columns where there is no terminal: as many as the table needs."""


@click.command()
@click.argument("place", default=_DEFAULT, type=click.Path(path_type=Path), metavar="[DIR|RUN]")
@click.option("--watch", is_flag=True, help="Look again every second; Ctrl-C ends it.")
@click.option("--json", "as_json", is_flag=True, help="For programs: an array, an object a run.")
@click.option("--csv", "rows_as_csv", is_flag=True, help="All rows of RUN as CSV.")
def runs(place: Path, watch: bool, as_json: bool, rows_as_csv: bool) -> None:
    """List the runs in DIR, the folder runs/ if none is named, or one RUN with its newest rows.

    \b
    gantool runs
      how every run in runs/ stands
    gantool runs RUN --watch
      follow a run until it ends
    gantool runs RUN --csv > figures.csv
      its rows for a spreadsheet
    """
    from gantool.runs.run_folder import RunFolder

    if watch + as_json + rows_as_csv > 1:
        raise click.UsageError("--watch, --json and --csv exclude each other")
    if not place.is_dir() and (place != _DEFAULT or place.exists()):
        raise InputError(f"{place}: no such folder")
    is_run = place.is_dir() and RunFolder(place).holds_run()
    if rows_as_csv:
        _print_csv(place, is_run)
    elif watch:
        _watch(place, is_run)
    else:
        _print_once(place, is_run, as_json)


def _print_csv(place: Path, is_run: bool) -> None:
    from gantool.report.run import RunReader
    from gantool.report.table import as_csv

    if not is_run:
        raise InputError(f"{place}: is no run; --csv prints the rows of one, as in runs/00000-name")
    click.echo(as_csv(RunReader(place).read().rows), nl=False)


def _print_once(place: Path, is_run: bool, as_json: bool) -> None:
    from gantool.report.table import plain

    found = _Look(place, is_run).runs()
    if as_json:
        click.echo(json.dumps([plain(run) for run in found], indent=2, allow_nan=False))
        return
    if not found:
        click.echo(f"{place}: no runs; `gantool train` begins one", err=True)
        return
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else _PIPE)
    console.print(_shown(found, is_run))


def _watch(place: Path, is_run: bool) -> None:
    if not sys.stdout.isatty() and not is_run:
        raise click.UsageError("--watch of several runs needs a terminal; name one RUN in a pipe")
    look = _Look(place, is_run)
    try:
        if sys.stdout.isatty():
            _watch_in_terminal(look, is_run)
        else:
            _follow(look)
    except KeyboardInterrupt as error:  # how one ends looking
        if isinstance(error, Terminated):
            raise


def _watch_in_terminal(look: _Look, is_run: bool) -> None:
    from rich.live import Live

    found = look.runs()
    with Live(_shown(found, is_run), auto_refresh=False, vertical_overflow="crop") as live:
        while not is_run or found[0].state == "running":
            time.sleep(_SECONDS)
            found = look.runs()
            live.update(_shown(found, is_run), refresh=True)


def _follow(look: _Look) -> None:
    """Print the newest rows of a run, then each one that comes, until the run ends."""
    printed = None
    while True:
        [run] = look.runs()
        # Rows are fewer than they were where the run has gone back, and begin anew from there.
        first = max(0, len(run.rows) - _LINES) if printed is None else min(printed, len(run.rows))
        for row in run.rows[first:]:
            click.echo(_line(row))
        printed = len(run.rows)
        if run.state != "running":
            click.echo(f"{run.name}: {run.state} at step {run.step:,}")
            return
        time.sleep(_SECONDS)


class _Look:
    """Reads the runs of a folder again and again, and only what has come since."""

    def __init__(self, place: Path, is_run: bool) -> None:
        self._place, self._is_run = place, is_run
        self._readers: dict[Path, RunReader] = {}

    def runs(self) -> list[Run]:
        """The runs that are there now."""
        from gantool.report.run import RunReader
        from gantool.report.table import run_folders

        if self._is_run:
            paths = [self._place]
        else:
            paths = run_folders(self._place) if self._place.is_dir() else []
        for path in paths:
            if path not in self._readers:
                self._readers[path] = RunReader(path)
        return [self._readers[path].read() for path in paths]


def _shown(found: Sequence[Run], is_run: bool) -> RenderableType:
    """A table of runs, and what is wrong with any; of a single run its newest rows, too."""
    from rich.console import Group
    from rich.text import Text

    lines = [f"{run.name}: {problem}" for run in found for problem in run.problems]
    lines += [f"{run.name}: {run.diverged}" for run in found if run.diverged is not None]
    if is_run:
        height = max(1, min(_LINES, shutil.get_terminal_size().lines - 10))
        lines += [_line(row) for row in found[0].rows[-height:]]
    return Group(_table(found), *(Text(printable(line)) for line in lines))


def _table(found: Sequence[Run]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name in ("run", "recipe", "state", "step", "images/s", "left", "figures"):
        table.add_column(name, justify="right" if name in ("step", "images/s", "left") else "left")
    for run in found:
        table.add_row(*map(Text, _cells(run)))
    return table


def _cells(run: Run) -> Iterator[str]:
    from gantool.report.table import reached

    last, speed, left = run.last_step, run.images_per_second, run.seconds_left
    yield printable(run.name)
    yield "?" if run.recipe is None else run.recipe.name
    yield run.state
    yield f"{run.step:,}" if last is None else f"{run.step:,}/{last:,}"
    yield "" if speed is None else f"{speed:,.0f}"
    yield "" if left is None else clock(left)
    yield "\n".join(_figure(name, it) for name, it in reached(run).items())


def _figure(name: str, it: Reached) -> str:
    from gantool.report.figures import shown

    text = f"{printable(name)} {shown(it.latest.value)}"
    if it.best is None:
        return text
    return f"{text}, best {shown(it.best.value)} at {it.best.step:,}"


def _line(row: Row) -> str:
    """A row of metrics.jsonl in a line."""
    from gantool.report.figures import LOSSES, SPEED, figure_names, number, shown

    parts = [f"step {row['step']:,}"]
    for name in (*LOSSES, *figure_names([row])):
        value = number(row.get(name))
        if value is not None:
            parts.append(f"{name.removesuffix('_loss')} {shown(value)}")
    speed = number(row.get(SPEED))
    if speed is not None:
        parts.append(f"{speed:,.0f} images/s")
    warnings = row.get("warnings")
    parts += [it for it in warnings if isinstance(it, str)] if isinstance(warnings, list) else []
    return printable("  ".join(parts))
