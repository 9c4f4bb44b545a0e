"""What one update has seen, which losses and terms are functions of."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, Literal

import tensorflow as tf

from gantool.gan.augmentation import Augmentation, Numbers
from gantool.gan.latents import Rows, whole
from gantool.gan.network import Pass, TrainableNetwork
from gantool.gan.schedule import START, Progress, Schedule, now
from gantool.layers.batch_normalization import mean_of_replicas

Side = Literal["real", "generated"]
"""Which examples: those of the data, or the generator's."""


def batch_mean(values: tf.Tensor) -> tf.Tensor:
    """Mean over a batch, and over the equal parts of it that replicas have, a scalar."""
    mean = tf.reduce_mean(values)
    several = tf.distribute.get_replica_context().num_replicas_in_sync > 1
    return mean_of_replicas(mean) if several else mean


class Seen:
    """Real and generated examples of one update, and what the discriminator says of them.

    Logits are computed when they are first asked for, and once. The discriminator is in training
    mode, with the batch statistics of each side by itself; each pass over a side starts from the
    moving statistics that the one before has left.

    Args:
        discriminator: Judges.
        real: Examples of the data, [B, …] float32.
        generate: Makes the generated ones, [B, …] float32; called when they are first needed.
        labels: Classes, int32 [B], of both sides.
        index: Number of the update, int64.
        seed_of: The stateless seed [2] of this update for a purpose.
        noise: The purpose of dropout on each side.
        differentiates: The sides by whose examples `gradient` is going to be asked for.
        rows: Draws the numbers of a batch.
        progress: How far the run has come.
        augmentation: Changes examples before the discriminator sees them; None where they stay.
    """

    def __init__(
        self,
        discriminator: TrainableNetwork,
        real: tf.Tensor,
        generate: Callable[[], tf.Tensor],
        labels: tf.Tensor,
        index: tf.Tensor,
        seed_of: Callable[[str], tf.Tensor],
        noise: Mapping[Side, str],
        differentiates: Iterable[Side] = (),
        rows: Rows = whole,
        progress: Progress = START,
        augmentation: Augmentation | None = None,
    ) -> None:
        self.labels = labels
        self.index = index
        self.seed_of = seed_of
        self.discriminator = discriminator
        self._makers: dict[Side, Callable[[], tf.Tensor]] = {
            "real": lambda: real,
            "generated": generate,
        }
        self._noise = noise
        self._rows = rows
        self._progress = progress
        self._augmentation = augmentation
        self._tapes = {
            side: tf.GradientTape(persistent=True, watch_accessed_variables=False)
            for side in differentiates
        }
        self._examples: dict[Side, tf.Tensor] = {}
        self._passes: dict[Side, Pass] = {}

    def examples(self, side: Side) -> tf.Tensor:
        """Examples of one side, as they are before augmentation, [B, …] float32."""
        if side not in self._examples:
            self._examples[side] = self._makers[side]()
        return self._examples[side]

    def logits(self, side: Side) -> tf.Tensor:
        """What the discriminator says of one side, [B, 1] or [B, 2] float32."""
        if side not in self._passes:
            examples, tape = self.examples(side), self._tapes.get(side)
            with tape or nullcontext():
                if tape is not None:
                    tape.watch(examples)
                self._passes[side] = self.discriminator.forward(
                    self._augmented(examples, side),
                    self.labels,
                    self.seed_of(self._noise[side]),
                    self._latest_state,
                )
        return self._passes[side].outputs

    def class_logits(self, side: Side) -> tf.Tensor:
        """What a discriminator that ends in AuxiliaryClassifier says of classes, [B, classes]."""
        self.logits(side)
        return self._passes[side].class_logits

    def gradient(self, side: Side) -> tf.Tensor:
        """Gradient of the sum of one side's logits by its examples, [B, …].

        It is taken from the pass that gave the logits, of a side that `differentiates` tells, and
        by the examples before augmentation.
        """
        logits = self.logits(side)
        return self._tapes[side].gradient(logits, self.examples(side))

    def discriminate(self, examples: tf.Tensor, side: Side = "real") -> tf.Tensor:
        """What the discriminator says of other examples, with dropout and augmentation of a side.

        So logits differ from those of the side by what the examples differ in alone.
        """
        images, seed = self._augmented(examples, side), self.seed_of(self._noise[side])
        return self.discriminator.forward(images, self.labels, seed).outputs

    def uniform(self, purpose: str, for_each_number: bool = False) -> tf.Tensor:
        """A random number in [0, 1) for each example, [B, 1, …], or each of its numbers, [B, …]."""
        shape, count = self.examples("real").shape[1:].as_list(), self.labels.shape[0]
        shape, seed = shape if for_each_number else [1] * len(shape), self.seed_of(purpose)
        return self._rows(
            lambda size: tf.random.stateless_uniform([size, *shape], seed, alg="philox"), count
        )

    def now(self, number: float | Schedule) -> float | tf.Tensor:
        """A number of a term as it is at this update; it may follow a schedule."""
        return now(number, self._progress)

    def _augmented(self, examples: tf.Tensor, side: Side) -> tf.Tensor:
        """What the discriminator is shown, [B, …]."""
        augmentation = self._augmentation
        if augmentation is None:
            return examples
        purpose, count = f"augmentation/{self._noise[side]}", self.labels.shape[0]
        uniform, normal = self.seed_of(purpose), self.seed_of(f"{purpose}/normal")
        numbers = Numbers(
            self._rows(
                lambda size: tf.random.stateless_uniform(
                    [size, augmentation.uniforms], uniform, alg="philox"
                ),
                count,
            ),
            self._rows(
                lambda size: tf.random.stateless_normal(
                    [size, augmentation.normals], normal, alg="philox"
                ),
                count,
            ),
        )
        return augmentation.seen(examples, numbers, self._progress)

    @property
    def activity(self) -> tf.Tensor:
        """Sum of the discriminator's activity regularizers over all passes so far, a scalar."""
        return tf.add_n([tf.zeros([]), *(made.activity for made in self._passes.values())])

    @property
    def state(self) -> Sequence[Any]:
        """What the last pass leaves in the discriminator's `state`."""
        return list(self._passes.values())[-1].state

    @property
    def _latest_state(self) -> Sequence[Any] | None:
        return self.state if self._passes else None
