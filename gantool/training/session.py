"""One session of training: from a plan and its images to a run folder that has moved on."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf

from gantool import __version__
from gantool.data.loading import Images
from gantool.data.pipeline import batches, errors_of
from gantool.files import write_text
from gantool.gan.cells import cells_of
from gantool.recipe.document import Problem
from gantool.recipe.randomness import key
from gantool.training.checkpoint import Header
from gantool.training.consumers import checkpoints, grids, loss_plots, real_grid
from gantool.training.loop import Progress, train
from gantool.training.metrics import Consumer, metrics_log
from gantool.training.plan import Plan, make_state
from gantool.training.replicas import ALONE, Replicas
from gantool.training.run_folder import RunFolder
from gantool.training.schedule import batches_before, calendar
from gantool.training.state import TrainingState
from gantool.training.step import TrainingStep
from gantool.training.writer import Writer


def refuse_uneven_shares(plan: Plan, replicas: Replicas) -> None:
    """Raise RecipeError where the recipe's batches cannot be shared equally."""
    size, count = plan.recipe.train.batch_size, replicas.count
    if size % count:
        fitting = [
            number for number in (size // count * count, -(-size // count) * count) if number
        ]
        message = (
            f"batch_size {size} cannot be shared equally by {count} replicas;"
            f" {' or '.join(map(str, fitting))} can"
        )
        plan.loaded.raise_problems([Problem(("train", "batch_size"), message)])


def run_session(
    plan: Plan,
    images: Images,
    folder: RunFolder,
    should_stop: Callable[[], int],
    replicas: Replicas = ALONE,
) -> Generator[Progress, None, None]:
    """Train from where the plan's state stands to the recipe's end, writing as the recipe says.

    Files are written beside the training, in the order of their steps, so that a checkpoint implies
    the rows of metrics.jsonl up to its step. Once the generator has ended, or is closed, everything
    that was due is written. Of several workers the first writes; the others end when it has.

    Yields:
        Progress, after everything that was due at its step has been handed over to be written.

    Raises:
        InputError: Another worker is about to do something else.
        DivergedError: A loss or a weight is not finite. The newest checkpoint is from before.
        LostWorkerError: Another worker is gone.
        OSError: Something cannot be written: at one of the next pauses, at the latest at the end.
    """
    recipe, state = plan.recipe, plan.state
    dates = calendar(recipe.train, len(images))
    copies = _copies(plan, replicas)
    with errors_of(images), _lost_workers(images, replicas):
        replicas.begin(_facts(plan, images), [state, *copies])
        consumers = _consumers(plan, images, folder) if replicas.worker == 0 else []
        with Writer() as writer:
            for progress in train(
                state,
                TrainingStep(state, recipe, replicas, copies),
                _feed(plan, images, replicas),
                last=dates.last_step(recipe.train),
                batch_size=recipe.train.batch_size,
                calendar=dates,
                intervals=(
                    recipe.output.log_every,
                    recipe.output.grid.every,
                    recipe.output.checkpoint.every,
                ),
                should_stop=should_stop,
                replicas=replicas,
            ):
                writer.raise_error()
                for consume in consumers:
                    job = consume(progress)
                    if job is not None:
                        writer.hand_over(job)
                yield progress
        replicas.end()


def _copies(plan: Plan, replicas: Replicas) -> list[TrainingState]:
    """A state for each replica of this process after the first, which has the plan's own."""
    copies = []
    for own in range(1, len(replicas.shares)):
        with replicas.at(own):
            copies.append(make_state(plan.loaded, plan.classes))
    return copies


def _facts(plan: Plan, images: Images) -> list[tuple[str, object]]:
    """What all workers have to start from alike."""
    sections = [(f"{name} of the recipe", value) for name, value in plan.recipe]
    return [
        ("version of gantool", __version__),
        ("version of TensorFlow", tf.__version__),
        *sections,
        ("number of images", len(images)),
        ("step to go on from", plan.state.step),
    ]


def _consumers(plan: Plan, images: Images, folder: RunFolder) -> list[Consumer]:
    """What looks at each progress and writes; what a run has from its start is written here."""
    recipe, state = plan.recipe, plan.state
    dates = calendar(recipe.train, len(images))
    write_text(folder.recipe, plan.loaded.text)
    if not folder.reals.exists():
        real_grid(folder.reals, _real_images(plan, images), recipe)
    return [
        metrics_log(folder.metrics, dates, recipe.output.log_every),
        grids(folder, recipe, dates, state, plan.classes),
        checkpoints(folder, recipe, dates, state, lambda progress: _header(plan, progress)),
        loss_plots(folder, recipe, dates),
    ]


@contextmanager
def _lost_workers(images: Images, replicas: Replicas) -> Iterator[None]:
    """Raise LostWorkerError where TensorFlow's error came of a worker that is gone."""
    try:
        yield
    except tf.errors.OpError as error:
        lost = replicas.lost(error)
        if lost is not None and images.failure is None:
            raise lost from None
        raise


def _feed(plan: Plan, images: Images, replicas: Replicas) -> Iterator[Any]:
    """The batches from the plan's next step on, the rows of this worker."""
    return iter(
        batches(
            images,
            plan.recipe.data,
            batch_size=plan.recipe.train.batch_size,
            seed=plan.recipe.seed,
            first_batch=batches_before(plan.recipe.train.updates, plan.state.step),
            share=(replicas.worker, replicas.workers),
        )
    )


def _header(plan: Plan, progress: Progress) -> Header:
    loaded = plan.loaded
    return Header(
        recipe=loaded.text,
        recipe_name=loaded.name,
        recipe_folder=str(loaded.folder),
        step=progress.step,
        images=progress.images,
        seconds=progress.seconds,
        seed=loaded.recipe.seed,
        classes=plan.classes,
    )


def _real_images(plan: Plan, images: Images) -> list[np.ndarray]:
    """Real images for a grid; where there are labels, each cell shows the class of its sample."""
    grid = plan.recipe.output.grid
    order = np.random.default_rng(key(plan.recipe.seed, "reals")).permutation(len(images))
    if not plan.classes:
        return list(images.read(np.resize(order, grid.rows * grid.columns)))
    queues = [order[images.labels[order] == label] for label in range(plan.classes)]
    turns = [0] * plan.classes
    shown = []
    for cell in cells_of(grid.layouts[0], grid.rows, grid.columns, plan.classes):
        label = cell.seed % plan.classes if cell.label is None else cell.label
        queue = queues[label]
        if len(queue):
            shown.append(images.read(queue[[turns[label] % len(queue)]])[0])
        else:  # labels may leave a number out
            shown.append(np.zeros(images.shape, np.uint8))
        turns[label] += 1
    return shown
