"""From a loaded recipe to networks, optimizers and a data source that fit each other."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import keras

from gantool.data import order
from gantool.data.sources import ImageSource, PointSource
from gantool.engine.opened import OpenedData, open_data
from gantool.engine.state import TrainingState
from gantool.networks import derivative_checks, value_checks
from gantool.networks.build import BuiltNetwork, network_of
from gantool.networks.components import make, make_optimizer
from gantool.networks.devices import (
    available_memory,
    compilation_problems,
    described,
    find_device,
    stating_compilation,
    stating_precision,
    with_precision_for,
)
from gantool.networks.memory_check import Budget, slots_of
from gantool.networks.messages import construction_message
from gantool.networks.shape_checks import discriminator_problems, generator_problems
from gantool.recipe.document import Problem
from gantool.recipe.load import LoadedRecipe
from gantool.recipe.model import Recipe
from gantool.recipe.resolve import spec_of
from gantool.recipe.spec import Spec

_MAX_NAMES = 100_000
"""Characters of all classes' names in a recipe."""


@dataclass(frozen=True)
class Plan:
    """Everything that a run needs but the images themselves.

    Attributes:
        computing: What on, and how, as a line.
        source: Its images; None where a catalogue set is not on this machine yet.
        note: Then, how it gets there.
        classes: How many labels there are; 0 without labels.
        warnings: Lines on what was understood of the data in a way to be told, and on what the
            recipe asks for and may not mean.
    """

    loaded: LoadedRecipe
    computing: str
    source: ImageSource | PointSource | None
    note: str
    classes: int
    state: TrainingState
    warnings: tuple[str, ...]

    @property
    def recipe(self) -> Recipe:
        """The recipe as typed data."""
        return self.loaded.recipe


def make_plan(loaded: LoadedRecipe, replicas: int = 1, opened: OpenedData | None = None) -> Plan:
    """Build both networks and optimizers, and check that they fit together and fit the data.

    The data are opened unless they have been. Of several replicas that share each batch, one is
    built here.

    Raises:
        RecipeError: With a line for every problem, those of `loaded` among them.
    """
    problems: list[Problem] = []
    asked, device = loaded.recipe.train, with_precision_for(find_device(), loaded.recipe.data)
    loaded = stating_compilation(stating_precision(loaded, device), device)
    problems += compilation_problems(loaded, device, replicas)
    source, classes, note = opened or open_data(loaded, problems)
    loaded = _stating_classes(loaded, source)
    share = -(-loaded.recipe.train.batch_size // replicas)
    state = make_state(loaded, classes, problems, Budget(available_memory(device), share))
    loaded.raise_problems(
        list(derivative_checks.discriminator_problems(state.discriminator, loaded.recipe))
    )
    computing = described(asked, loaded.recipe.train, device, replicas)
    doubtful = [
        *value_checks.generator_warnings(state.generator, loaded.recipe),
        *value_checks.discriminator_warnings(state.discriminator, loaded.recipe),
    ]
    warnings = (*_told_of(source, loaded.recipe), *loaded.lines(doubtful))
    return Plan(loaded, computing, source, note, classes, state, warnings)


def make_state(
    loaded: LoadedRecipe,
    classes: int,
    found: Iterable[Problem] = (),
    budget: Budget | None = None,
) -> TrainingState:
    """Build both networks and optimizers of a recipe that states its precision, at step 0.

    The budget is the memory for all, and the images that pass through a network at once; None where
    a recipe has been found to fit before.

    Raises:
        RecipeError: With a line for every problem, those of `loaded` and those found before too.
    """
    problems = list(found)
    recipe, specs = loaded.recipe, loaded.specs
    budget = replace(
        budget or Budget(),
        slots=_slots(specs.generator_optimizer),
        averaged=recipe.train.average is not None,
    )
    generator = network_of("generator", loaded, classes, problems, budget)
    budget = replace(budget, slots=_slots(specs.discriminator_optimizer), averaged=False)
    discriminator = network_of("discriminator", loaded, classes, problems, budget)
    if generator is not None:
        problems += generator_problems(generator, recipe.data.shape)
        problems += value_checks.generator_problems(generator, recipe)
    if discriminator is not None:
        problems += discriminator_problems(discriminator, recipe)
        problems += value_checks.discriminator_problems(discriminator, recipe)
    optimizers = [
        _optimizer(specs.generator_optimizer, generator, recipe, problems),
        _optimizer(specs.discriminator_optimizer, discriminator, recipe, problems),
    ]
    loaded.raise_problems(problems)
    assert generator is not None
    assert discriminator is not None
    average = None
    if recipe.train.average is not None:
        # Built alike from the same seed, it starts with the generator's own weights.
        average = network_of("generator", loaded, classes, problems)
    state = TrainingState(generator, discriminator, average, *optimizers)
    if recipe.augment is not None:
        state.augmentation = make(spec_of(recipe.augment, "augmentation"))
        state.augmentation.range = recipe.data.range
    return state


def _stating_classes(
    loaded: LoadedRecipe, source: ImageSource | PointSource | None
) -> LoadedRecipe:
    """The recipe with the names of its classes, in the order of their numbers, in it.

    Those of points are only numbers; so many that a recipe could not hold them are left out.
    """
    if source is None or isinstance(source, PointSource) or loaded.recipe.data.classes is not None:
        return loaded
    if not 0 < sum(map(len, source.classes)) <= _MAX_NAMES:
        return loaded
    return loaded.stating(("data", "classes"), list(source.classes))


def _told_of(source: ImageSource | PointSource | None, recipe: Recipe) -> Iterable[str]:
    """Lines on what of the data is taken, and is left out."""
    if source is not None:
        yield from source.notes
        # Of images of which some may be skipped it is told when they have been opened.
        left = order.left_out(len(source), recipe.train.batch_size, recipe.train.accumulate)
        if left and not recipe.data.skip_unreadable:
            yield left


def _slots(spec: Spec | None) -> int:
    """What an optimizer keeps for each weight; nothing for one that cannot be made."""
    try:
        return 0 if spec is None else slots_of(spec)
    except Exception:  # told where the optimizer itself is made
        return 0


def _optimizer(
    spec: Spec | None,
    network: BuiltNetwork | None,
    recipe: Recipe,
    problems: list[Problem],
) -> Any:
    if spec is None:
        return None
    try:
        optimizer = make_optimizer(spec)
    except Exception as error:
        problems.append(Problem(spec.path, construction_message(spec.name, error)))
        return None
    if network is not None:
        # Before it is wrapped: the wrapper, building it, would lose what Nadam keeps in a variable.
        optimizer.build(network.model.trainable_variables)
    if recipe.train.precision == "mixed_float16":
        # Gradients below 6e-8 would be zero in float16; the scale keeps them, and adapts.
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        if network is not None:
            optimizer.build(network.model.trainable_variables)
    return optimizer
