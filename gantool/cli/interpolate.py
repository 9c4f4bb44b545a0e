"""`gantool interpolate`: films of the ways between latents."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gantool.cli.seed_numbers import parse_numbers
from gantool.cli.steering import (
    MOST,
    Opened,
    build,
    latent_options,
    numbers_of,
    open_checkpoint,
    refuse_unwritable,
    write_vectors,
)
from gantool.cli.writing import errors_of_writing

if TYPE_CHECKING:
    import numpy as np

    from gantool.data.example import Example
    from gantool.recipe.model import Recipe

_FPS = 20
_FILMS = (".gif", ".webp", ".mp4")
_FRAME = re.compile(r"frame-\d{5}\.png")


@click.command()
@latent_options
@click.option(
    "--seeds",
    callback=parse_numbers,
    metavar="SEEDS",
    help="The latents to go through, in this order, as in 1,5,9. With --latents, all of the file if"
    " none are named.",
)
@click.option(
    "--label",
    "--labels",
    "asked",
    metavar="CLASSES",
    help="What to show: one class for all, or one for each seed: cat,dog. Of one seed, the classes"
    " to go through.  [default: class seed mod classes]",
)
@click.option(
    "--frames", type=click.IntRange(2, MOST), default=60, show_default=True, help="How many images."
)
@click.option("--loop", is_flag=True, help="Go on from the last seed to the first.")
@click.option(
    "--fps", type=click.IntRange(1, 120), help=f"Frames a second of a film.  [default: {_FPS}]"
)
@click.option(
    "--scale",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Make a square of so many pixels of each.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="A film (.gif, .webp, .mp4), a .png for all frames in a row, or a folder of frames.",
)
def interpolate(
    place: Path,
    file: Path | None,
    kept: Path | None,
    seeds: tuple[range, ...] | None,
    asked: str | None,
    frames: int,
    loop: bool,
    fps: int | None,
    scale: int,
    out: Path,
) -> None:
    """Make a film of the way from seed to seed.

    Each seed is a frame, and the others are spread evenly between. Normal latents go on arcs
    (slerp), uniform ones straight. Between two classes, what the layers make of labels is mixed.
    """
    is_film = out.suffix.lower() in _FILMS and not out.is_dir()
    encoder = _checked_out(out, is_film, frames, fps)
    opened = open_checkpoint(place, file)
    numbers = _numbers(seeds, opened)
    opened.refuse_absent(numbers)
    labels = opened.labels_of(asked)
    if labels is None and opened.names and opened.latents is None:
        labels = [seed % len(opened.names) for seed in numbers]
    numbers, labels = _keys(numbers, labels)
    if frames < len(numbers):
        raise click.UsageError(f"--frames {frames}: each of the {len(numbers)} keys is a frame")
    _refuse_too_large(opened.recipe, frames, scale, out)
    refuse_unwritable(out if out.suffix and not out.is_dir() else None, kept)
    sampler = build(opened, asked)
    if labels is None:
        opened.refuse_unlabelled(sampler)
    from gantool.steering.interpolation import interpolate as between
    from gantool.steering.interpolation import places_of
    from gantool.steering.mixed_labels import draw_latents, mixtures_of

    places = places_of(len(numbers), frames, loop)
    latents = between(opened.vectors(sampler, numbers), places, opened.recipe.latent)
    mixtures = mixtures_of(labels, places) if labels and sampler.takes_label else None
    drawn = draw_latents(sampler, latents, mixtures)
    if is_film:
        from gantool.sampling.films import write_film

        pictures = _pictures(drawn, sampler.example, scale, alpha=out.suffix.lower() == ".webp")
        with errors_of_writing(out):
            write_film(out, pictures, frames, fps or _FPS, encoder)
        length = f", {frames / (fps or _FPS):.3g} s"
    else:
        _write_stills(drawn, sampler.example, frames, scale, out)
        length = ""
    write_vectors(kept, latents)
    click.echo(f"{out}: {frames} frames{length}, step {sampler.header.step}")


def _checked_out(out: Path, is_film: bool, frames: int, fps: int | None) -> str:
    """The encoder where one is needed; what cannot be written is refused."""
    suffix = out.suffix.lower()
    if suffix and not is_film and suffix != ".png" and not out.is_dir():
        raise click.UsageError(
            f"--out {out}: name a .gif, .webp or .mp4, a .png for all frames, or a folder"
        )
    if not is_film:
        if fps is not None:
            raise click.UsageError("--fps belongs to films: name a .gif, .webp or .mp4 with --out")
        if out.is_dir() and any(_FRAME.fullmatch(path.name) for path in out.iterdir()):
            raise click.UsageError(f"--out {out}: holds frames already; name another folder")
        return ""
    from gantool.sampling.films import FASTEST_GIF, LONGEST_GIF, find_encoder

    rate = fps or _FPS
    if suffix == ".gif" and rate > FASTEST_GIF:
        raise click.UsageError(f"--fps {rate}: a GIF shows {FASTEST_GIF} frames a second at most")
    if suffix == ".gif" and frames > LONGEST_GIF * rate:
        raise click.UsageError(f"a GIF of more than {LONGEST_GIF} s: name a .webp or .mp4")
    return find_encoder(out) if suffix == ".mp4" else ""


def _numbers(seeds: tuple[range, ...] | None, opened: Opened) -> list[int]:
    """The seeds, or rows of the file, that are gone through."""
    if seeds is not None:
        return numbers_of(seeds, "--seeds")
    if opened.latents is None:
        raise click.UsageError("name the --seeds to go through, as in 1,5,9, or --latents")
    return numbers_of([range(len(opened.latents))], "--latents")


def _keys(numbers: list[int], labels: list[int] | None) -> tuple[list[int], list[int] | None]:
    """As many numbers as labels, two or more."""
    if labels is not None and len(numbers) == 1:
        numbers = numbers * len(labels)
    if len(numbers) < 2:
        raise click.UsageError("a way has two ends: name two seeds or more, or two classes")
    if labels is not None and len(labels) == 1:
        labels = labels * len(numbers)
    if labels is not None and len(labels) != len(numbers):
        raise click.UsageError(
            f"--label: {len(labels)} classes for {len(numbers)} seeds; name one for all, or one for"
            " each"
        )
    return numbers, labels


def _refuse_too_large(recipe: Recipe, frames: int, scale: int, out: Path) -> None:
    """Raise InputError where a film has too long sides, or the machine cannot hold the frames."""
    from gantool.errors import InputError
    from gantool.memory import amount, machine_memory
    from gantool.sampling.films import MAX_SIDE

    suffix = out.suffix.lower()
    if suffix in _FILMS and max(recipe.data.shape[:2]) * scale > MAX_SIDE:
        raise InputError(f"--scale {scale}: a film has sides of {MAX_SIDE:,} pixels at most")
    size, memory = frames * math.prod(recipe.data.shape) * scale**2, machine_memory()
    if suffix in (".gif", ".png") and size > memory:
        raise InputError(
            f"{frames:,} frames are {amount(size)}, and this machine has {amount(memory)}: make"
            " fewer or smaller ones, or name a folder with --out"
        )


def _pictures(
    drawn: Iterator[np.ndarray], example: Example, scale: int, *, alpha: bool
) -> Iterator[np.ndarray]:
    """What is shown of each example: over a checkerboard where it is transparent, or with alpha."""
    from gantool.data.drawing import enlarged

    for one in drawn:
        is_image = one.ndim == 3
        yield enlarged(one if is_image and alpha else example.picture([one], 1, 1), scale)


def _write_stills(
    drawn: Iterator[np.ndarray], example: Example, frames: int, scale: int, out: Path
) -> None:
    """Write all frames as one picture, or each as a file of a folder."""
    from gantool.data.drawing import encode_png, enlarged, write_png
    from gantool.files import write_bytes

    if out.suffix.lower() == ".png" and not out.is_dir():
        with errors_of_writing(out):
            write_png(out, enlarged(example.picture(list(drawn), 1, frames), scale))
        return
    with errors_of_writing(out):
        out.mkdir(parents=True, exist_ok=True)
        for number, picture in enumerate(_pictures(drawn, example, scale, alpha=True)):
            path = out / f"frame-{number:05d}.png"
            write_bytes(path, encode_png(picture), flushed=False)
