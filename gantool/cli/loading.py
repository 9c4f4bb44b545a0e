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

from gantool.cli.signals import ends_at_once_on_signals
from gantool.device import prepare_tensorflow

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


def refuse_too_large(loaded: LoadedRecipe, replicas: int = 1) -> None:
    """Raise RecipeError where the sizes of a recipe alone ask for more memory than there is.

    What its layers ask for is told where they are built; this needs no TensorFlow.
    """
    from gantool.memory import machine_memory
    from gantool.recipe.sizes import size_problems

    problems = list(size_problems(loaded.recipe, machine_memory(), replicas))
    if problems:
        loaded.raise_problems(problems)


def plan_of(loaded: LoadedRecipe, replicas: int = 1) -> Plan:
    """Start TensorFlow and build what a recipe names, from data that are on this machine."""
    refuse_too_large(loaded, replicas)
    start_tensorflow()
    from gantool.engine.plan import make_plan
    from gantool.errors import InputError

    plan = make_plan(loaded, replicas)
    if plan.source is None:
        raise InputError(plan.note)
    warn(*plan.warnings)
    return plan


def warn(*lines: str) -> None:
    """Tell what does not keep a command from its work."""
    for line in lines:
        click.echo(f"warning: {line}", err=True)


def images_of(plan: Plan) -> Images:
    """Load the images of a plan."""
    from gantool.data.loading import load_images

    assert plan.source is not None
    return load_images(plan.source, plan.recipe.data)


@cache
def start_tensorflow() -> None:
    """Import TensorFlow and Keras, without the lines that their start prints.

    A user's own Keras settings (another precision, channels first) would change what a recipe
    means; they are set aside.
    """
    prepare_tensorflow()
    with ends_at_once_on_signals(), _quiet_unless_it_fails():
        import keras
        import tensorflow as tf

    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")
    from gantool.kernels.gpu import gpus

    for device in gpus():
        # Without this TensorFlow takes all of a GPU's memory, whatever it needs.
        tf.config.experimental.set_memory_growth(device, True)


@contextmanager
def _quiet_unless_it_fails() -> Iterator[None]:
    """Hold back what native code writes to stderr; show it after all when an error comes."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        kept = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
