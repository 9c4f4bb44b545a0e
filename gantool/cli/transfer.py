"""How a download looks: a bar with speed and time left on a terminal, plain lines in a pipe."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import click

from gantool.cli.progress import clock

if TYPE_CHECKING:
    from rich.console import Console

LINE_EVERY = 10.0
"""Seconds between two lines about one file in a pipe."""

Show = Callable[[int, int | None, str], None]
"""Told of the bytes done, the bytes in all (None: not known) and the file's name."""

_say = partial(click.echo, err=True)


@contextmanager
def transfer_progress(console: Console) -> Iterator[tuple[Show, Callable[[str], None]]]:
    """Give a function that shows how far a download is, and one that prints a line between.

    Args:
        console: of stderr: stdout says only where the data set lies.
    """
    if not console.is_terminal:
        yield lines(time.monotonic), _say
        return
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    speed_and_left = TransferSpeedColumn(), TimeRemainingColumn()
    columns = "{task.description}", BarColumn(), DownloadColumn(), *speed_and_left
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

        yield show, partial(console.print, highlight=False, markup=False, soft_wrap=True)


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
            speed = max(0, done - began_with) / (said_at - began_at)
            left = ""
            if total is not None and speed:
                left = f", {clock((total - done) / speed)} left ({done / total:.0%})"
            _say(f"{name}: {done:,} bytes, {speed / 1e6:.1f} MB/s{left}")

    return show
