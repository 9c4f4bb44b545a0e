"""The numbers of a recipe that follow schedules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gantool.engine.state import TrainingState
from gantool.gan.schedule import Schedule
from gantool.networks.components import make
from gantool.recipe.component import Component
from gantool.recipe.document import Path, dotted
from gantool.recipe.model import Recipe
from gantool.recipe.resolve import spec_of
from gantool.recipe.signatures import Kind
from gantool.recipe.spec import is_own_schedule
from gantool.recipe.types import Interval


def schedules_of(component: Component, kind: Kind) -> dict[str, Schedule]:
    """The schedules of gantool that a component has, by keyword."""
    keywords = spec_of(component, kind).keywords
    return {word: make(value) for word, value in keywords.items() if is_own_schedule(value)}


def scheduled_variables(state: TrainingState, recipe: Recipe) -> list[tuple[Any, Schedule]]:
    """The variables of both optimizers that follow schedules, each with its own."""
    found: list[tuple[Any, Schedule]] = []
    for component, outer in (
        (recipe.optimizers.discriminator, state.discriminator_optimizer),
        (recipe.optimizers.generator, state.generator_optimizer),
    ):
        optimizer = getattr(outer, "inner_optimizer", outer)  # that of loss scaling
        for word, schedule in schedules_of(component, "optimizer").items():
            found.append((getattr(optimizer, word), schedule))
    return found


def half_life_of(recipe: Recipe) -> float | Schedule:
    """The half-life of the moving average, in images; 0 where it has none."""
    average = recipe.train.average
    match None if average is None else average.half_life:
        case Component() as component:
            schedule: Schedule = make(spec_of(component, "schedule"))
            return schedule
        case Interval(count=count):
            return float(count)
    return 0.0


def all_schedules(recipe: Recipe) -> Iterator[tuple[str, Schedule]]:
    """Every schedule of gantool in a recipe, with the place of its number."""
    places: list[tuple[Path, Component, Kind]] = [
        (("optimizers", "generator"), recipe.optimizers.generator, "optimizer"),
        (("optimizers", "discriminator"), recipe.optimizers.discriminator, "optimizer"),
        *((("regularizers", index), it, "term") for index, it in enumerate(recipe.regularizers)),
    ]
    if recipe.augment is not None:
        places.append((("augment",), recipe.augment, "augmentation"))
    for path, component, kind in places:
        for word, schedule in schedules_of(component, kind).items():
            yield dotted((*path, component.name, word)), schedule
    half_life = half_life_of(recipe)
    if isinstance(half_life, Schedule):
        yield "train.average.half_life", half_life
