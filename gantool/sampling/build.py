"""The generator of a recipe, and what draws from it."""

from functools import partial

from gantool.layers.batch_normalization import measuring_statistics
from gantool.networks.build import BuiltNetwork
from gantool.networks.devices import find_device, stating_precision
from gantool.networks.from_recipe import available_memory, network_of
from gantool.networks.memory_check import Budget
from gantool.recipe.document import Problem
from gantool.recipe.load import LoadedRecipe
from gantool.recipe.model import Recipe
from gantool.sampling.sampler import BLOCK, Reference, Sampler


def build_generator(loaded: LoadedRecipe, classes: int) -> BuiltNetwork:
    """Build a recipe's generator alone.

    Raises:
        RecipeError: It cannot be built.
    """
    problems: list[Problem] = []
    device = find_device()
    loaded = stating_precision(loaded, device)
    budget = Budget(available_memory(device), BLOCK, trains=False)
    built = network_of("generator", loaded, classes, problems, budget)
    loaded.raise_problems(problems)
    assert built is not None
    return built


def make_sampler(generator: BuiltNetwork, recipe: Recipe, classes: int) -> Sampler:
    """What draws images from a generator as its recipe says."""
    measuring = partial(measuring_statistics, generator.model)
    return Sampler(
        generator.model,
        generator.takes_label,
        recipe.latent,
        classes,
        Reference(recipe.train.batch_size, measuring)
        if recipe.generator.statistics == "batch"
        else None,
    )
