"""`gantool train`: from a recipe to a run folder."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gantool.cli import completion
from gantool.cli.batch import batch_option, load_with_batch
from gantool.cli.data_checks import open_every_image
from gantool.cli.distribute import distribute_option, plan_and_replicas
from gantool.cli.loading import (
    SKIP_UNREADABLE,
    images_of,
    load_recipe,
    recipe_options,
    skip_unreadable_option,
    warn,
    warn_of_few_steps,
)
from gantool.cli.progress import training_progress
from gantool.cli.signals import stop_on_signals
from gantool.errors import DivergedError, GantoolError, InputError, LostWorkerError
from gantool.memory import amount
from gantool.quantities import duration, step_time

if TYPE_CHECKING:
    from gantool.data.loading import Images
    from gantool.distribute.replicas import Replicas
    from gantool.engine.loop import TrainingProgress
    from gantool.engine.plan import Plan
    from gantool.recipe.load import LoadedRecipe
    from gantool.runs.checkpoint import Checkpoint
    from gantool.runs.run_folder import RunFolder

_SHOWN = 60
"""Characters of a value that has changed."""


@click.command()
@click.argument("recipe", required=False, shell_complete=completion.recipes)
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
@click.option(
    "--init-from",
    type=click.Path(path_type=Path),
    metavar="CKPT|RUN",
    help="Begin with the weights of another run that fit, by their layer's place and name.",
)
@recipe_options
@batch_option
@skip_unreadable_option
@distribute_option
@click.option(
    "--dry-run",
    is_flag=True,
    help="Do all but train: check, load, run a few steps and estimate what all of them take.",
)
@click.option("--verify", is_flag=True, help="Open every image before the first step.")
def train(
    recipe: str | None,
    out: Path | None,
    resume: Path | None,
    init_from: Path | None,
    settings: tuple[str, ...],
    steps: int | None,
    seed: int | None,
    batch: str | None,
    skip_unreadable: bool,
    distribute: str | None,
    dry_run: bool,
    verify: bool,
) -> int:
    """Train RECIPE, a file or the name of a built-in recipe.

    The run folder gets the recipe, metrics.jsonl, grids in samples/ and checkpoints. Ctrl-C writes
    a checkpoint and stops; --resume goes on from there.
    """
    from gantool.runs.run_folder import RunFolder

    if skip_unreadable:
        settings = (*settings, SKIP_UNREADABLE)
    if distribute is not None:
        _check_distributed(distribute, out or resume, batch, dry_run)
    if resume is not None:
        _check_resumed(out, batch, init_from)
        return _resume(
            RunFolder(resume), recipe, settings, steps, seed, distribute, dry_run, verify
        )
    if recipe is None:
        raise click.UsageError("name a RECIPE, or a run to go on with by --resume RUN")
    return _begin(recipe, out, init_from, settings, steps, seed, batch, distribute, dry_run, verify)


def _begin(
    recipe: str,
    out: Path | None,
    init_from: Path | None,
    settings: tuple[str, ...],
    steps: int | None,
    seed: int | None,
    batch: str | None,
    distribute: str | None,
    dry_run: bool,
    verify: bool,
) -> int:
    """Train a new run."""
    from gantool.recipe.load import find_recipe
    from gantool.runs.resume import find_checkpoint
    from gantool.runs.run_folder import RunFolder, refuse_bad_place

    # Of several workers the first writes; the others may come when it has begun to.
    if distribute != "workers":
        refuse_bad_place(out)
    initial = None if init_from is None else find_checkpoint(init_from, warn)
    loaded = load_with_batch(find_recipe(recipe), settings, steps, seed, batch)
    plan, replicas = plan_and_replicas(loaded, distribute)
    if initial is not None:
        _take_weights(plan, initial, replicas)
    images = _opened(plan, verify)
    if replicas.worker == 0:
        warn_of_few_steps(plan, len(images))
    if dry_run:
        return _dry_run(plan, images)
    if replicas.worker != 0:
        assert out is not None
        return _train(plan, images, RunFolder(out), replicas)
    from gantool.training.new_run import new_run

    with new_run(plan, out, initial is not None) as folder:
        return _train(plan, images, folder, replicas)


def _take_weights(plan: Plan, checkpoint: Checkpoint, replicas: Replicas) -> None:
    """Begin with weights of another run; tell which."""
    from gantool.runs.initial import take_weights

    lines = take_weights(plan, checkpoint)
    if replicas.worker == 0:
        click.echo("\n".join(lines))


def _opened(plan: Plan, verify: bool) -> Images:
    # To skip those that cannot be used, all are opened anyway.
    if verify and not plan.recipe.data.skip_unreadable:
        open_every_image(plan.source, plan.loaded)
    return images_of(plan)


def _check_distributed(distribute: str, run: Path | None, batch: str | None, dry_run: bool) -> None:
    """Raise UsageError where other options do not go with `--distribute`."""
    if dry_run:
        raise click.UsageError("--dry-run tries one device: leave --distribute out")
    if batch == "auto":
        raise click.UsageError(
            "--batch auto tries one device: name a batch for --distribute, as in --batch 64"
        )
    if distribute == "workers" and run is None:
        raise click.UsageError(
            "--distribute workers needs --out DIR: all workers name the same run"
        )


def _check_resumed(out: Path | None, batch: str | None, init_from: Path | None) -> None:
    """Raise UsageError where other options do not go with `--resume`."""
    if init_from is not None:
        raise click.UsageError(
            "--init-from has no meaning with --resume: the run goes on with its own weights"
        )
    if out is not None:
        raise click.UsageError("--out has no meaning with --resume: the run stays in its folder")
    if batch is not None:
        raise click.UsageError(
            "--batch has no meaning with --resume: the run keeps its batch, unless"
            " --set train.batch_size=N changes it on purpose"
        )


def _resume(
    folder: RunFolder,
    recipe: str | None,
    settings: tuple[str, ...],
    steps: int | None,
    seed: int | None,
    distribute: str | None,
    dry_run: bool,
    verify: bool,
) -> int:
    from gantool.runs.resume import (
        find_resume_point,
        other_machine,
        recipe_of_run,
        refuse_other_recipe,
        refuse_reordered_classes,
        restore,
        tidy,
    )
    from gantool.runs.run_lock import alone_with

    with ExitStack() as stack:
        # Of several workers it is known only later which one writes.
        if folder.holds_run() and not (dry_run or distribute == "workers"):
            stack.enter_context(alone_with(folder))
        point = find_resume_point(folder)
        loaded = load_recipe(recipe_of_run(folder, point), settings, steps, seed)
        if recipe is not None:
            from gantool.recipe.load import find_recipe

            refuse_other_recipe(loaded, load_recipe(find_recipe(recipe), settings, steps, seed))
        plan, replicas = plan_and_replicas(loaded, distribute)
        refuse_reordered_classes(loaded, point, plan.source)
        changed = _changes(loaded, steps)
        with _telling_why_it_does_not_fit(changed):
            restore(plan.state, point)
        if replicas.worker == 0:
            for line in changed:
                click.echo(line)
        warn(*point.warnings(), *other_machine(point))
        if not dry_run and replicas.worker == 0:
            if distribute == "workers":
                stack.enter_context(alone_with(folder))
            tidy(folder, point, plan.recipe.output.checkpoint.keep)
        images = _opened(plan, verify)
        if dry_run:
            return _dry_run(plan, images)
        return _train(plan, images, folder, replicas)


def _changes(loaded: LoadedRecipe, steps: int | None) -> list[str]:
    """A line for each value of the run's recipe that changes; `--steps` is told with the steps."""
    from gantool.recipe.differences import changes
    from gantool.recipe.yaml_text import flow

    told = () if steps is None else ("train.steps", "train.epochs")
    return [
        f"{path}: {_short(flow(before))} until now, {_short(flow(after))} from here on"
        for path, before, after in changes(loaded)
        if path not in told
    ]


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


@contextmanager
def _telling_why_it_does_not_fit(changed: list[str]) -> Iterator[None]:
    """Add to the error of a checkpoint that does not fit a recipe what has been changed of it."""
    try:
        yield
    except InputError as error:
        hint = ["what the run has numbers for cannot change; this does:", *changed]
        raise InputError("\n".join([str(error), *(hint if changed else [])])) from error


def _dry_run(plan: Plan, images: Images) -> int:
    from gantool.cli.tables import print_plan
    from gantool.engine.smoke_test import trace
    from gantool.measuring.report import estimate

    print_plan(plan, trace(plan), len(images))
    found = estimate(plan, images)
    memory = f"{amount(found.memory)} of memory"
    if found.gpu_memory is not None:
        memory += f", {amount(found.gpu_memory)} of the GPU's"
    click.echo(
        f"one step runs: generator {found.losses.generator:.4f},"
        f" discriminator {found.losses.discriminator:.4f}; nothing was written"
    )
    click.echo(
        f"about {duration(found.seconds)} on this machine"
        f" ({step_time(found.seconds_per_step)} a step), {memory}"
    )
    return 0


def _train(plan: Plan, images: Images, folder: RunFolder, replicas: Replicas) -> int:
    from gantool.engine.timetable import timetable_of
    from gantool.training.session import run_session

    timetable = timetable_of(plan.recipe.train, len(images))
    first, last = plan.state.step, timetable.last_step(plan.recipe.train)
    if first >= last:
        click.echo(f"{folder.path}: step {first} of {last} is done; --steps N goes on to step N")
        return 0
    is_first = replicas.worker == 0
    is_logged = partial(timetable.is_due, every=plan.recipe.output.log_every)
    with stop_on_signals() as stop, training_progress(is_logged) as show:
        click.echo(f"{folder.path}: {len(images):,} images, steps {first + 1} to {last}")
        click.echo(f"computing on {plan.computing}")
        session = run_session(plan, images, folder, lambda: stop.signal, replicas, warn)
        began = time.monotonic()
        with _telling_the_way_on(folder), closing(session):
            for number, progress in enumerate(session):
                if number == 0:
                    _tell_ways(plan.state.ways.taken, folder)
                if is_first:
                    show(progress)
    if is_first and "metrics" in plan.recipe.output.model_fields_set:
        click.echo(_cost_of_pauses(progress, time.monotonic() - began))
    if not progress.stopped:
        click.echo(f"done: {folder.samples(last) if is_first else folder.path}")
        return 0
    click.echo(
        f"stopped at step {progress.step}; go on with: gantool train --resume {folder.path}"
        f"{' --distribute workers' if replicas.workers > 1 else ''}",
        err=True,
    )
    # Not by the signal of this process: it may have come to another worker.
    return 128 + progress.stopped


def _tell_ways(ways: Mapping[str, str], folder: RunFolder) -> None:
    """Tell how many operations of a step are computed in which way."""
    counts = Counter(ways.values())
    if counts:
        each = ", ".join(f"{count} {way}" for way, count in counts.most_common())
        click.echo(f"ways to compute, the fastest here: {each} (gantool inspect {folder.path})")


def _cost_of_pauses(progress: TrainingProgress, seconds: float) -> str:
    """What figures and grids have cost of so many seconds in all."""
    paused = max(0.0, seconds - progress.session_seconds)
    return f"figures and grids took {duration(paused)}, {paused / seconds:.0%} of the time"


@contextmanager
def _telling_the_way_on(folder: RunFolder) -> Iterator[None]:
    """Add to the error that ends a run what to do after it."""
    try:
        yield
    except (DivergedError, LostWorkerError) as error:
        raise type(error)(f"{error}\n{_way_on(folder, type(error))}") from error
    except OSError as error:
        if folder.path not in Path(str(error.filename)).parents:
            raise
        failed = f"{error.filename}: cannot be written ({error.strerror})"
        raise GantoolError(f"{failed}\n{_way_on(folder, OSError)}") from error


def _way_on(folder: RunFolder, error: type[Exception]) -> str:
    unsaved, saved = _WAYS_ON[error]
    checkpoints = folder.checkpoints()
    if not checkpoints:
        return unsaved
    return f"{checkpoints[-1]} {saved.format(f'gantool train --resume {folder.path}')}"


_WAYS_ON: dict[type[Exception], tuple[str, str]] = {
    DivergedError: (
        "no checkpoint had been written yet; start again with lower learning rates",
        "is from before; go on from there with lower learning rates: {} --set optimizers.…, or let"
        " it try other random numbers: --set train.retries=3",
    ),
    LostWorkerError: (
        "no checkpoint is saved here; start all workers again",
        "is saved; start all workers again, each with: {} --distribute workers",
    ),
    OSError: (
        "no checkpoint had been written yet; mend that, or name another folder with --out",
        "is saved; mend that, then go on from there: {}",
    ),
}
"""What to do after an error without a checkpoint, and with one."""
