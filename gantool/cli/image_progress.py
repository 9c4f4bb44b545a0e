"""How far a command is that goes through the images of a set: a bar, or lines in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from gantool.cli.progress import clock

if TYPE_CHECKING:
    from rich.console import Console

    from gantool.data.conversion.convert import ConversionProgress


@contextmanager
def conversion_progress() -> Iterator[Callable[[ConversionProgress], None]]:
    """Give a function that shows a conversion's progress; in a pipe, a line comes with each shard.

    stdout says it, because beside it there is nothing to say but where the set lies.
    """
    if not sys.stdout.isatty():
        yield _lines()
        return
    from rich.console import Console

    with image_bar(Console()) as show:
        yield lambda progress: show(
            progress.images, progress.all_images, _rate(progress), _seconds_left(progress)
        )


@contextmanager
def image_bar(console: Console) -> Iterator[Callable[[int, int, float, float], None]]:
    """Give a function that shows images done and in all, images a second, and seconds left."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        MofNCompleteColumn(),
        BarColumn(),
        TextColumn("{task.fields[rate]:,.0f} images/s"),
        TextColumn("{task.fields[left]} left"),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=None, visible=False)

        def show(done: int, count: int, rate: float, left: float) -> None:
            bar.update(task, visible=True, total=count, completed=done, rate=rate, left=clock(left))

        yield show


def _lines() -> Callable[[ConversionProgress], None]:
    before: ConversionProgress | None = None

    def show(progress: ConversionProgress) -> None:
        nonlocal before
        finished = before is not None and progress.shards > before.shards
        before = progress
        if not finished:
            return
        click.echo(
            f"shard {progress.shards}/{progress.all_shards}"
            f"  {progress.images:,} of {progress.all_images:,} images"
            f"  {_rate(progress):,.0f} images/s  {clock(_seconds_left(progress))} left"
        )
        sys.stdout.flush()

    return show


def _rate(progress: ConversionProgress) -> float:
    return progress.converted / progress.seconds


def _seconds_left(progress: ConversionProgress) -> float:
    """How long the rest takes at the pace of this run so far."""
    return (progress.all_images - progress.images) / _rate(progress)
