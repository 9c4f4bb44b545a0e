"""One session of training: from a plan and its images to a run folder that has moved on."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf

from gantool.data.loading import Images
from gantool.data.pipeline import batches
from gantool.files import write_text
from gantool.gan.cells import cells_of
from gantool.recipe.randomness import key
from gantool.training.checkpoint import Header
from gantool.training.consumers import checkpoints, grids, loss_plots, real_grid
from gantool.training.loop import Progress, train
from gantool.training.metrics import metrics_log
from gantool.training.plan import Plan
from gantool.training.run_folder import RunFolder
from gantool.training.schedule import batches_before, calendar
from gantool.training.step import Losses, TrainingStep
from gantool.training.writer import Writer


def run_session(
    plan: Plan, images: Images, folder: RunFolder, should_stop: Callable[[], bool]
) -> Generator[Progress, None, None]:
    """Train from where the plan's state stands to the recipe's end, writing as the recipe says.

    Files are written beside the training, in the order of their steps, so that a checkpoint implies
    the rows of metrics.jsonl up to its step. Once the generator has ended, or is closed, everything
    that was due is written.

    Yields:
        Progress, after everything that was due at its step has been handed over to be written.

    Raises:
        DivergedError: A loss or a weight is not finite. The newest checkpoint is from before.
        OSError: Something cannot be written: at one of the next pauses, at the latest at the end.
    """
    recipe, state = plan.recipe, plan.state
    write_text(folder.recipe, plan.loaded.text)
    if not folder.reals.exists():
        real_grid(folder.reals, _real_images(plan, images), recipe)
    dates = calendar(recipe.train, len(images))
    consumers = [
        metrics_log(folder.metrics, dates, recipe.output.log_every),
        grids(folder, recipe, dates, state, plan.classes),
        checkpoints(folder, recipe, dates, state, lambda progress: _header(plan, progress)),
        loss_plots(folder, recipe, dates),
    ]
    intervals = (
        recipe.output.log_every,
        recipe.output.grid.every,
        recipe.output.checkpoint.every,
    )
    with _errors_of(images), Writer() as writer:
        for progress in train(
            state,
            TrainingStep(state, recipe),
            _feed(plan, images),
            last=dates.last_step(recipe.train),
            batch_size=recipe.train.batch_size,
            calendar=dates,
            intervals=intervals,
            should_stop=should_stop,
        ):
            writer.raise_error()
            for consume in consumers:
                job = consume(progress)
                if job is not None:
                    writer.hand_over(job)
            yield progress


def one_step(plan: Plan, images: Images) -> Losses:
    """Run the next step and write nothing.

    Raises:
        InputError: An image cannot be read.
    """
    with _errors_of(images):
        return TrainingStep(plan.state, plan.recipe).run(_feed(plan, images), 1)


@contextmanager
def _errors_of(images: Images) -> Iterator[None]:
    """Raise the error of an image as itself, where TensorFlow has made its own of it."""
    try:
        yield
    except tf.errors.OpError:
        if images.failure is None:
            images.look_for_damage()
        if images.failure is not None:
            raise images.failure from None
        raise


def _feed(plan: Plan, images: Images) -> Iterator[Any]:
    """The batches from the plan's next step on."""
    return iter(
        batches(
            images,
            plan.recipe.data,
            batch_size=plan.recipe.train.batch_size,
            seed=plan.recipe.seed,
            first_batch=batches_before(plan.recipe.train.updates, plan.state.step),
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
