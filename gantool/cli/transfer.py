"""How a download looks: a bar with speed and time left on a terminal, plain lines in a pipe."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from gantool.cli.progress import clock

if TYPE_CHECKING:
    from rich.console import Console

LINE_EVERY = 10.0
"""Seconds between two lines about one file in a pipe."""

Show = Callable[[int, int | None, str], None]
"""Told of the bytes done, the bytes in all (None: not known) and the file's name."""

Say = Callable[[str], None]
"""Told a line for the user."""


@contextmanager
def transfer_progress(console: Console) -> Iterator[tuple[Show, Say]]:
    """Give a function that shows how far a download is, and one for lines between.

    Args:
        console: of stderr: stdout says only where the data set lies.
    """
    if console.is_terminal:
        with _bar(console) as functions:
            yield functions
    else:
        yield lines(time.monotonic), _say


def _say(line: str) -> None:
    click.echo(line, err=True)


@contextmanager
def _bar(console: Console) -> Iterator[tuple[Show, Say]]:
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", visible=False)
        last = ("", 0)

        def show(done: int, total: int | None, name: str) -> None:
            nonlocal last
            if name != last[0] or done <= last[1]:
                # Bytes of an earlier run, or of an answer that was in vain, are no speed.
                bar.reset(task, completed=done, total=total, description=name, visible=True)
            else:
                bar.update(task, completed=done, total=total)
            last = (name, done)

        def say(line: str) -> None:
            console.print(line, highlight=False, markup=False, soft_wrap=True)

        yield show, say


def lines(now: Callable[[], float]) -> Show:
    """A line when a file begins, and then one each `LINE_EVERY` seconds.

    Args:
        now: gives the time in seconds.
    """
    current, began_at, began_with, said_at = "", 0.0, 0, 0.0

    def show(done: int, total: int | None, name: str) -> None:
        nonlocal current, began_at, began_with, said_at
        if name != current:
            current, began_at, began_with, said_at = name, now(), done, now()
            size = "" if total is None else f" ({total:,} bytes)"
            so_far = f", going on after {done:,}" if done else ""
            _say(f"downloading {name}{size}{so_far}")
        elif now() - said_at >= LINE_EVERY:
            said_at = now()
            _say(_line(name, done, total, (done - began_with) / (said_at - began_at)))

    return show


def _line(name: str, done: int, total: int | None, speed: float) -> str:
    """How far a file is; the speed in bytes a second."""
    text = f"{name}: {done:,} bytes, {max(speed, 0) / 1e6:.1f} MB/s"
    if total is None or speed <= 0:
        return text
    return f"{text}, {clock((total - done) / speed)} left ({done / total:.0%})"
