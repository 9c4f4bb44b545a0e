"""`gantool directions`: in which directions latents can be moved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gantool.cli.figure_options import reals_option
from gantool.cli.loading import say
from gantool.cli.progress import telling_images
from gantool.cli.seed_numbers import parse_numbers
from gantool.cli.steering import (
    Opened,
    build,
    latent_options,
    npy_file,
    numbers_of,
    open_checkpoint,
    out_option,
    refuse_unwritable,
    write_rows,
    write_vectors,
)

if TYPE_CHECKING:
    import numpy as np

    from gantool.sampling.model import Model

_COUNT = 5
_REACH = 3
"""Steps to both sides, of length 1."""
_LOOKED_AT = 2_000
"""Samples of which those are taken that look like a class."""


@click.command()
@latent_options
@click.option(
    "--count", type=click.IntRange(min=1), help=f"How many directions.  [default: {_COUNT}]"
)
@click.option(
    "--from",
    "start",
    callback=parse_numbers,
    metavar="SEEDS",
    help="With --to, in place of principal directions: the one from the mean of these …",
)
@click.option("--to", "end", callback=parse_numbers, metavar="SEEDS", help="… to that of these.")
@click.option(
    "--from-class",
    metavar="CLASS",
    help="With --to-class, of a generator that is told no classes: the direction from what looks"
    " like this class, to a classifier of the images' labels …",
)
@click.option("--to-class", metavar="CLASS", help="… to what looks like this one.")
@reals_option
@click.option(
    "--seed",
    type=click.IntRange(0, 2**62),
    default=0,
    show_default=True,
    help="Whose image the walks go through.",
)
@click.option(
    "--label", "asked", metavar="CLASS", help="What to show.  [default: class seed mod classes]"
)
@out_option
@click.option(
    "--write-directions",
    "found",
    type=click.Path(path_type=Path),
    callback=npy_file,
    metavar="FILE.npy",
    help="Also write the directions, one a row, each of length 1.",
)
def directions(
    place: Path,
    file: Path | None,
    kept: Path | None,
    count: int | None,
    start: tuple[range, ...] | None,
    end: tuple[range, ...] | None,
    from_class: str | None,
    to_class: str | None,
    settings: tuple[str, ...],
    seed: int,
    asked: str | None,
    out: Path,
    found: Path | None,
) -> None:
    """Draw walks through an image along directions of latents.

    Principal directions, by SeFa: those in which the first layer's outputs change most. Or the one
    between two groups of seeds, --from and --to, or between what looks like two classes. Rows are
    directions, columns steps from -3 to 3.
    """
    groups = _groups(start, end, count)
    classes = _classes(from_class, to_class, groups, file, count)
    opened = open_checkpoint(place, file)
    opened.refuse_points("directions are shown by")
    for numbers in (*groups, [seed]):
        opened.refuse_absent(numbers)
    label = opened.label_of(asked)
    if label is None and opened.names and opened.latents is None:
        label = seed % len(opened.names)
    size = opened.recipe.latent.size
    if count is not None and count > size:
        raise click.UsageError(f"--count {count}: there are {size} principal directions")
    refuse_unwritable(out, kept, found)
    sampler = build(opened, asked)
    if label is None:
        opened.refuse_unlabelled(sampler)
    if classes is not None:
        groups = _alike(opened, sampler, classes, settings)
    import numpy as np

    from gantool.steering.directions import walk

    [through] = opened.vectors(sampler, [seed])
    chosen = _directions(opened, sampler, groups, through, label or 0, count or min(_COUNT, size))
    walks = walk(through, chosen, np.arange(-_REACH, _REACH + 1))
    names = [] if groups else [str(number) for number in range(1, len(chosen) + 1)]
    write_rows(sampler, list(walks), names, label, out)
    write_vectors(kept, walks.reshape(-1, walks.shape[2]))
    write_vectors(found, chosen)
    told = "1 direction" if len(chosen) == 1 else f"{len(chosen)} directions"
    click.echo(f"{out}: {told}, steps -{_REACH} to {_REACH}, step {sampler.header.step}")


def _groups(
    start: tuple[range, ...] | None, end: tuple[range, ...] | None, count: int | None
) -> list[list[int]]:
    """The numbers of both groups; none where principal directions are asked for."""
    if (start is None) != (end is None):
        raise click.UsageError("--from and --to belong together: name the seeds of both")
    if start is None or end is None:
        return []
    if count is not None:
        raise click.UsageError("--count is of principal directions; --from and --to have one")
    return [numbers_of(start, "--from"), numbers_of(end, "--to")]


def _classes(
    start: str | None,
    end: str | None,
    groups: list[list[int]],
    file: Path | None,
    count: int | None,
) -> tuple[str, str] | None:
    """Both classes; None where none are named."""
    if (start is None) != (end is None):
        raise click.UsageError("--from-class and --to-class belong together: name both")
    if start is None or end is None:
        return None
    others = {"--from": bool(groups), "--latents": file is not None, "--count": count is not None}
    for option, is_given in others.items():
        if is_given:
            raise click.UsageError(f"--from-class and {option} contradict each other")
    return start, end


def _alike(
    opened: Opened, sampler: Model, classes: tuple[str, str], settings: tuple[str, ...]
) -> list[list[int]]:
    """The seeds of samples that look like each of two classes."""
    from gantool.evaluation.alike import seeds_alike
    from gantool.evaluation.of_checkpoint import Evaluated
    from gantool.recipe.edit import Override, parse_override

    if sampler.takes_label:
        raise click.UsageError(
            f"{opened.checkpoint.path}: the generator is told classes, so that none is a direction"
            " of its latents: `gantool interpolate --label` leads from one to another"
        )
    labelled = Override(("data", "labels"), True, "data.labels=true")
    with telling_images() as tell:
        overrides = [*map(parse_override, settings), labelled]
        evaluated = Evaluated(opened.checkpoint, overrides, tell, tell, say)
        options = ("--from-class", "--to-class")
        found = [
            seeds_alike(evaluated, name, option, _LOOKED_AT)
            for name, option in zip(classes, options, strict=True)
        ]
    return [seeds.tolist() for seeds in found]


def _directions(
    opened: Opened,
    sampler: Model,
    groups: list[list[int]],
    through: np.ndarray,
    label: int,
    count: int,
) -> np.ndarray:
    """Unit vectors [K, size].

    Raises:
        InputError: There are none.
    """
    from gantool.errors import InputError
    from gantool.steering.directions import direction_between, principal_directions
    from gantool.steering.first_layer import first_layer_weights

    if not groups:
        weights = first_layer_weights(sampler.generator, through, label)
        return principal_directions(weights, count)
    direction = direction_between(*(opened.vectors(sampler, numbers) for numbers in groups))
    if direction is None:
        raise InputError("--from and --to have the same mean: there is no direction between them")
    return direction[None]
