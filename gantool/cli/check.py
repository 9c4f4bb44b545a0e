"""`gantool check`: everything wrong with a recipe, or what it is made of."""

import click

from gantool.cli import completion
from gantool.cli.data_checks import look_at_headers_of, open_every_image
from gantool.cli.loading import (
    SKIP_UNREADABLE,
    load_recipe,
    recipe_options,
    skip_unreadable_option,
    start_tensorflow,
    warn,
    warn_of_few_steps,
)


@click.command()
@click.argument("recipe", shell_complete=completion.recipes)
@recipe_options
@skip_unreadable_option
@click.option("--data", "opens_all", is_flag=True, help="Open every image, too.")
def check(
    recipe: str,
    settings: tuple[str, ...],
    steps: int | None,
    seed: int | None,
    skip_unreadable: bool,
    opens_all: bool,
) -> None:
    """Tell everything that is wrong with RECIPE, or show its layers.

    RECIPE is a file or the name of a built-in recipe. The tables show every layer with its output
    shape and parameters, the memory of weights and optimizers, what becomes of two latent vectors
    on their way through both networks, and how long an epoch is. Of images in files, as many
    headers are looked at as can be in two seconds.
    """
    from gantool.engine.opened import open_checked
    from gantool.recipe.load import find_recipe

    if skip_unreadable:
        settings = (*settings, SKIP_UNREADABLE)
    loaded = load_recipe(find_recipe(recipe), settings, steps, seed)
    opened = open_checked(loaded)
    count = None
    if opens_all:
        count = open_every_image(opened.source, loaded)
    else:
        look_at_headers_of(opened.source, loaded)
        if opened.source is not None and not loaded.recipe.data.skip_unreadable:
            count = len(opened.source)
    start_tensorflow()
    from gantool.cli.tables import print_plan
    from gantool.engine.plan import make_plan
    from gantool.engine.smoke_test import trace

    plan = make_plan(loaded, opened=opened)
    warn(*plan.warnings)
    warn_of_few_steps(plan, count)
    print_plan(plan, trace(plan), count)
