"""`gantool bench`: how fast a recipe trains on this machine, and where its time goes."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from gantool.cli import completion
from gantool.cli.batch import batch_option, load_with_batch
from gantool.cli.loading import images_of, plan_of, setting_options
from gantool.memory import amount
from gantool.quantities import step_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gantool.measuring.report import Report

_PRECISIONS = ("auto", "float32", "mixed_bfloat16", "mixed_float16")
_WAITS = 0.01
"""The share of waiting for data from which on something can be done about it."""
_BUSY = 0.1
"""Of the cores: what others may take without a word."""


@click.command()
@click.argument("recipe", shell_complete=completion.recipes)
@setting_options
@batch_option
@click.option(
    "--precision",
    type=click.Choice(_PRECISIONS),
    metavar="P",
    help=f"{', '.join(_PRECISIONS)}: short for --set train.precision=P.",
)
@click.option(
    "--steps",
    type=click.IntRange(1, 1_000_000),
    help="Steps to time.  [default: those of about 8 seconds]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def bench(
    recipe: str,
    settings: tuple[str, ...],
    seed: int | None,
    batch: str | None,
    precision: str | None,
    steps: int | None,
    as_json: bool,
) -> None:
    """Measure how fast RECIPE, a file or the name of a built-in recipe, trains on this machine.

    Tells the time of a step and where it goes, images a second, how long the step waits for data,
    memory, and how near its arithmetic comes to the rate of a large matrix product. Steps of a
    burst are left out. Nothing is written.
    """
    from gantool.recipe.load import find_recipe

    if precision is not None:
        settings = (*settings, f"train.precision={precision}")
    loaded = load_with_batch(find_recipe(recipe), settings, None, seed, batch)
    plan = plan_of(loaded)
    from gantool.measuring.report import measure

    images = images_of(plan)
    report = measure(plan, images, steps)
    if as_json:
        click.echo(json.dumps(asdict(report), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(report, are_prepared=images.pixels is not None)))


def _lines(report: Report, are_prepared: bool) -> Iterator[str]:
    each = (report.seconds_per_step, report.seconds_per_step_min, report.seconds_per_step_max)
    middle, low, high = map(step_time, each)
    memory = amount(report.peak_memory_bytes)
    if report.peak_gpu_memory_bytes is not None:
        memory += f", and {amount(report.peak_gpu_memory_bytes)} of the GPU"
    yield f"{report.recipe}, batch {report.batch_size}, {report.precision}, on {report.device}"
    yield ""
    yield f"step        {middle} ({low} to {high}; {report.steps:,} in {report.calls} calls)"
    yield f"images      {report.images_per_second:,.0f} a second"
    yield f"memory      {memory}"
    yield f"arithmetic  {_arithmetic(report)}"
    yield f"start       {report.first_step_seconds:.1f} s for the first step, which compiles"
    yield ""
    yield "share of a step" + (" (parts measured without XLA)" if report.xla else "")
    for phase, share in report.phase_shares.items():
        yield f"{share:7.1%}  {phase.replace('_', ' ')}"
    yield from _advice(report, are_prepared)


def _arithmetic(report: Report) -> str:
    at_least = "" if report.operations_are_all else "at least "
    return (
        f"{at_least}{report.operations_per_step / 1e9:.3g} GFLOP a step,"
        f" {report.operations_per_second / 1e9:,.3g} GFLOP/s:"
        f" {report.share_of_matrix_product_rate:.0%} of the"
        f" {report.matrix_product_operations_per_second / 1e9:,.4g} GFLOP/s of a large product of"
        f" matrices in {report.matrix_product_dtype}"
    )


def _advice(report: Report, are_prepared: bool) -> Iterator[str]:
    """What there is to do about it, each with an empty line before.

    Images that are prepared already, in memory, wait for nothing that converting would spare.
    """
    if report.data_wait_share > _WAITS and not are_prepared:
        yield ""
        yield (
            f"The step waits for data {report.data_wait_share:.1%} of its time: `gantool convert`"
            " crops and resizes the images once, before training."
        )
    if report.cores_used_by_others > _BUSY * report.cores:
        yield ""
        yield (
            f"Other processes used {report.cores_used_by_others:.1f} of the {report.cores} cores"
            " meanwhile: alone, the step is faster."
        )
