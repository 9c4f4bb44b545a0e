"""From command-line arguments to a loaded recipe and the libraries it needs."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import click

from gantool.api.starting import start
from gantool.cli.signals import ends_at_once_on_signals
from gantool.device import prepare_tensorflow
from gantool.errors import GantoolError

if TYPE_CHECKING:
    from gantool.data.loading import Images
    from gantool.engine.plan import Plan
    from gantool.recipe.load import LoadedRecipe, RecipeText


_SET = click.option(
    "--set",
    "settings",
    metavar="KEY.PATH=VALUE",
    multiple=True,
    help="Change a value of the recipe, as in --set train.batch_size=32; may be repeated.",
)
_SEED = click.option("--seed", type=click.IntRange(min=0), help="Seed of every random number.")
_STEPS = click.option("--steps", type=click.IntRange(min=1), help="Train to this step in all.")


SKIP_UNREADABLE = "data.skip_unreadable=true"
"""What `--skip-unreadable` is short for."""
skip_unreadable_option = click.option(
    "--skip-unreadable", is_flag=True, help=f"Short for --set {SKIP_UNREADABLE}."
)


def recipe_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--set`, `--seed` and `--steps` to a command."""
    return setting_options(_STEPS(command))


def setting_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--set` and `--seed` to a command."""
    return _SET(_SEED(command))


def load_recipe(
    source: RecipeText, settings: Sequence[str], steps: int | None, seed: int | None
) -> LoadedRecipe:
    """Read a recipe with the values of `--set`, `--steps` and `--seed` in it."""
    from gantool.recipe.edit import Override, parse_override
    from gantool.recipe.load import load

    overrides = [parse_override(setting) for setting in settings]
    if seed is not None:
        overrides.append(Override(("seed",), seed, f"seed={seed}"))
    return load(source, overrides, steps)


def plan_of(loaded: LoadedRecipe, replicas: int = 1) -> Plan:
    """Start TensorFlow and build what a recipe names, from data that are on this machine."""
    from gantool.engine.opened import open_checked

    opened = open_checked(loaded, replicas)
    start_tensorflow()
    from gantool.engine.plan import make_plan
    from gantool.errors import InputError

    plan = make_plan(loaded, replicas, opened)
    if plan.source is None:
        raise InputError(plan.note)
    warn(*plan.warnings)
    return plan


def say(line: str) -> None:
    """Tell what a command does that takes its time."""
    click.echo(line, err=True)


def warn(*lines: str) -> None:
    """Tell what does not keep a command from its work."""
    for line in lines:
        click.echo(f"warning: {line}", err=True)


_FEW = 500
"""Steps of a run that hardly learns anything: those of reference recipes have 20 times as many."""


def warn_of_few_steps(plan: Plan, count: int | None) -> None:
    """Tell that so many epochs are only so many steps, where those are few.

    Args:
        plan: Of the run.
        count: The images that are used; None where that is not known.
    """
    from gantool.engine.timetable import timetable_of

    train = plan.recipe.train
    if train.epochs is None or count is None:
        return
    steps = timetable_of(train, count).last_step(train)
    if steps >= _FEW:
        return
    batches = f"in batches of {train.update_size:,}"
    if train.updates.discriminator > 1:
        batches += f", {train.updates.discriminator} of them a step"
    warn(
        f"the whole run is {steps:,} steps: {train.epochs:,} epochs of {count:,} images"
        f" {batches}; GANs take thousands of steps: set train.steps, or more train.epochs"
    )


def images_of(plan: Plan) -> Images:
    """Load the images of a plan."""
    from gantool.data.loading import load_images
    from gantool.engine.opened import lines_on

    assert plan.source is not None
    images = load_images(plan.source, plan.recipe.data)
    warn(*lines_on(images, plan.loaded))
    return images


@cache
def start_tensorflow() -> None:
    """Import TensorFlow and Keras, without the lines that their start and their tracing print.

    A user's own Keras settings (another precision, channels first) would change what a recipe
    means; they are set aside.
    """
    prepare_tensorflow()
    with ends_at_once_on_signals(), quiet_unless_it_fails(), _left_out("sklearn", "matplotlib"):
        import keras
        import tensorflow as tf

    # What it warns of is how it is used here, which no user can change.
    tf.get_logger().setLevel("ERROR")
    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")
    start()


@contextmanager
def _left_out(*names: str) -> Iterator[None]:
    """Within, some modules count as not installed, which take seconds and are not yet imported.

    Keras imports scikit-learn, and with it SciPy, and Matplotlib for parts that are not used here.
    """
    absent = [name for name in names if name not in sys.modules]
    for name in absent:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


@contextmanager
def quiet_unless_it_fails() -> Iterator[None]:
    """Hold back what libraries write to stderr; show it after all when one of theirs fails."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        kept = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except (GantoolError, KeyboardInterrupt):
            raise
        except BaseException:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
