"""`gantool nearest`: samples beside the training images most like them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from gantool.cli.checkpoint_option import checkpoint_option
from gantool.cli.figure_options import features_option, reals_option
from gantool.cli.loading import say, start_tensorflow, warn
from gantool.cli.progress import telling_images

if TYPE_CHECKING:
    from gantool.features.network import FeatureName


@click.command()
@checkpoint_option
@click.option(
    "--samples",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    help="Number of samples, of seeds 0, 1, 2, …",
)
@click.option(
    "--shown",
    type=click.IntRange(min=1, max=100),
    default=10,
    show_default=True,
    help="Samples in the picture: those most like a training image.",
)
@features_option
@reals_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("nearest.png"),
    show_default=True,
    help="The picture. RUN/nearest.png is shown in the run's report.",
)
def nearest(
    place: Path,
    samples: int,
    shown: int,
    features: str | None,
    settings: tuple[str, ...],
    out: Path,
) -> None:
    """Show samples beside their nearest training images, to see whether they are copies.

    A row a sample, the one most like a training image first: the sample, then the three training
    images nearest to it. The line tells the share of samples that are nearer to a training image
    than that is to any other: about a half of new images of the same kind, all of copies.
    """
    from gantool.recipe.edit import parse_override
    from gantool.runs.resume import find_checkpoint

    if out.suffix.lower() != ".png":
        raise click.UsageError(f"--out {out}: name a .png")
    overrides = [parse_override(setting) for setting in settings]
    checkpoint = find_checkpoint(place, warn)
    start_tensorflow()
    from gantool.data.drawing import write_png
    from gantool.errors import InputError
    from gantool.evaluation.copies import SHOWN_IN_ROW, copies
    from gantool.evaluation.of_checkpoint import Evaluated

    with telling_images() as tell:
        evaluated = Evaluated(checkpoint, overrides, tell, tell, say)
        if evaluated.recipe.data.size is None:
            raise InputError(f"{checkpoint.path}: makes points, of which none is a copy")
        looking = cast("FeatureName | None", features)
        found = copies(evaluated.samples(samples), evaluated.reals, looking, shown)
    example = evaluated.reals.images.example
    try:
        write_png(out, example.picture(list(found.images), len(found.seeds), SHOWN_IN_ROW))
    except OSError as error:
        raise InputError(f"{out}: cannot be written ({error.strerror})") from error
    click.echo(
        f"{out}: {len(found.seeds)} samples, each before its nearest training images, by"
        f" {found.told}\n"
        f"{found.share:.1%} of {samples:,} samples are nearer to a training image than that is to"
        " any other"
    )
