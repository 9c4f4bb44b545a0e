"""`gantool inspect`: what a source of images or a checkpoint holds, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gantool.cli import completion
from gantool.cli.inspect_run import inspect_checkpoint, inspect_run, is_checkpoint, is_run
from gantool.cli.source_options import source_options
from gantool.errors import printable

if TYPE_CHECKING:
    from gantool.data.inspection.survey import Size, Survey
    from gantool.data.sources.choice import Asked, Split
    from gantool.recipe.data import Features

_GROUPS = 10
"""Of duplicates that are listed, and images of a group."""

_NAMED = 20
"""Classes that are listed."""


@click.command()
@click.argument("source", shell_complete=completion.sources)
@source_options
@click.option("--all", "everything", is_flag=True, help="Show all classes, however many.")
def inspect(
    source: str,
    split: Split | None,
    labels_from: Asked | None,
    features: Features,
    everything: bool,
) -> None:
    """Tell what SOURCE holds, what is wrong with it, and the data: lines of a recipe for it.

    SOURCE is a folder, an archive, a pattern of paths, a file of records or arrays, or a data set
    of the catalogue. Every image is read. Of a folder that `gantool convert` made, the manifest is
    checked too.

    SOURCE may also be a checkpoint, or a run folder for all of its checkpoints: then what it is,
    and whether it is as it was written.
    """
    path = Path(source)
    if is_checkpoint(path):
        inspect_checkpoint(path)
    elif is_run(path):
        inspect_run(path)
    else:
        _inspect_images(source, labels_from, split, features, everything)


def _inspect_images(
    source: str, labels: Asked | None, split: Split | None, features: Features, everything: bool
) -> None:
    from gantool.data.inspection.suggestion import data_lines
    from gantool.data.inspection.survey import manifest_differences

    # First, because a shard that differs may be one that cannot be opened.
    differences = manifest_differences(source)
    if differences is not None:
        _tell_section("manifest", differences or ["every shard is as it says"])
    found = _survey(source, labels, split, features)
    click.echo("\n".join(_lines(found, everything)))
    if lines := data_lines(found, labels, split, features):
        click.echo("\nfor a recipe:\n" + "\n".join(lines))


def _survey(source: str, labels: Asked | None, split: Split | None, features: Features) -> Survey:
    from gantool.cli.progress import telling_images
    from gantool.data.inspection.survey import survey

    with telling_images() as tell:
        return survey(source, tell, labels, split, features)


def _lines(found: Survey, everything: bool) -> Iterator[str]:
    yield f"{printable(found.name)}: {_count(found.images, 'image')}"
    if found.sizes:
        yield f"formats  {_counted(found.formats)}"
        yield f"modes    {_counted(found.modes)}"
        yield f"sizes    {_sizes(found.sizes)}"
    if found.transparent:
        yield f"transparency in {found.transparent:,}"
    if profiles := +found.profiles:
        yield f"profiles of colours in {profiles.total():,}: {_counted(profiles)}"
    if found.deep:
        yield (
            f"more than 8 bits in {found.deep:,}, the largest value is {found.largest:,};"
            " data.white says which is white"
        )
    yield from _labels(found, everything)
    yield from _section("notes", list(found.notes))
    yield from _section(
        f"{len(found.unreadable):,} cannot be read",
        [f"{where}: {reason}" for where, reason in found.unreadable],
    )
    groups = found.duplicates
    surplus = sum(len(group) - 1 for group in groups)
    listed = [_alike(group) for group in groups[:_GROUPS]]
    if len(groups) > _GROUPS:
        listed.append(f"and {len(groups) - _GROUPS:,} more")
    title = f"{_count(surplus, 'duplicate')} in {_count(len(groups), 'group')}"
    yield from _section(title, listed)


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _alike(group: list[str]) -> str:
    more = f" and {len(group) - _GROUPS:,} more" if len(group) > _GROUPS else ""
    return " = ".join(group[:_GROUPS]) + more


def _tell_section(title: str, lines: list[str]) -> None:
    click.echo("\n".join(_section(title, lines)))


def _section(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield f"{title}:"
        yield from (f"  {line}" for line in lines)


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{printable(name)} {count:,}" for name, count in counts.most_common())


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


def _labels(found: Survey, everything: bool) -> Iterator[str]:
    if found.label_problem:
        yield f"labels   cannot be read: {found.label_problem}"
        return
    if not found.classes:
        yield "labels   none"
        return
    yield f"labels   {len(found.classes):,} classes, by number:"
    shown = list(found.classes.items())[: None if everything else _NAMED]
    width = len(str(len(shown) - 1))
    yield from (
        f"  {number:>{width}}  {name}  {count:,}" for number, (name, count) in enumerate(shown)
    )
    if len(shown) < len(found.classes):
        yield f"  and {len(found.classes) - len(shown):,} more; --all shows them"
