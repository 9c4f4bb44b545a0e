"""What a recipe is made of, as tables."""

import math
from collections.abc import Sequence
from typing import Any

import click
import keras
import numpy as np
from rich.console import Console
from rich.table import Table

from gantool.engine.plan import Plan
from gantool.engine.scheduled import all_schedules
from gantool.engine.smoke_test import Trace
from gantool.engine.timetable import Timetable, timetable_of
from gantool.gan.schedule import Progress, Schedule
from gantool.layers.auxiliary_classifier import classifies
from gantool.networks.build import BuiltNetwork, PlacedLayer
from gantool.networks.messages import times


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
    table.add_row("", "input", times(input_shape) + (" + label" if network.takes_label else ""), "")
    inside: list[str] = []
    for number, layer in enumerate(network.layers, start=1):
        *blocks, _ = layer.place.split("/")
        for heading in _begun(inside, blocks):
            table.add_row("", heading, "", "")
        inside = blocks
        own = layer.layer.count_params()
        count = f"{own:,}" if own else ""
        name = "  " * len(blocks) + _name(layer)
        table.add_row(str(number), name, _output(layer), count)
    # As wide as the table needs: a pipe is no reason to cut names short.
    console = Console(width=200, soft_wrap=True, highlight=False)
    console.print(table)
    parameters = sum(math.prod(variable.shape) for variable in network.weights().values())
    click.echo(f"{parameters:,} parameters\n")


def _output(placed: PlacedLayer) -> str:
    if not classifies(placed.layer):
        return times(placed.shape)
    classes = (placed.shape[-1] or 1) - 1
    return f"logit + {classes} class" + ("es" if classes > 1 else "")


def _begun(before: Sequence[str], blocks: Sequence[str]) -> list[str]:
    """Headings of the blocks that begin with a layer, and of their parts, such as a `body`."""
    shared = 0
    while before[shared : shared + 1] == blocks[shared : shared + 1] != []:
        shared += 1
    return ["  " * depth + _part(blocks[depth]) for depth in range(shared, len(blocks))]


def _part(part: str) -> str:
    """Of `03_Residual` the block, of `02` in a Repeat which time it is, and `body` as it is."""
    return f"time {int(part) + 1}" if part.isdigit() else part.split("_", 1)[-1]


def _name(placed: PlacedLayer) -> str:
    """The name of a layer, with what it wraps."""
    name = _part(placed.place.rsplit("/", 1)[-1])
    layer: Any = placed.layer
    inside = []
    while isinstance(layer := getattr(layer, "layer", None), keras.layers.Layer):
        inside.append(type(layer).__name__)
    return "(".join([name, *inside]) + ")" * len(inside)


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
