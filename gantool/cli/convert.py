"""`gantool convert`: from any source to a set of TFRecord shards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gantool.cli import completion
from gantool.cli.loading import warn
from gantool.cli.progress import conversion_progress
from gantool.cli.signals import stop_on_signals
from gantool.cli.sizes import parse_size
from gantool.cli.source_options import source_options
from gantool.errors import printable

if TYPE_CHECKING:
    from gantool.data.conversion.manifest import Manifest
    from gantool.data.sources.choice import Asked, Split
    from gantool.recipe.data import Features


@click.command()
@click.argument("source", shell_complete=completion.sources)
@click.argument("dest", type=click.Path(path_type=Path))
@click.option(
    "--size",
    callback=parse_size,
    required=True,
    metavar="SIZE",
    help="Of every image: 64, or height x width as in 64x96.",
)
@click.option(
    "--crop",
    callback=parse_size,
    metavar="SIZE",
    help="Keep this centred piece before resizing.  [default: the largest with SIZE's proportions]",
)
@click.option(
    "--shards",
    type=click.IntRange(1, 99_999),
    help="Into how many files.  [default: one per 2,048 images]",
)
@click.option(
    "--labels/--no-labels",
    default=None,
    help="Whether to keep classes.  [default: if the source has them]",
)
@source_options
@click.option("--strict", is_flag=True, help="End at an image that cannot be used, not skip it.")
def convert(
    source: str,
    dest: Path,
    size: tuple[int, int],
    crop: tuple[int, int] | None,
    shards: int | None,
    labels: bool | None,
    split: Split | None,
    labels_from: Asked | None,
    features: Features,
    strict: bool,
) -> int:
    """Convert SOURCE to TFRecord files of small images in the folder DEST.

    SOURCE is what a recipe can name under data.source. JPEG stays JPEG, all else
    becomes PNG. DEST also gets manifest.json: counts, digests, classes, and
    the images that were skipped because they cannot be used. Stopped, the same command goes on.
    """
    if labels is False and labels_from is not None:
        raise click.UsageError("--no-labels and --labels-from contradict each other")
    from gantool.data.conversion.tasks import convert_task
    from gantool.data.workers import Workers

    with stop_on_signals() as stop, Workers(convert_task) as workers:
        # The processes start while this one imports the rest and opens the source.
        from gantool.data.conversion.convert import Conversion
        from gantool.data.conversion.folder import ConversionFolder

        folder = ConversionFolder(dest)
        conversion = Conversion(source, size, crop, labels_from or labels, shards, split, features)
        warn(*conversion.notes)
        begun = False
        with conversion_progress() as show:
            for progress in conversion.run(folder, workers, strict, stop):
                show(progress)
                begun = True
    whole = folder.complete()
    if whole is None or (stop() and not begun):
        finished = folder.so_far()
        count = 0 if finished is None else len(finished.shards)
        click.echo(
            f"stopped with {count} shards finished; the same command goes on from there", err=True
        )
        return stop.exit_code
    for skipped in whole.skipped:
        click.echo(f"skipped {skipped.image}: {skipped.reason}", err=True)
    there = "" if begun else " (already there, and right)"
    click.echo(f"{printable(str(dest))}: {_described(whole)}{there}")
    return 0


def _described(whole: Manifest) -> str:
    size = sum(shard.bytes for shard in whole.shards)
    labels = f" of {len(whole.classes)} classes" if whole.classes else ""
    skipped = f", {len(whole.skipped):,} skipped" if whole.skipped else ""
    count = len(whole.shards)
    shards = f"{count} shard{'s' if count > 1 else ''}"
    images = "image" if whole.records == 1 else "images"
    return f"{whole.records:,} {images}{labels}, {shards}, {size / 1e6:,.1f} MB{skipped}"
