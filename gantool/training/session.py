"""One session of training: from a plan and its images to a run folder that has moved on."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import tensorflow as tf

from gantool import __version__
from gantool.data.loading import Images
from gantool.data.pipeline import batches, errors_of
from gantool.distribute.replicas import ALONE, Replicas
from gantool.engine.diagnosis import batch_number, first_not_finite
from gantool.engine.loop import TrainingProgress, train
from gantool.engine.plan import Plan, make_state
from gantool.engine.refusal import NotFiniteError
from gantool.engine.state import TrainingState
from gantool.engine.step import TrainingStep
from gantool.engine.timetable import batches_before, timetable_of
from gantool.errors import DivergedError
from gantool.networks.shape_checks import examples_in_a_pack
from gantool.outputs.outputs import Outputs
from gantool.outputs.recipe_hooks import hooks_of
from gantool.outputs.report import write_diverged_report
from gantool.recipe.document import Problem
from gantool.recipe.model import Recipe
from gantool.recipe.randomness import seed_of_retry
from gantool.runs.metrics_file import MetricsFile
from gantool.runs.resume import find_resume_point, restore, tidy
from gantool.runs.run_folder import RunFolder
from gantool.runs.session_file import read_session, write_session

Warn = Callable[[str], None]


def refuse_uneven_shares(plan: Plan, replicas: Replicas) -> None:
    """Raise RecipeError where the recipe's batches cannot be shared equally, in whole packs."""
    size, packed = plan.recipe.train.batch_size, examples_in_a_pack(plan.state.discriminator)
    unit = replicas.count * packed
    if size % unit:
        fitting = [number for number in (size // unit * unit, -(-size // unit) * unit) if number]
        packs = f" in packs of {packed}" if packed > 1 else ""
        message = (
            f"batch_size {size} cannot be shared equally by {replicas.count} replicas{packs};"
            f" {' or '.join(map(str, fitting))} can"
        )
        plan.loaded.raise_problems([Problem(("train", "batch_size"), message)])


def run_session(
    plan: Plan,
    images: Images,
    folder: RunFolder,
    should_stop: Callable[[], int],
    replicas: Replicas = ALONE,
    warn: Warn = lambda _: None,
) -> Generator[TrainingProgress, None, None]:
    """Train from where the plan's state stands to the recipe's end, writing as the recipe says.

    Files are written beside the training, in the order of their steps, so that a checkpoint implies
    all that was due up to its step. Once the generator has ended, or is closed, everything that was
    due is written. Of several workers the first writes; the others end when it has. For
    `should_stop` see `gantool.engine.loop.train`; `warn` is told, in a line or a few, what a user
    should know.

    Yields:
        TrainingProgress, after everything that was due at its step has been handed over to be
        written.

    Raises:
        InputError: Another worker is about to do something else.
        DivergedError: A loss, a gradient or a weight is not finite, and the recipe's retries are
            used up. The newest checkpoint is from before.
        LostWorkerError: Another worker is gone.
        OSError: Something cannot be written: at one of the next pauses, at the latest at the end.
    """
    state, retries = plan.state, plan.recipe.train.retries
    while True:
        try:
            yield from _run_until_it_diverges(plan, images, folder, should_stop, replicas, warn)
            return
        except DivergedError as error:
            # All workers find the same fault; what the one that writes finds is its own alone.
            is_of_all = replicas.workers == 1 or isinstance(error.__cause__, NotFiniteError)
            if state.retries >= retries or not is_of_all:
                if replicas.worker == 0:
                    _record_divergence(folder, str(error))
                raise
            with _lost_workers(images, replicas):
                replicas.end()  # the first has written all that it had
            _go_back(plan, folder, writes=replicas.worker == 0)
            warn(
                f"{error}; going back to step {state.step}, on from there with other random numbers"
                f" ({state.retries} of {retries})"
            )


def _run_until_it_diverges(
    plan: Plan,
    images: Images,
    folder: RunFolder,
    should_stop: Callable[[], int],
    replicas: Replicas,
    warn: Warn,
) -> Generator[TrainingProgress, None, None]:
    """`run_session` without its retries."""
    recipe, state = plan.recipe, plan.state
    # The recipe of this try: the same but for the numbers that it draws.
    drawn = recipe.model_copy(update={"seed": seed_of_retry(recipe.seed, state.retries)})
    timetable = timetable_of(recipe.train, len(images))
    states = [state, *_copies(plan, replicas)]
    metrics = MetricsFile(folder.metrics)
    hooks = hooks_of(plan, images, folder, metrics, warn)
    with errors_of(images), _lost_workers(images, replicas):
        replicas.begin(_facts(plan, images), states)
        step = replicas.step(states, drawn, timetable.batches_per_epoch)
        progresses = train(
            state,
            step,
            _feed(drawn, images, replicas, batches_before(recipe.train.updates, state.step)),
            last=timetable.last_step(recipe.train),
            batch_size=recipe.train.update_size,
            timetable=timetable,
            intervals=[hook.every for hook in hooks if hook.every is not None],
            should_stop=should_stop,
            agree=replicas.agree,
        )
        try:
            if replicas.worker == 0:
                with Outputs(plan, images, folder, hooks, metrics, warn) as outputs:
                    for progress in progresses:
                        outputs.take(progress)
                        yield progress
            else:
                yield from progresses
        except NotFiniteError as error:
            raise _explained(error, step, plan, drawn, images, replicas) from error
        replicas.end()


def _explained(
    error: NotFiniteError,
    step: TrainingStep,
    plan: Plan,
    drawn: Recipe,
    images: Images,
    replicas: Replicas,
) -> DivergedError:
    """The error, with the first layer whose values were not finite."""
    number = batch_number(error.fault, drawn.train.updates)
    feed = _feed(drawn, images, replicas, number)
    found = first_not_finite(error.fault, step, plan.state, feed)
    if found is None:
        # What is random may be drawn otherwise by XLA, and GPUs may add in another order.
        found = (
            "in another replica's share of the batch"
            if replicas.count > 1
            else "not to be found: repeated layer by layer, the update is finite"
        )
    return DivergedError(f"{error}; first not finite: {found}")


def _copies(plan: Plan, replicas: Replicas) -> list[TrainingState]:
    """A state for each replica of this process after the first, which has the plan's own."""
    copies = []
    for own in range(1, replicas.local):
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


def _feed(recipe: Recipe, images: Images, replicas: Replicas, first_batch: int) -> Iterator[Any]:
    """The batches from this one on, the rows of this worker."""
    return iter(
        batches(
            images,
            recipe.data,
            batch_size=recipe.train.update_size,
            seed=recipe.seed,
            first_batch=first_batch,
            share=(replicas.worker, replicas.workers),
        )
    )


def _go_back(plan: Plan, folder: RunFolder, *, writes: bool) -> None:
    """Bring a run's state and folder to its newest checkpoint, or to its start without one.

    The state counts one retry more than it did, so that other numbers are drawn from there on. The
    folder is left alone by a process that is not the one that writes the run.
    """
    state, retries = plan.state, plan.state.retries + 1
    point = find_resume_point(folder)
    if point.checkpoint is None:
        _begin_again(state, plan)
    restore(state, point)
    if writes:
        tidy(folder, point, plan.recipe.output.checkpoint.keep)
    state.retries = retries


def _record_divergence(folder: RunFolder, how: str) -> None:
    """Have the run folder tell that the run has diverged, if it can be written."""
    session = read_session(folder)
    with suppress(OSError):
        if session is not None:
            write_session(folder, session.model_copy(update={"diverged": how}))
        write_diverged_report(folder)


def _begin_again(state: TrainingState, plan: Plan) -> None:
    fresh = make_state(plan.loaded, plan.classes).variables()
    for group, members in state.variables().items():
        for key, variable in members.items():
            variable.assign(fresh[group][key].value)
    state.step = state.images = 0
