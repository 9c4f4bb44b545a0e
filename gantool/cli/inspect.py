"""`gantool inspect`: what a source of images or a checkpoint holds, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gantool.cli.inspect_run import inspect_checkpoint, inspect_run, is_checkpoint, is_run

if TYPE_CHECKING:
    from gantool.data.inspection.survey import Size, Survey

_GROUPS = 10
"""Of duplicates that are listed."""

_NAMED = 10
"""Classes and sizes that are listed."""


@click.command()
@click.argument("source")
def inspect(source: str) -> None:
    """Tell what SOURCE holds, what is wrong with it, and the data: lines of a recipe for it.

    SOURCE is a folder, a zip, an IDX file, TFRecord files or a data set of the catalogue. Every
    image is read. Of a folder that `gantool convert` made, the manifest is checked too.

    SOURCE may also be a checkpoint, or a run folder for all of its checkpoints: then what it is,
    and whether it is as it was written.
    """
    path = Path(source)
    if is_checkpoint(path):
        inspect_checkpoint(path)
    elif is_run(path):
        inspect_run(path)
    else:
        _inspect_images(source)


def _inspect_images(source: str) -> None:
    from gantool.data.inspection.suggestion import data_lines
    from gantool.data.inspection.survey import manifest_differences

    # First, because a shard that differs may be one that cannot be opened.
    differences = manifest_differences(source)
    if differences is not None:
        _tell_section("manifest", differences or ["every shard is as it says"])
    found = _survey(source)
    click.echo("\n".join(_lines(found)))
    if lines := data_lines(found):
        click.echo("\nfor a recipe:\n" + "\n".join(lines))


def _survey(source: str) -> Survey:
    import time

    from rich.console import Console

    from gantool.cli.progress import clock, image_bar
    from gantool.data.inspection.survey import survey

    console = Console(stderr=True)
    if not console.is_terminal:
        return survey(source, lambda _done, _count: None)
    began = time.monotonic()
    with image_bar(console) as show:

        def tell(done: int, count: int) -> None:
            rate = done / (time.monotonic() - began)
            show(completed=done, total=count, rate=rate, left=clock((count - done) / rate))

        return survey(source, tell)


def _lines(found: Survey) -> Iterator[str]:
    yield f"{found.name}: {found.images:,} images"
    if found.sizes:
        yield f"formats  {_counted(found.formats)}"
        yield f"modes    {_counted(found.modes)}"
        yield f"sizes    {_sizes(found.sizes)}"
    if found.transparent:
        yield f"transparency in {found.transparent:,}"
    yield f"labels   {_labels(found)}"
    yield from _section(
        f"{len(found.unreadable):,} cannot be read",
        [f"{where}: {reason}" for where, reason in found.unreadable],
    )
    groups = found.duplicates
    surplus = sum(len(group) - 1 for group in groups)
    listed = [" = ".join(group) for group in groups[:_GROUPS]]
    if len(groups) > _GROUPS:
        listed.append(f"and {len(groups) - _GROUPS:,} more")
    yield from _section(f"{surplus:,} duplicates in {len(groups):,} groups", listed)


def _tell_section(title: str, lines: list[str]) -> None:
    click.echo("\n".join(_section(title, lines)))


def _section(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield f"{title}:"
        yield from (f"  {line}" for line in lines)


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.most_common())


def _sizes(sizes: Counter[Size]) -> str:
    [(common, count)] = sizes.most_common(1)
    if len(sizes) == 1:
        return f"{_size(common)} (height×width)"
    ordered = sorted(sizes, key=lambda size: (size[0] * size[1], size))
    return (
        f"{len(sizes):,} (height×width), smallest {_size(ordered[0])},"
        f" largest {_size(ordered[-1])}, most common {_size(common)} ({count:,})"
    )


def _size(size: Size) -> str:
    return f"{size[0]}×{size[1]}"


def _labels(found: Survey) -> str:
    if found.label_problem:
        return f"cannot be read: {found.label_problem}"
    if not found.classes:
        return "none"
    pairs = list(found.classes.items())
    named = ", ".join(f"{name} {count:,}" for name, count in pairs[:_NAMED])
    more = f", and {len(pairs) - _NAMED:,} more" if len(pairs) > _NAMED else ""
    return f"{len(pairs):,} classes: {named}{more}"
