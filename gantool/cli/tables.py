"""What a recipe is made of, as tables."""

import math

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from gantool.engine.plan import Plan
from gantool.engine.scheduled import all_schedules
from gantool.engine.smoke_test import Trace
from gantool.engine.timetable import Timetable, timetable_of
from gantool.gan.schedule import Progress, Schedule
from gantool.networks.build import BuiltNetwork
from gantool.networks.messages import times
from gantool.networks.table import layer_rows, parameter_count


def print_plan(plan: Plan, traced: Trace, count: int | None) -> None:
    """Print both networks layer by layer, their memory, a trace, and the length of an epoch.

    Args:
        plan: Of the run.
        traced: What becomes of two latent vectors.
        count: The images that are used; None where that is not known.
    """
    latent = (plan.recipe.latent.size,)
    _print_network("generator", plan.state.generator, latent)
    _print_network("discriminator", plan.state.discriminator, plan.recipe.data.shape)
    for line in (*_memory_lines(plan), _trace_line(plan, traced), *_data_lines(plan, count)):
        click.echo(line)


def _print_network(title: str, network: BuiltNetwork, input_shape: tuple[int, ...]) -> None:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("", justify="right")
    table.add_column("layer", no_wrap=True)
    table.add_column("output", no_wrap=True)
    table.add_column("parameters", justify="right", no_wrap=True)
    for row in layer_rows(network, input_shape):
        table.add_row(*row)
    # As wide as the table needs: a pipe is no reason to cut names short.
    console = Console(width=200, soft_wrap=True, highlight=False)
    console.print(table)
    click.echo(f"{parameter_count(network):,} parameters\n")


def _memory_lines(plan: Plan) -> list[str]:
    weights = optimizers = 0
    for group, members in plan.state.variables().items():
        size = sum(
            variable.value.dtype.size * math.prod(variable.shape) for variable in members.values()
        )
        if group.startswith("optimizers/"):
            optimizers += size
        else:
            weights += size
    return [
        f"device  {plan.computing}",
        f"memory  weights {weights / 1e6:,.1f} MB, optimizers {optimizers / 1e6:,.1f} MB",
    ]


def _trace_line(plan: Plan, traced: Trace) -> str:
    latents = f"latents {times((len(traced.images), plan.recipe.latent.size))}"
    images = f"images {times(traced.images.shape)} {_span(traced.images)}"
    logits = f"logits {times(traced.logits.shape)} {_span(traced.logits)}"
    return f"trace   {latents} → {images} → {logits}"


def _span(values: np.ndarray) -> str:
    return f"({values.min():.3g} to {values.max():.3g})"


def _data_lines(plan: Plan, count: int | None) -> list[str]:
    recipe, source = plan.recipe, plan.source
    if source is None:
        return [f"data    {plan.note}"]
    train = recipe.train
    together = f", {train.accumulate} an update" if train.accumulate > 1 else ""
    images = len(source) if count is None else count
    shown = f"at most {images:,}" if count is None else f"{images:,}"
    timetable = timetable_of(recipe.train, images)
    batches, steps = timetable.batches_per_epoch, timetable.last_step(recipe.train)
    usual = f"{batches / recipe.train.updates.discriminator:,.6g} steps"
    burst = recipe.train.updates.burst
    steps_per_epoch = usual if burst is None else f"{usual} outside bursts"
    classes = f" of {plan.classes} classes" if plan.classes else ""
    covered = f"{'at most ' if count is None else ''}{batches * train.update_size:,} images"
    return [
        f"data    {shown} images{classes} from {source.name}, in batches of"
        f" {train.batch_size}{together}",
        f"epoch   {covered}, {steps_per_epoch}",
        f"run     {steps:,} steps, {timetable.batches(steps) / batches:,.3g} epochs",
        *(
            f"change  {place}: {_course(schedule, timetable, steps)}"
            for place, schedule in all_schedules(recipe)
        ),
    ]


def _course(schedule: Schedule, timetable: Timetable, steps: int) -> str:
    """What a number is at the first step of a run, in its middle and at its last step."""
    first, middle, last = (
        f"{float(schedule(_progress(timetable, step))):.4g}" for step in (0, steps // 2, steps - 1)
    )
    return f"{type(schedule).__name__} from {first} by {middle}, halfway, to {last}"


def _progress(timetable: Timetable, step: int) -> Progress:
    batches = timetable.batches(step)
    epochs = batches / timetable.batches_per_epoch
    return Progress(float(step), float(batches * timetable.batch_size), epochs)
