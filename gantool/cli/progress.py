"""How far a command is: a bar on a terminal, plain lines in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from gantool.data.conversion.convert import ConversionProgress
    from gantool.engine.loop import TrainingProgress

_LEFT = "{task.fields[left]} left"
_RATE_AND_LEFT = ("{task.fields[rate]:,.0f} images/s", _LEFT)
_LOSSES = ("G {task.fields[generator]:.3f}", "D {task.fields[discriminator]:.3f}")


@contextmanager
def _bar(console: Console | None, title: str, *fields: str) -> Iterator[Callable[..., None]]:
    """Give a function that sets `completed` and `total` of a bar, and the fields in its texts."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress

    with Progress(title, MofNCompleteColumn(), BarColumn(), *fields, console=console) as progress:
        task = progress.add_task("", total=None, visible=False)
        yield partial(progress.update, task, visible=True)


def image_bar(console: Console | None) -> AbstractContextManager[Callable[..., None]]:
    """A bar of images: `completed` of `total`, their `rate` a second, and the time `left`."""
    return _bar(console, "images", *_RATE_AND_LEFT)


def telling_images() -> AbstractContextManager[Callable[[int, int], None]]:
    """Give a function that shows, on a terminal, how many images of how many are done."""
    return _telling("images")


def telling_steps() -> AbstractContextManager[Callable[[int, int], None]]:
    """Give a function that shows, on a terminal, how many steps of how many are done."""
    return _telling("steps")


@contextmanager
def _telling(what: str) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _done, _count: None
        return
    began = time.monotonic()
    with _bar(console, what, f"{{task.fields[rate]:,.0f}} {what}/s", _LEFT) as show:

        def tell(done: int, count: int) -> None:
            rate = done / (time.monotonic() - began)
            show(completed=done, total=count, rate=rate, left=clock((count - done) / rate))

        yield tell


@contextmanager
def training_progress(
    is_logged: Callable[[int], bool],
) -> Iterator[Callable[[TrainingProgress], None]]:
    """Give a function that shows each `TrainingProgress`.

    Args:
        is_logged: In a pipe, a line comes at each step for which it is true, and at the end.
    """
    bar = _bar(None, "step", *_RATE_AND_LEFT, *_LOSSES)
    time_left = TimeLeft()
    with bar if sys.stdout.isatty() else nullcontext() as update:

        def show(progress: TrainingProgress) -> None:
            left = time_left.after(progress)
            if update is not None:
                update(
                    total=progress.last,
                    completed=progress.step,
                    rate=progress.images_per_second,
                    left=left,
                    generator=progress.generator_loss,
                    discriminator=progress.discriminator_loss,
                )
            elif is_logged(progress.step) or progress.ends:
                click.echo(
                    f"step {progress.step}/{progress.last}"
                    f"  {progress.images_per_second:,.0f} images/s  {left} left"
                    f"  generator {progress.generator_loss:.4f}"
                    f"  discriminator {progress.discriminator_loss:.4f}"
                )

        yield show


class TimeLeft:
    """How long a run will take, at the pace of all its calls but the first, which compiles."""

    def __init__(self) -> None:
        self._first: TrainingProgress | None = None

    def after(self, progress: TrainingProgress) -> str:
        """As `clock` tells it; dashes where no call but the first has been."""
        first = self._first
        # Its session is shorter than the one before where a run has gone back, and compiles anew.
        if first is None or progress.session_seconds <= first.session_seconds:
            self._first = progress
            return clock(0) if progress.ends else "-:--:--"
        seconds = progress.session_seconds - first.session_seconds
        return clock(seconds / (progress.step - first.step) * (progress.last - progress.step))


@contextmanager
def conversion_progress() -> Iterator[Callable[[ConversionProgress], None]]:
    """Give a function that shows a conversion's progress; in a pipe, a line comes with each shard.

    stdout says it, because beside it there is nothing to say but where the set lies.
    """
    shards: int | None = None
    with image_bar(None) if sys.stdout.isatty() else nullcontext() as update:

        def show(progress: ConversionProgress) -> None:
            nonlocal shards
            done, count = progress.images, progress.all_images
            rate = progress.converted / progress.seconds
            left = clock((count - done) / rate)
            if update is not None:
                update(completed=done, total=count, rate=rate, left=left)
            elif shards is not None and progress.shards > shards:
                click.echo(
                    f"shard {progress.shards}/{progress.all_shards}"
                    f"  {done:,} of {count:,} images  {rate:,.0f} images/s  {left} left"
                )
            shards = progress.shards

        yield show


def clock(seconds: float) -> str:
    """1:02:03."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
