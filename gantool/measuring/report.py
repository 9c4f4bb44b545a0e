"""Everything that `gantool bench` tells of a recipe on this machine, and a quick estimate."""

import platform
import statistics
from dataclasses import dataclass

import keras
import tensorflow as tf

from gantool import __version__
from gantool.data.loading import Images
from gantool.device import cores
from gantool.engine.plan import Plan
from gantool.engine.step import Losses
from gantool.engine.timetable import timetable_of
from gantool.kernels.gpu import has_gpu
from gantool.measuring.machine import OtherLoad, product_dtype, product_rate
from gantool.measuring.operations import step_operations
from gantool.measuring.phases import phase_shares
from gantool.measuring.running import Running, without_bursts
from gantool.memory import peak_memory
from gantool.networks.devices import compiles, find_device

_SETTLING = 2.0
"""Seconds of steps before any is timed: pipelines and processors take a while to get going."""
_TIMED = 8.0
"""Seconds of timed steps where nobody names their number."""
_FEWEST = 5
_OF_WAITING = 3.0
_OF_PHASES = 3.0
_OF_ESTIMATE = 3.0

WAITING = "waiting_for_data"


@dataclass(frozen=True)
class Report:
    """What was measured, and on what. Steps are usual ones, none of a burst.

    Rates are those at the median of the calls in which `steps` were timed. For operations see
    `gantool.measuring.operations`.

    Attributes:
        cores: Of the processor, that this process may use.
        xla: Whether XLA compiles the updates; the phases are measured without it.
        images_per_step: Real images that the discriminator sees in one.
        first_step_seconds: Compiling included.
        data_wait_share: Of the time of steps, in which they stand still until batches are there.
        phase_shares: Of the time of a step, `waiting_for_data` among them; their sum is 1.
        peak_memory_bytes: Of this process.
        peak_gpu_memory_bytes: Of tensors on the GPU; None without one.
        matrix_product_dtype: In which the networks multiply.
        cores_used_by_others: While steps were timed, on the average.
    """

    recipe: str
    device: str
    cores: int
    gantool: str
    tensorflow: str
    keras: str
    python: str
    precision: str
    xla: bool
    batch_size: int
    images_per_step: int
    steps: int
    calls: int
    first_step_seconds: float
    seconds_per_step: float
    seconds_per_step_min: float
    seconds_per_step_max: float
    images_per_second: float
    data_wait_share: float
    phase_shares: dict[str, float]
    peak_memory_bytes: int
    peak_gpu_memory_bytes: int | None
    operations_per_step: int
    operations_are_all: bool
    operations_per_second: float
    matrix_product_dtype: str
    matrix_product_operations_per_second: float
    share_of_matrix_product_rate: float
    cores_used_by_others: float


def measure(plan: Plan, images: Images, steps: int | None) -> Report:
    """Run, time and count steps of a plan; its state is moved, and nothing is written.

    Args:
        plan: Has its source.
        images: Of that source.
        steps: To time; None for about eight seconds of them.

    Raises:
        DivergedError: A loss is not finite.
        InputError: An image cannot be read.
    """
    recipe = without_bursts(plan.recipe)
    train = recipe.train
    running = Running(plan, images)
    first = running.run(1)
    pace = running.settle(_SETTLING).seconds_per_step
    load = OtherLoad()
    calls = running.calls(steps or max(_FEWEST, round(_TIMED / pace)))
    others = load.cores()
    # Before anything else is built that training has no need of.
    memory, gpu_memory = peak_memory(), peak_gpu_memory()
    each = [call.seconds_per_step for call in calls]
    median = statistics.median(each)
    waiting = running.waited_share(_OF_WAITING)
    phases = phase_shares(plan.state, recipe, _OF_PHASES)
    operations = step_operations(plan.state, recipe)
    dtype = product_dtype(train.precision)
    rate = product_rate(dtype)
    device = find_device()
    images_per_step = train.update_size * train.updates.discriminator
    return Report(
        recipe=recipe.name,
        device=device.name,
        cores=cores(),
        gantool=__version__,
        tensorflow=tf.__version__,
        keras=keras.__version__,
        python=platform.python_version(),
        precision=train.precision,
        xla=compiles(train, device),
        batch_size=train.batch_size,
        images_per_step=images_per_step,
        steps=sum(call.steps for call in calls),
        calls=len(calls),
        first_step_seconds=first.seconds,
        seconds_per_step=median,
        seconds_per_step_min=min(each),
        seconds_per_step_max=max(each),
        images_per_second=images_per_step / median,
        data_wait_share=waiting,
        phase_shares=with_waiting(phases, waiting),
        peak_memory_bytes=memory,
        peak_gpu_memory_bytes=gpu_memory,
        operations_per_step=operations.step,
        operations_are_all=operations.is_all,
        operations_per_second=operations.step / median,
        matrix_product_dtype=dtype.name,
        matrix_product_operations_per_second=rate,
        share_of_matrix_product_rate=operations.step / median / rate,
        cores_used_by_others=others,
    )


def with_waiting(phases: dict[str, float], waiting: float) -> dict[str, float]:
    """The shares of phases of a step that does not wait, in one that does."""
    return {WAITING: waiting, **{name: share * (1 - waiting) for name, share in phases.items()}}


def peak_gpu_memory() -> int | None:
    """The most bytes that tensors have taken on the first GPU; None without a GPU."""
    if not has_gpu():
        return None
    return int(tf.config.experimental.get_memory_info("GPU:0")["peak"])


@dataclass(frozen=True)
class Estimate:
    """What the rest of a run takes: `losses` are those of its first step, memory is in bytes."""

    losses: Losses
    seconds_per_step: float
    seconds: float
    memory: int
    gpu_memory: int | None


def estimate(plan: Plan, images: Images) -> Estimate:
    """Run a few steps of a plan, and tell what all that are left take; nothing is written.

    Raises:
        DivergedError: A loss is not finite.
        InputError: An image cannot be read.
    """
    begins = plan.state.step
    running = Running(plan, images)
    first = running.run(1)
    pace = running.settle(_OF_ESTIMATE).seconds_per_step
    memory, gpu_memory = peak_memory(), peak_gpu_memory()
    seconds = pace * _usual_steps(plan, images, begins)
    return Estimate(first.losses, pace, seconds, memory, gpu_memory)


def _usual_steps(plan: Plan, images: Images, begins: int) -> float:
    """How many usual steps take as long as all from one on: those of bursts take longer."""
    train = plan.recipe.train
    timetable = timetable_of(train, len(images))
    last = timetable.last_step(train)
    steps = max(0, last - begins)
    if train.updates.burst is None:
        return steps
    operations = step_operations(plan.state, plan.recipe)
    more = timetable.batches(last) - timetable.batches(min(begins, last))
    more -= steps * train.updates.discriminator
    return steps + more * operations.discriminator_update / max(1, operations.step)
