"""Training for programs."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gantool.api.loading import load, warn
from gantool.api.starting import start
from gantool.errors import InputError

if TYPE_CHECKING:
    from gantool.engine.loop import TrainingProgress
    from gantool.engine.plan import Plan
    from gantool.recipe.edit import Override
    from gantool.recipe.load import LoadedRecipe, RecipeText
    from gantool.runs.run_folder import RunFolder
    from gantool.sampling.model import Model

    OnProgress = Callable[[TrainingProgress], object]

_ONE_AT_A_TIME = threading.RLock()
"""Held while networks are built and trained: what Keras keeps of that is one for all threads."""


def train(
    recipe: str | os.PathLike[str] | Mapping[str, Any],
    *,
    out: str | os.PathLike[str] | None = None,
    steps: int | None = None,
    seed: int | None = None,
    settings: Mapping[str, Any] | None = None,
    on_progress: OnProgress | None = None,
) -> Model:
    """Train a recipe as `gantool train` does, and load what it leaves.

    Ctrl-C, or a notebook's button to interrupt, writes a checkpoint before it raises.

    Args:
        recipe: A file, the name of a built-in recipe, or the recipe itself as a mapping, whose
            relative paths start from the working folder.
        out: The run folder; None for the next numbered one in `runs/`.
        steps: To train to, in place of the recipe's.
        seed: Of every random number, in place of the recipe's.
        settings: Values to change, by their place: `{"train.batch_size": 32}`.
        on_progress: Called with a `TrainingProgress` (step, losses, images a second, …) at least
            at every step at which something is due, about each half second.

    Raises:
        InputError: The recipe or its data are wrong, or the folder holds a run already.
        DivergedError: A loss, a gradient or a weight is not finite.
        KeyboardInterrupt: It was stopped; `resume` goes on from there.
    """
    from gantool.recipe.load import load as load_recipe
    from gantool.runs.run_folder import refuse_bad_place

    if out is not None and not os.fspath(out):
        raise InputError("out: is empty; name a folder")
    place = None if out is None else Path(out)
    refuse_bad_place(place)
    loaded = load_recipe(_text_of(recipe), _overrides(settings, seed), _plain(steps))
    with _ONE_AT_A_TIME:
        plan = _plan_of(loaded)
        from gantool.training.new_run import new_run

        with new_run(plan, place) as folder:
            _train(plan, folder, on_progress)
    return load(folder.path)


def resume(
    run: str | os.PathLike[str],
    *,
    steps: int | None = None,
    settings: Mapping[str, Any] | None = None,
    on_progress: OnProgress | None = None,
) -> Model:
    """Go on with a run as `gantool train --resume` does, and load what it leaves.

    Args:
        run: The run folder.
        steps: To train to in all, in place of its recipe's.
        settings: See `train`.
        on_progress: See `train`.

    Raises:
        InputError: There is no run in the folder, another process trains it, or a value has been
            changed that its checkpoint does not fit.
        DivergedError: See `train`.
        KeyboardInterrupt: See `train`.
    """
    from gantool.recipe.load import load as load_recipe
    from gantool.runs import resume as runs
    from gantool.runs.run_folder import RunFolder
    from gantool.runs.run_lock import alone_with

    folder = RunFolder(Path(run))
    runs.recipe_of_run(folder, runs.ResumePoint(None))  # before a lock is put where no run is
    with _ONE_AT_A_TIME, alone_with(folder):
        point = runs.find_resume_point(folder)
        text, overrides = runs.recipe_of_run(folder, point), _overrides(settings, None)
        loaded = load_recipe(text, overrides, _plain(steps))
        plan = _plan_of(loaded)
        runs.refuse_reordered_classes(loaded, point, plan.source)
        runs.restore(plan.state, point)
        for line in [*point.warnings(), *runs.other_machine(point)]:
            warn(line)
        runs.tidy(folder, point, plan.recipe.output.checkpoint.keep)
        _train(plan, folder, on_progress)
    return load(folder.path)


def _text_of(recipe: str | os.PathLike[str] | Mapping[str, Any]) -> RecipeText:
    from gantool.recipe.load import RecipeText, find_recipe
    from gantool.recipe.yaml_text import whole

    if isinstance(recipe, Mapping):
        return RecipeText(whole(_plain(recipe)), "recipe", Path.cwd())
    return find_recipe(os.fspath(recipe))


def _plain(value: Any) -> Any:
    """A value of a program as YAML has it.

    Raises:
        InputError: YAML has nothing of the kind.
    """
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return list(map(_plain, value))
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise InputError(f"recipe: {value!r} is no text, number, list or mapping")


def _overrides(settings: Mapping[str, Any] | None, seed: int | None) -> list[Override]:
    from gantool.recipe.edit import Override, parse_override
    from gantool.recipe.yaml_text import flow

    found = [
        parse_override(f"{path}={flow(_plain(value))}") for path, value in (settings or {}).items()
    ]
    return found if seed is None else [*found, Override(("seed",), _plain(seed), f"seed={seed}")]


def _plan_of(loaded: LoadedRecipe) -> Plan:
    from gantool.engine.opened import open_checked

    opened = open_checked(loaded)
    start()
    from gantool.engine.plan import make_plan

    plan = make_plan(loaded, opened=opened)
    if plan.source is None:
        raise InputError(plan.note)
    for line in plan.warnings:
        warn(line)
    return plan


def _train(plan: Plan, folder: RunFolder, on_progress: OnProgress | None) -> None:
    from gantool.data.loading import load_images
    from gantool.engine.opened import lines_on
    from gantool.engine.timetable import timetable_of
    from gantool.training.session import run_session

    assert plan.source is not None
    images = load_images(plan.source, plan.recipe.data)
    for line in lines_on(images, plan.loaded):
        warn(line)
    first, last = (
        plan.state.step,
        timetable_of(plan.recipe.train, len(images)).last_step(plan.recipe.train),
    )
    if first >= last:
        warn(f"{folder.path}: step {first} of {last} is done")
        return
    with (
        _stopping() as asked,
        _without_tracing_warnings(),
        closing(run_session(plan, images, folder, asked, warn=warn)) as session,
    ):
        stopped = 0
        for progress in session:
            stopped = progress.stopped
            if on_progress is not None:
                on_progress(progress)
    if stopped:
        raise KeyboardInterrupt(f"stopped; gantool.resume({str(folder.path)!r}) goes on")


@contextmanager
def _without_tracing_warnings() -> Iterator[None]:
    """Within, TensorFlow does not warn of functions that are traced for several shapes."""
    import tensorflow as tf

    logger = tf.get_logger()
    usual = logger.level
    logger.setLevel("ERROR")
    try:
        yield
    finally:
        logger.setLevel(usual)


@contextmanager
def _stopping() -> Iterator[Callable[[], int]]:
    """Within, the first Ctrl-C only asks to stop: a function gives its signal, 0 before it."""
    wish = 0

    def hear(number: int, _frame: object) -> None:
        nonlocal wish
        wish = number
        signal.signal(signal.SIGINT, usual)

    if threading.current_thread() is not threading.main_thread():
        yield lambda: 0  # only the main thread hears signals
        return
    usual = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, hear)
    try:
        yield lambda: wish
    finally:
        signal.signal(signal.SIGINT, usual)
