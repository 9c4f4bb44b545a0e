"""How training looks: a bar on a terminal, plain lines in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gantool.engine.loop import TrainingProgress

Show = Callable[["TrainingProgress"], None]


@contextmanager
def training_progress(first: int, is_logged: Callable[[int], bool]) -> Iterator[Show]:
    """Give a function that shows each `TrainingProgress`.

    Args:
        first: The step that training starts from.
        is_logged: In a pipe, a line comes at each step for which it is true, and at the end.
    """
    if sys.stdout.isatty():
        with _bar(first) as show:
            yield show
    else:
        yield _lines(first, is_logged)


def _lines(first: int, is_logged: Callable[[int], bool]) -> Show:
    def show(progress: TrainingProgress) -> None:
        if is_logged(progress.step) or progress.ends:
            left = clock(seconds_left(progress, first))
            click.echo(
                f"step {progress.step}/{progress.last}"
                f"  {progress.images_per_second:,.0f} images/s  {left} left"
                f"  generator {progress.generator_loss:.4f}"
                f"  discriminator {progress.discriminator_loss:.4f}"
            )
            sys.stdout.flush()

    return show


@contextmanager
def _bar(first: int) -> Iterator[Show]:
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("step"),
        MofNCompleteColumn(),
        BarColumn(),
        TextColumn("{task.fields[rate]:,.0f} images/s"),
        TextColumn("{task.fields[left]} left"),
        TextColumn("G {task.fields[generator]:.3f}"),
        TextColumn("D {task.fields[discriminator]:.3f}"),
    )
    with Bar(*columns) as bar:
        task = bar.add_task("", total=None, visible=False)

        def show(progress: TrainingProgress) -> None:
            bar.update(
                task,
                visible=True,
                total=progress.last,
                completed=progress.step,
                rate=progress.images_per_second,
                left=clock(seconds_left(progress, first)),
                generator=progress.generator_loss,
                discriminator=progress.discriminator_loss,
            )

        yield show


def seconds_left(progress: TrainingProgress, first: int) -> float:
    """How long the rest takes at the pace of this process so far, which began at step `first`."""
    done = max(1, progress.step - first)  # a run may have gone back behind it
    return progress.session_seconds / done * (progress.last - progress.step)


def clock(seconds: float) -> str:
    """1:02:03."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
