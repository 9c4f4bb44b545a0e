"""`gantool check`: everything wrong with a recipe, or what it is made of."""

import click

from gantool.cli.loading import (
    load_recipe,
    recipe_options,
    refuse_too_large,
    start_tensorflow,
    warn,
)


@click.command()
@click.argument("recipe")
@recipe_options
def check(recipe: str, settings: tuple[str, ...], steps: int | None, seed: int | None) -> None:
    """Tell everything that is wrong with RECIPE, or show its layers.

    RECIPE is a file or the name of a built-in recipe. The tables show every layer with its output
    shape and parameters, the memory of weights and optimizers, what becomes of two latent vectors
    on their way through both networks, and how long an epoch is.
    """
    from gantool.recipe.load import find_recipe

    loaded = load_recipe(find_recipe(recipe), settings, steps, seed)
    refuse_too_large(loaded)
    start_tensorflow()
    from gantool.cli.tables import print_plan
    from gantool.engine.plan import make_plan
    from gantool.engine.smoke_test import trace

    plan = make_plan(loaded)
    warn(*plan.warnings)
    print_plan(plan, trace(plan))
