"""`gantool evaluate`: figures of checkpoints."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from gantool.cli.figure_options import features_option, reals_option
from gantool.cli.loading import say, start_tensorflow, warn
from gantool.cli.progress import telling_images
from gantool.errors import InputError

if TYPE_CHECKING:
    from gantool.evaluation.metric import Metric
    from gantool.evaluation.of_checkpoint import Evaluated
    from gantool.features.network import FeatureName
    from gantool.recipe.edit import Override

_SAMPLES = 10_000


@click.command()
@click.argument(
    "places",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE_OR_RUN…",
)
@click.option(
    "--metrics",
    "named",
    metavar="NAMES",
    help="As in FrechetDistance,Modes, or as in a recipe.  [default: what suits the data]",
)
@click.option(
    "--samples",
    type=click.IntRange(min=1),
    default=_SAMPLES,
    show_default=True,
    help="Number of samples, of seeds 0, 1, 2, …; figures of other numbers do not compare.",
)
@features_option
@reals_option
@click.option("--json", "as_json", is_flag=True, help="A JSON object a checkpoint, in a line.")
def evaluate(
    places: tuple[Path, ...],
    named: str | None,
    samples: int,
    features: str | None,
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Take figures of checkpoints: their samples beside the images that they were trained on.

    The name of a figure tells the features, the number of samples and the split of the real images:
    only figures that agree in these compare. Equal checkpoints have equal figures.
    """
    from gantool.runs.resume import find_checkpoint

    overrides = _overrides(named, settings)
    checkpoints = [find_checkpoint(place, warn) for place in places]
    start_tensorflow()
    from gantool.evaluation.of_checkpoint import Evaluated

    for checkpoint in checkpoints:
        header = checkpoint.header
        with telling_images() as tell:
            evaluated = Evaluated(checkpoint, overrides, tell, tell, say)
            metrics = evaluated.metrics(samples, cast("FeatureName | None", features))
            figures = _figures(evaluated, metrics)
        if as_json:
            told = {"checkpoint": str(checkpoint.path), "step": header.step, **figures}
            click.echo(json.dumps(told))
        else:
            click.echo(f"{checkpoint.path}: step {header.step:,}")
            click.echo("\n".join(_lines(evaluated, metrics, figures)))


def _overrides(named: str | None, settings: Sequence[str]) -> list[Override]:
    from gantool.recipe.edit import parse_override

    overrides = [parse_override(setting) for setting in settings]
    if named is not None and not named.strip():
        raise InputError("--metrics: names none; leave it out for what suits the data")
    if named is not None:
        written = named if named.lstrip().startswith("[") else f"[{named}]"
        overrides.append(parse_override(f"output.metrics={written}"))
    return overrides


def _figures(evaluated: Evaluated, metrics: Sequence[Metric]) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for metric in metrics:
        assert metric.samples is not None
        figures |= metric(evaluated.samples(metric.samples), evaluated.reals)
    return figures


def _lines(
    evaluated: Evaluated, metrics: Sequence[Metric], figures: dict[str, Any]
) -> Iterator[str]:
    from gantool.runs.figure_names import short_name

    reals = evaluated.reals
    yield f"real images: {len(reals):,}, {reals.split}"
    yield from (f"features: {network}" for network in reals.told())
    width = max(map(len, figures), default=0)
    better = {name: way for metric in metrics for name, way in metric.better.items()}
    for name, value in figures.items():
        way = better.get(short_name(name))
        yield f"  {name:{width}}  {value:>12,.6g}" + (f"  {way} is better" if way else "")
    for metric in metrics:
        yield from metric.details(evaluated.samples(metric.samples or 0), reals)
