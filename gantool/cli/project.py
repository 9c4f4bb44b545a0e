"""`gantool project`: the latent of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gantool.cli.progress import telling_steps
from gantool.cli.steering import (
    build,
    latent_options,
    open_checkpoint,
    out_option,
    refuse_unwritable,
    write_vectors,
)
from gantool.cli.writing import errors_of_writing

if TYPE_CHECKING:
    import numpy as np

    from gantool.recipe.data import Data
    from gantool.sampling.model import Model
    from gantool.steering.projection import Projected

_STEPS = 500


@click.command()
@click.argument("picture", type=click.Path(path_type=Path))
@latent_options
@click.option("--label", "asked", metavar="CLASSES", help="The classes to try.  [default: all]")
@click.option(
    "--steps",
    type=click.IntRange(min=1),
    default=_STEPS,
    show_default=True,
    help="Of gradient descent.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**62),
    default=0,
    show_default=True,
    help="Of the latents that descent begins from.",
)
@out_option
def project(
    picture: Path,
    place: Path,
    file: Path | None,
    kept: Path | None,
    asked: str | None,
    steps: int,
    seed: int,
    out: Path,
) -> None:
    """Find the latent whose image is most like PICTURE.

    The picture is brought to size and colours as the recipe says. What is written shows it on the
    left, and what the generator makes of the latent that was found on the right.
    """
    opened = open_checkpoint(place, file)
    opened.refuse_points("pictures are found among")
    labels = opened.labels_of(asked)
    wanted = _prepared(picture, opened.recipe.data)
    refuse_unwritable(out, kept)
    sampler = build(opened, asked)
    import numpy as np

    from gantool.data.drawing import write_png

    classes = (labels or range(len(opened.names))) if sampler.takes_label else [0]
    found = _found(sampler, wanted, opened.latents, classes, steps, seed)
    [image] = sampler.images(found.latent[None], [found.label])
    with errors_of_writing(out):
        write_png(out, sampler.example.picture([wanted, image], 1, 2))
    write_vectors(kept, found.latent[None])
    error = np.sqrt(np.mean(np.square(image.astype(np.float64) - wanted)))
    shown = f", class {opened.names[found.label]}" if sampler.takes_label else ""
    click.echo(
        f"{out}: {picture} and the image found, which differ by {error:.2f} of 255 (root mean"
        f" square){shown}, step {sampler.header.step}"
    )


def _prepared(picture: Path, data: Data) -> np.ndarray:
    """The pixels of an image file as the networks of a recipe are shown them, uint8 [H, W, C].

    Raises:
        InputError: It cannot be read.
    """
    from gantool.data.decoding import UnreadableImageError
    from gantool.data.fitting import decode_for, fit_of, prepare
    from gantool.data.undecoded import read_file
    from gantool.errors import InputError

    fit = fit_of(data)
    try:
        image, times = decode_for(read_file(str(picture)), fit)
        return prepare(image, fit.smaller(times))
    except UnreadableImageError as error:
        raise error.at(str(picture)) from None
    except FileNotFoundError:
        raise InputError(f"{picture}: no such file") from None
    except OSError as error:
        raise InputError(f"{picture}: cannot be read ({error.strerror})") from error


def _found(
    sampler: Model,
    wanted: np.ndarray,
    latents: np.ndarray | None,
    classes: Sequence[int],
    steps: int,
    seed: int,
) -> Projected:
    """The best of descents from latents of a file, or of a draw, in each of the classes."""
    import numpy as np

    from gantool.networks.build import BuiltNetwork
    from gantool.sampling.sampler import make_sampler
    from gantool.steering.projection import MOST, Objective, descend, find_starts

    recipe = sampler.recipe
    network = BuiltNetwork(sampler.generator, sampler.takes_label, ())
    generate = make_sampler(network, recipe, sampler.header.classes).as_function()
    objective = Objective(sampler.example.to_network(wanted), recipe.data.range)
    if latents is None:
        starts, labels = find_starts(generate, objective, recipe.latent, classes, seed)
    elif len(latents) * len(classes) <= MOST:
        starts, labels = np.tile(latents, (len(classes), 1)), np.repeat(classes, len(latents))
    else:
        raise click.UsageError(
            f"--latents: {len(latents)} times {len(classes)} classes to begin from; {MOST} are"
            " allowed in all"
        )
    with telling_steps() as tell:
        return descend(generate, objective, recipe.latent, starts, labels, steps, tell)
