"""Which parts of a step take which share of its time.

One update of each network is run as the step runs it, in a graph that reads the clock between its
parts. A part begins when the one before it has ended, so each is measured by itself; where the
step overlaps them it is faster than their sum, which is why only their shares are told.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from gantool.engine.build import build_gan
from gantool.engine.state import TrainingState
from gantool.engine.step import TrainingStep
from gantool.gan.network import Pass, TrainableNetwork
from gantool.recipe.model import Recipe

REST = "rest"
"""What is no phase: latents, losses, and the call of the step from Python."""

_FEWEST, _MOST = 2, 50
"""Timed calls."""


def phase_shares(state: TrainingState, recipe: Recipe, seconds: float) -> dict[str, float]:
    """The share of each phase of a usual step on batches that lie ready; they sum to 1.

    The phases are, where the recipe has them, `…_forward`, `…_backward` (penalties among it) and
    `…_optimizer` (constraints among it) of `discriminator` and `generator`,
    `generating_for_discriminator`, `moving_average` and `rest`, in the order in which they begin.
    `generator_forward` is through both networks, unless both are updated at once.

    Args:
        state: Is moved.
        recipe: Of the state.
        seconds: To measure for, beside compiling.
    """
    run = _timed_updates(state, _of_single_batches(recipe))
    with state.ways.measured():
        _call(run)  # compiles
    spent: Counter[str] = Counter()
    calls, began = 0, time.perf_counter()
    while calls < _FEWEST or (calls < _MOST and time.perf_counter() - began < seconds):
        spent.update(_call(run))
        calls += 1
    return _shares(spent, recipe)


def _shares(spent: Counter[str], recipe: Recipe) -> dict[str, float]:
    """From the time of one update of each network, from a single batch, to shares of a step."""
    updates = recipe.train.updates
    times = {"discriminator": updates.discriminator, "generator": updates.generator}
    seconds = {
        phase: took * times.get(update, 1) * _batches(phase, recipe)
        for (update, phase), took in ((key.split("/"), took) for key, took in spent.items())
    }
    whole = sum(seconds.values())
    return {phase: took / whole for phase, took in seconds.items()}


def _batches(phase: str, recipe: Recipe) -> int:
    """How often a phase comes in an update: passes are of each batch that it accumulates."""
    is_pass = phase.endswith(("_forward", "_backward", "_for_discriminator"))
    return recipe.train.accumulate if is_pass else 1


def _of_single_batches(recipe: Recipe) -> Recipe:
    """The recipe whose updates accumulate nothing: no clock can be read in a loop."""
    train = recipe.train.model_copy(update={"accumulate": 1})
    return recipe.model_copy(update={"train": train})


def _call(run: Callable[[], dict[str, tf.Tensor]]) -> dict[str, float]:
    """Seconds of each part of one call, by `update/phase`."""
    began = time.perf_counter()
    told = run()
    took = time.perf_counter() - began
    parts = {key: float(seconds) for key, seconds in told.items()}
    return {**parts, f"step/{REST}": took - sum(parts.values())}


def _timed_updates(state: TrainingState, recipe: Recipe) -> Callable[[], dict[str, tf.Tensor]]:
    """A compiled function that updates each network once and tells the seconds of the parts."""
    size = recipe.train.batch_size
    images = tf.random.stateless_uniform([size, *recipe.data.shape], [0, 0], *recipe.data.range)
    labels = tf.zeros([size], tf.int32)
    clock, gan = _Clock(), build_gan(state, recipe, kind=_TimedNetwork)
    for role in ("generator", "discriminator"):
        network = gan.network(role)
        assert isinstance(network, _TimedNetwork)
        network.time(role, clock)
    step = TrainingStep(state, recipe, gan)

    def run() -> dict[str, tf.Tensor]:
        clock.start(images)
        number = tf.constant(0, tf.int64)
        for update in step.updates:
            clock.update = update.network
            given = step.given(update, (images, labels), step.progress(number, number), number)
            step.make(update, given)
        if state.average is not None:
            step.follow(step.progress(number, number), 1)
            clock.update = "step"
            clock.tell("moving_average", *_values(list(state.average.weights().values())))
        return clock.seconds

    compiled: Callable[[], dict[str, tf.Tensor]] = tf.function(run, autograph=False)
    return compiled


class _Clock:
    """Reads the time, inside a graph, once tensors are there.

    Attributes:
        seconds: From each reading to the one before, by `update/phase`; those of a phase add up.
        update: Whose the phases are from now on.
    """

    seconds: dict[str, tf.Tensor]
    update: str

    def start(self, first: tf.Tensor) -> None:
        """Begin anew once a tensor is there."""
        self.seconds = {}
        self._last = _time_after([first])

    def begin(self, inputs: tf.Tensor) -> tf.Tensor:
        """The same inputs, but not before the last reading."""
        with tf.control_dependencies([self._last]):
            return tf.identity(inputs)

    def begin_backward(self, loss: tf.Tensor) -> tf.Tensor:
        """The same loss; its gradient does not begin before the last reading by then."""
        return tf.custom_gradient(lambda value: (tf.identity(value), self.begin))(loss)

    def tell(self, phase: str, *results: tf.Tensor) -> list[tf.Tensor]:
        """End a phase once its results are there; the same, not to be used before that."""
        now = _time_after(results)
        key = f"{self.update}/{phase}"
        self.seconds[key] = self.seconds.get(key, 0.0) + now - self._last
        self._last = now
        with tf.control_dependencies([now]):
            return [tf.identity(result) for result in results]


def _values(variables: Sequence[keras.Variable]) -> list[tf.Tensor]:
    return [tf.convert_to_tensor(variable.value) for variable in variables]


def _time_after(tensors: Sequence[tf.Tensor]) -> tf.Tensor:
    # A number of each is fetched to the processor: a GPU has then computed what it was told to.
    first = [tf.reshape(tensor, [-1])[:1] for tensor in tensors]
    with tf.device("CPU:0"):
        fetched = [tf.identity(number) for number in first]
        with tf.control_dependencies(fetched):
            return tf.timestamp()


class _TimedNetwork(TrainableNetwork):
    """A network whose passes, gradients and moves are phases."""

    def time(self, role: str, clock: _Clock) -> None:
        """Have a clock told of every phase; `role` is `generator` or `discriminator`."""
        self._role, self._clock = role, clock

    def forward(
        self,
        inputs: tf.Tensor,
        labels: tf.Tensor,
        seed: tf.Tensor,
        state: Sequence[tf.Tensor] | None = None,
    ) -> Pass:
        made = super().forward(self._clock.begin(inputs), labels, seed, state)
        [outputs] = self._clock.tell(self._forward_phase(), made.outputs)
        return made._replace(outputs=outputs)

    def gradients(self, tape: tf.GradientTape, loss: tf.Tensor) -> list[tf.Tensor]:
        with tape:
            held = self._clock.begin_backward(loss)
        return self._clock.tell(f"{self._role}_backward", *super().gradients(tape, held))

    def apply(self, *arguments: Any) -> None:
        super().apply(*arguments)
        self._clock.tell(f"{self._role}_optimizer", *_values(self.trainable))

    def _forward_phase(self) -> str:
        if self._clock.update == "both":
            return f"{self._role}_forward"
        if self._clock.update == "discriminator" and self._role == "generator":
            return "generating_for_discriminator"
        return f"{self._clock.update}_forward"
