"""Looks at the images of a recipe before anything needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gantool.cli.loading import warn
from gantool.cli.progress import telling_images

if TYPE_CHECKING:
    from gantool.data.sources import ImageSource, PointSource
    from gantool.recipe.load import LoadedRecipe

    Source = ImageSource | PointSource | None

_SECONDS = 2.0
"""For the headers of images; those of some ten thousand files are read in it."""


def look_at_headers_of(source: Source, loaded: LoadedRecipe) -> None:
    """Look at the headers of a recipe's images for a short time, and say what was not looked at.

    Data sets of the catalogue were looked at when they were downloaded.

    Raises:
        RecipeError: There are images that cannot be used, and the recipe does not skip them.
    """
    from gantool.data.catalogue import CATALOGUE
    from gantool.data.inspection.headers import look_at_headers
    from gantool.data.sources import PointSource
    from gantool.recipe.document import Problem

    data = loaded.recipe.data
    if source is None or isinstance(source, PointSource) or data.source in CATALOGUE:
        return
    report = look_at_headers(source, data, _SECONDS)
    if data.skip_unreadable:
        warn(*report.problems(skipped=True))
    else:
        path = ("data", "source")
        loaded.raise_problems(
            [Problem(path, problem) for problem in report.problems(skipped=False)]
        )
    if unseen := report.unseen():
        click.echo(unseen)


def open_every_image(source: Source, loaded: LoadedRecipe) -> int | None:
    """Open all images of a recipe, however long it takes.

    Returns:
        How many are used; None where there are none on this machine.

    Raises:
        InputError: There are images that cannot be used, and the recipe does not skip them, or
            too few are left.
    """
    from gantool.data.inspection.opening import unusable_images
    from gantool.data.loading import unprepared
    from gantool.data.order import batches_per_epoch
    from gantool.data.preparing import cannot_be_used
    from gantool.data.sources import PointSource
    from gantool.engine.opened import lines_on

    if source is None or isinstance(source, PointSource):
        return None if source is None else len(source)
    data, train = loaded.recipe.data, loaded.recipe.train
    with telling_images() as tell:
        failures = unusable_images(source, data, tell)
    if not failures:
        click.echo(f"all {len(source):,} images can be used")
    elif not data.skip_unreadable:
        raise cannot_be_used(failures, len(source), data)
    images = unprepared(source, data)
    if failures:
        images.leave_out(failures)
    batches_per_epoch(len(images), train.update_size, data.repeat)
    warn(*lines_on(images, loaded))
    return len(images)
