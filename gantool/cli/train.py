"""`gantool train`: from a recipe to a run folder."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gantool.cli.loading import load_recipe, recipe_options, start_tensorflow
from gantool.cli.progress import training_progress
from gantool.cli.signals import stop_on_signals

if TYPE_CHECKING:
    from gantool.data.loading import Images
    from gantool.recipe.load import LoadedRecipe
    from gantool.training.plan import Plan
    from gantool.training.run_folder import RunFolder


@click.command()
@click.argument("recipe", required=False)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The run folder itself.  [default: runs/NNNNN-name]",
)
@click.option(
    "--resume",
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="Go on with the run in this folder, by its own recipe.",
)
@recipe_options
@click.option("--dry-run", is_flag=True, help="Do all but train: check, load, run one step.")
def train(
    recipe: str | None,
    out: Path | None,
    resume: Path | None,
    settings: tuple[str, ...],
    steps: int | None,
    seed: int | None,
    dry_run: bool,
) -> int:
    """Train RECIPE, a file or the name of a built-in recipe.

    The run folder gets the recipe, metrics.jsonl, grids in samples/ and checkpoints. Ctrl-C writes
    a checkpoint and stops; --resume goes on from there.
    """
    from gantool.training.run_folder import RunFolder, refuse_existing_run

    if resume is not None:
        if out is not None:
            raise click.UsageError(
                "--out has no meaning with --resume: the run stays in its folder"
            )
        return _resume(RunFolder(resume), recipe, settings, steps, seed, dry_run)
    if recipe is None:
        raise click.UsageError("name a RECIPE, or a run to go on with by --resume RUN")
    from gantool.recipe.load import find_recipe

    if out is not None:
        refuse_existing_run(RunFolder(out))
    loaded = load_recipe(find_recipe(recipe), settings, steps, seed)
    plan = _plan(loaded)
    images = _load(plan)
    if dry_run:
        return _dry_run(plan, images)
    from gantool.training.run_folder import new_run_folder

    folder = new_run_folder(out, plan.recipe.name, Path("runs"))
    return _train(plan, images, folder)


def _resume(
    folder: RunFolder,
    recipe: str | None,
    settings: tuple[str, ...],
    steps: int | None,
    seed: int | None,
    dry_run: bool,
) -> int:
    from gantool.training.resume import recipe_of_run, refuse_other_recipe, restore

    source = recipe_of_run(folder)
    loaded = load_recipe(source, settings, steps, seed)
    if recipe is not None:
        from gantool.recipe.load import find_recipe

        refuse_other_recipe(loaded, load_recipe(find_recipe(recipe), settings, steps, seed))
    plan = _plan(loaded)
    restore(plan.state, folder)
    images = _load(plan)
    if dry_run:
        return _dry_run(plan, images)
    return _train(plan, images, folder)


def _plan(loaded: LoadedRecipe) -> Plan:
    start_tensorflow()
    from gantool.errors import InputError
    from gantool.training.plan import make_plan

    plan = make_plan(loaded)
    if plan.source is None:
        raise InputError(plan.note)
    return plan


def _load(plan: Plan) -> Images:
    from gantool.data.loading import load_images

    assert plan.source is not None
    return load_images(plan.source, plan.recipe.data)


def _dry_run(plan: Plan, images: Images) -> int:
    from gantool.cli.tables import print_plan
    from gantool.training.session import one_step
    from gantool.training.trace import trace

    print_plan(plan, trace(plan))
    losses = one_step(plan, images)
    click.echo(
        f"one step runs: generator {losses.generator:.4f},"
        f" discriminator {losses.discriminator:.4f}; nothing was written"
    )
    return 0


def _train(plan: Plan, images: Images, folder: RunFolder) -> int:
    from gantool.errors import DivergedError
    from gantool.training.schedule import calendar
    from gantool.training.session import run_session

    dates = calendar(plan.recipe.train, len(images))
    first, last = plan.state.step, dates.last_step(plan.recipe.train)
    if first >= last:
        click.echo(f"{folder.path}: step {first} of {last} is done; --steps N goes on to step N")
        return 0
    click.echo(f"{folder.path}: {len(images):,} images, steps {first + 1} to {last}")
    is_logged = partial(dates.is_due, every=plan.recipe.output.log_every)
    with (
        stop_on_signals() as stop,
        training_progress(first, is_logged) as show,
    ):
        try:
            with closing(run_session(plan, images, folder, stop)) as session:
                for progress in session:
                    show(progress)
        except DivergedError as error:
            raise DivergedError(f"{error}\n{_way_on(folder)}") from error
    if not progress.stopped:
        click.echo(f"done: {folder.samples(last)}")
        return 0
    click.echo(
        f"stopped at step {progress.step}; go on with: gantool train --resume {folder.path}",
        err=True,
    )
    return stop.exit_code


def _way_on(folder: RunFolder) -> str:
    """What to do after a run has diverged."""
    checkpoints = folder.checkpoints()
    if not checkpoints:
        return "no checkpoint had been written yet; start again with lower learning rates"
    return (
        f"{checkpoints[-1]} is from before; go on from there with lower learning rates:"
        f" gantool train --resume {folder.path} --set optimizers.…"
    )
