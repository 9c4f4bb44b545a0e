"""`gantool export`: the generator of a checkpoint for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from gantool.cli.loading import quiet_unless_it_fails, start_tensorflow
from gantool.export.formats import FORMATS, refuse_missing

if TYPE_CHECKING:
    from gantool.export.writing import Exported
    from gantool.runs.checkpoint import Checkpoint
    from gantool.sampling.provenance import Weights

_OF_A_SAVED_MODEL = {"saved_model.pb", "fingerprint.pb", "variables", "assets"}


@click.command()
@click.argument("place", type=click.Path(path_type=Path), metavar="CKPT")
@click.option(
    "--format",
    "name",
    required=True,
    type=click.Choice(list(FORMATS)),
    metavar="FORMAT",
    help="keras: a model of Keras's own layers; weights: of these the weights alone; savedmodel:"
    " TensorFlow's, which also makes latents of seeds; onnx; tflite.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The file, or for savedmodel the folder.  [default: named by recipe and step, in the"
    " working folder]",
)
@click.option(
    "--weights",
    type=click.Choice(["average", "raw"]),
    help="Their moving average, or those that training moves.  [default: average, where the recipe"
    " has one]",
)
def export(place: Path, name: str, out: Path | None, weights: str | None) -> None:
    """Write the generator of CKPT, a checkpoint or a run folder, for use without gantool.

    It makes what `gantool sample` draws: what is written is read back, and the largest difference
    told.
    """
    from gantool.runs.resume import find_checkpoint

    if out is not None:
        _refuse_name(name, out)
    refuse_missing(name)
    checkpoint = find_checkpoint(place, lambda line: click.echo(f"warning: {line}", err=True))
    path = out or _usual_path(checkpoint, name)
    _refuse_other(name, path)
    exported = _written(checkpoint, name, path, cast("Weights | None", weights))
    click.echo(f"{path}: {_told(exported, checkpoint)}\n{exported.loading}")


def _refuse_name(name: str, out: Path) -> None:
    suffix = FORMATS[name].suffix
    if suffix and not out.name.endswith(suffix):
        raise click.UsageError(f"--out {out}: a file of --format {name} ends in {suffix}")
    if not suffix and out.name.endswith(tuple(it.suffix for it in FORMATS.values() if it.suffix)):
        raise click.UsageError(f"--out {out}: --format {name} makes a folder: leave the ending out")
    if out.name in ("", ".."):
        raise click.UsageError(f"--out {out}: name a new folder")


def _usual_path(checkpoint: Checkpoint, name: str) -> Path:
    from gantool.recipe.load import RecipeText, load

    header = checkpoint.header
    recipe = load(RecipeText(header.recipe, f"{checkpoint.path} (recipe)", Path())).recipe
    return Path(f"{recipe.name}-step-{header.step:08d}{FORMATS[name].suffix or f'-{name}'}")


def _refuse_other(name: str, path: Path) -> None:
    """Raise UsageError where something else than an earlier export stands at a path."""
    if FORMATS[name].suffix:
        if path.is_dir():
            raise click.UsageError(f"--out {path}: is a folder; --format {name} makes a file")
    elif path.exists() and not path.is_dir():
        raise click.UsageError(f"--out {path}: is a file; --format {name} makes a folder")
    elif path.is_dir() and not {each.name for each in path.iterdir()} <= _OF_A_SAVED_MODEL:
        raise click.UsageError(f"--out {path}: holds other files than a SavedModel: name another")


def _written(checkpoint: Checkpoint, name: str, path: Path, weights: Weights | None) -> Exported:
    from gantool.errors import InputError

    start_tensorflow()
    with quiet_unless_it_fails():
        from gantool.export.writing import Exporter

        exporter = Exporter(checkpoint, weights)
        try:
            return exporter.write(name, path)
        except OSError as error:
            raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error


def _told(exported: Exported, checkpoint: Checkpoint) -> str:
    (low, high), difference = exported.bounds, exported.difference
    told = f"step {checkpoint.header.step}, {exported.weights} weights"
    if difference is None:
        return f"{told}, not compared with gantool sample: nothing that runs it is installed"
    if not difference:
        return f"{told}, to the bit as gantool sample draws"
    own = "" if exported.precision == "float32" else f", which computes in {exported.precision}"
    return f"{told}, within {difference:.1e} of gantool sample{own} (range {low:g} to {high:g})"
