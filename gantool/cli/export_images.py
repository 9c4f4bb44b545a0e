"""`gantool export-images`: the real images that networks see, in files for other programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gantool.cli import completion
from gantool.cli.loading import load_recipe, setting_options, warn
from gantool.cli.progress import telling_images
from gantool.cli.writing import errors_of_writing
from gantool.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from gantool.data.export.pictures import Picture
    from gantool.data.loading import Images
    from gantool.recipe.load import RecipeText

_TOGETHER = 32
"""Images that are read, and encoded, at a time."""


@click.command("export-images")
@click.argument("source", metavar="RECIPE_OR_RUN", shell_complete=completion.recipes)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="A new folder or a .zip for a PNG an image; an .npz for arrays.",
)
@click.option(
    "--count",
    type=click.IntRange(1),
    metavar="N",
    help="How many, chosen at random by the recipe's seed.  [default: all]",
)
@setting_options
def export_images(
    source: str, out: Path, count: int | None, settings: tuple[str, ...], seed: int | None
) -> None:
    """Write the real images of RECIPE_OR_RUN as its networks see them.

    They have the recipe's size, crop, channels and split, so that another program's figures are of
    the same pixels; --set data.split=test takes another split. They are not mirrored. Samples for
    the other side are written by `gantool sample --count N`.
    """
    suffix = "" if out.is_dir() else out.suffix.lower()
    if suffix not in ("", ".zip", ".npz"):
        raise click.UsageError(f"--out {out}: name a folder, a .zip or an .npz")
    if out.is_dir() and any(out.iterdir()):
        raise click.UsageError(f"--out {out}: holds files already; name a new folder")
    images, seed = _open(source, settings, seed)
    chosen = _chosen(images, count, seed)
    if suffix == ".npz":
        _write_arrays(images, chosen, out)
    else:
        _write_pictures(images, chosen, out)
    what = "image" if len(chosen) == 1 else "images"
    click.echo(f"{out}: {len(chosen):,} {what} of {images.source.name}")


def _open(source: str, settings: Sequence[str], seed: int | None) -> tuple[Images, int]:
    """The images of a recipe, and its seed."""
    from gantool.data.loading import load_images
    from gantool.data.sources import open_source

    loaded = load_recipe(_recipe_of(source), settings, None, seed)
    loaded.raise_problems()
    data = loaded.recipe.data
    opened = open_source(data, loaded.folder)
    with telling_images() as tell:
        images = load_images(opened, data, tell)
    warn(*images.notes)
    return images, loaded.recipe.seed


def _recipe_of(source: str) -> RecipeText:
    from gantool.cli.inspect_run import is_run
    from gantool.recipe.load import find_recipe
    from gantool.runs.resume import find_resume_point, recipe_of_run
    from gantool.runs.run_folder import RunFolder

    if not is_run(Path(source)):
        return find_recipe(source)
    folder = RunFolder(Path(source))
    return recipe_of_run(folder, find_resume_point(folder))


def _chosen(images: Images, count: int | None, seed: int) -> np.ndarray:
    """The numbers of images, in order; those of a smaller count are among those of a larger."""
    import numpy as np

    from gantool.recipe.randomness import key

    if count is None:
        return np.arange(len(images))
    if count > len(images):
        raise InputError(f"--count {count:,}: {images.source.name} has {len(images):,} images")
    return np.sort(np.random.default_rng(key(seed, "reals")).permutation(len(images))[:count])


def _write_pictures(images: Images, chosen: np.ndarray, out: Path) -> None:
    from gantool.data.export.pictures import write_folder, write_zip

    if images.data.size is None:
        raise InputError(f"--out {out}: points have no pictures of their own: name an .npz")
    runs = (partial(_pictures, images, numbers) for numbers in _told(chosen))
    with errors_of_writing(out):
        if out.suffix.lower() == ".zip" and not out.is_dir():
            write_zip(out, runs, "png")
        else:
            out.mkdir(parents=True, exist_ok=True)
            write_folder(out, runs, "png")


def _pictures(images: Images, numbers: np.ndarray) -> Iterator[Picture]:
    from gantool.data.export.pictures import Picture

    places = numbers if images.places is None else images.places[numbers]
    for number, place, pixels in zip(numbers, places, images.read(numbers), strict=True):
        label = f"-label-{images.labels[number]}" if images.classes else ""
        yield Picture(f"image-{place:08d}{label}", pixels)


def _write_arrays(images: Images, chosen: np.ndarray, out: Path) -> None:
    from gantool.data.export.npz import Member, write_npz
    from gantool.data.export.pictures import on_other_cores

    shape = (len(chosen), *images.example.shape)
    name = "points" if images.data.size is None else "images"
    read = on_other_cores(images.read, _told(chosen))
    members = [Member(name, shape, images.example.dtype, read)]
    if images.classes:
        members.append(Member("labels", shape[:1], "<i4", [images.labels[chosen]]))
    with errors_of_writing(out):
        write_npz(out, members)


def _told(chosen: np.ndarray) -> Iterator[np.ndarray]:
    """Numbers, a few at a time; a bar tells how many were taken."""
    with telling_images() as tell:
        for first in range(0, len(chosen), _TOGETHER):
            yield chosen[first : first + _TOGETHER]
            tell(min(first + _TOGETHER, len(chosen)), len(chosen))
