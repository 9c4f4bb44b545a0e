"""`gantool sample`: pictures from a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from gantool.cli.checkpoint_option import checkpoint_option
from gantool.cli.loading import start_tensorflow, warn
from gantool.cli.sample_options import Target, drawing_options, target_of
from gantool.cli.sample_order import Order, order_like, order_of

if TYPE_CHECKING:
    from gantool.runs.checkpoint import Checkpoint

_WITH_LIKE = {"place", "like", "out", "latents_file"}
"""Options that go with --like: the picture says the others."""


@click.command()
@checkpoint_option
@drawing_options
@click.option(
    "--like",
    type=click.Path(path_type=Path),
    metavar="PNG",
    help="Draw a picture of gantool's again, by what it says of itself.",
)
def sample(
    place: Path, like: Path | None, out: Path | None, kept_latents: Path | None, **options: Any
) -> None:
    """Draw the images of some seeds from a checkpoint.

    A seed and a label always give the same image from the same checkpoint, whatever is drawn beside
    it. Without --label a network that takes labels shows class k mod classes for seed k; several
    labels are drawn by-label unless another grid is named.

    Each PNG says where it comes from: --like draws it again, to the byte, from the same checkpoint.
    """
    from gantool.runs.resume import find_checkpoint

    if like is None:
        target = _target(out, kept_latents, **options)
        checkpoint = find_checkpoint(place, warn)
        _draw(checkpoint, _order(checkpoint, target, **options), target, out, kept_latents)
        return
    out = _out_beside(like, out)
    before = like.read_bytes() if like.is_file() else b""
    checkpoint = find_checkpoint(place, warn)
    order = order_like(like, checkpoint, options["latents_file"])
    _draw(checkpoint, order, Target("grid"), out, None)
    if out.read_bytes() != before:
        warn(
            f"{out}: not byte for byte {like}, which was changed since, or drawn by other releases"
            " or on another machine"
        )


def _target(
    out: Path | None,
    kept_latents: Path | None,
    *,
    seeds: tuple[range, ...] | None,
    counted: tuple[range, ...] | None,
    latents_file: Path | None,
    format: str | None,
    **options: Any,
) -> Target:
    chosen = {"--seeds": seeds, "--count": counted, "--latents": latents_file}
    given = [name for name, value in chosen.items() if value is not None]
    if len(given) > 1:
        raise click.UsageError(f"{given[0]} and {given[1]} contradict each other")
    if latents_file is not None and kept_latents is not None:
        raise click.UsageError("--write-latents writes those of seeds; --latents has its own")
    return target_of(out, options["grid"], format, options["scale"], options["spacing"])


def _order(
    checkpoint: Checkpoint,
    target: Target,
    *,
    seeds: tuple[range, ...] | None,
    counted: tuple[range, ...] | None,
    format: str | None,  # noqa: ARG001 - the target has it
    **options: Any,
) -> Order:
    return order_of(checkpoint, target, seeds=seeds or counted, **options)


def _out_beside(like: Path, out: Path | None) -> Path:
    """Where a picture like another goes.

    Raises:
        click.UsageError: Other options are given with --like, or --out is no other PNG.
    """
    context = click.get_current_context()
    for option in context.command.params:
        name = option.name or ""
        if name not in _WITH_LIKE and (
            context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        ):
            raise click.UsageError(f"{option.opts[0]} and --like contradict each other")
    if out is None or out.suffix.lower() != ".png" or out.is_dir():
        raise click.UsageError("--like needs a .png for --out")
    if out.exists() and like.exists() and out.samefile(like):
        raise click.UsageError(f"--out {out}: the picture itself; name another file")
    return out


def _draw(
    checkpoint: Checkpoint, order: Order, target: Target, out: Path | None, latents: Path | None
) -> None:
    """Draw what is ordered, write it, and say so."""
    start_tensorflow()
    from gantool.cli.sample_output import Output
    from gantool.sampling.model import Model

    sampler = Model(checkpoint, order.weights, order.truncation)
    if order.selection.labels is not None:
        sampler.refuse_labels()
    output = Output(sampler, order, order.provenance(checkpoint, sampler.weights))
    step, count = sampler.header.step, order.selection.count
    path = out or Path(f"{sampler.recipe.name}-step-{step:08d}.png")
    drawn = f"{count:,} {'image' if count == 1 else 'images'}"
    if latents is not None:
        output.write_latents(latents)
    if target.kind == "npz":
        output.write_arrays(path)
    elif target.kind != "grid":
        output.write_each(path, target)
    else:
        output.write_picture(path)
        if order.grid is not None:
            what = "seeds" if order.latents is None else "latents"
            drawn = f"{what} in {order.grid.rows} rows of {order.grid.columns}"
    click.echo(f"{path}: {drawn}, step {step}")
