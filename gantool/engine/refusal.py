"""Refusal of updates whose loss or gradients are not finite."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import keras
import tensorflow as tf

from gantool.errors import DivergedError
from gantool.gan.network import TrainableNetwork
from gantool.gan.updates import GAN, Descent, Given, Update

_NETWORKS = ("discriminator", "generator", "both")
_NONE = -1


@dataclass(frozen=True)
class Fault:
    """A skipped update: its loss or its gradients were not finite.

    Everything is as it was before it. Of an update that is taken separately from real and from
    generated examples, the first half may have been made.

    Attributes:
        network: Of which network it is, or "both".
        index: Its number, by which it draws its random numbers.
        step: Number of its step, from 1.
        losses: By network.
    """

    network: str
    index: int
    step: int
    losses: Mapping[str, float]

    def __str__(self) -> str:
        """What is known without a look at the layers."""
        names = ("generator", "discriminator") if self.network == "both" else (self.network,)
        told = " and ".join(f"the {name}'s loss is {self.losses[name]:.6g}" for name in names)
        return f"training diverged at step {self.step}: {told}"


class NotFiniteError(DivergedError):
    """An update was skipped; `fault` tells which."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class Refusal:
    """Remembers the first update that was skipped; nothing that comes after it is done.

    Its memory is variables, so that a loop over steps need not know of it.
    """

    def __init__(self) -> None:
        self._network = tf.Variable(_NONE, dtype=tf.int64, trainable=False)
        self._index = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._losses = tf.Variable(tf.zeros([2]), trainable=False)

    def permits(self, gan: GAN, update: Update, given: Given, descent: Descent) -> tf.Tensor:
        """Whether a descent of an update is to be taken: it is finite, as all before it were."""
        before, finite = self.is_sound(), _is_finite(gan, descent)
        tf.cond(
            before & ~finite, partial(self._remember, update, given, descent.losses), lambda: None
        )
        return before & finite

    def is_sound(self) -> tf.Tensor:
        """Whether no update was skipped."""
        return self._network.value() == _NONE

    def found(self) -> tuple[str, int, dict[str, float]] | None:
        """Network, index and losses of the update that was skipped; None where none was."""
        network = int(self._network)
        if network == _NONE:
            return None
        losses = dict(zip(("discriminator", "generator"), map(float, self._losses), strict=True))
        return _NETWORKS[network], int(self._index), losses

    def _remember(self, update: Update, given: Given, losses: Mapping[str, tf.Tensor]) -> None:
        self._network.assign(_NETWORKS.index(update.network))
        self._index.assign(tf.cast(given.index, tf.int64))
        none = tf.zeros([])
        self._losses.assign([losses.get("discriminator", none), losses.get("generator", none)])


def _is_finite(gan: GAN, descent: Descent) -> tf.Tensor:
    """Whether a descent is one of finite numbers."""
    return tf.reduce_all(
        [
            tf.math.is_finite(descent.totals[name])
            & _are_finite(gan.network(name), descent.gradients[name])
            for name in descent.gradients
        ]
    )


def _are_finite(network: TrainableNetwork, gradients: Sequence[tf.Tensor]) -> tf.Tensor:
    # Embeddings have gradients of some rows alone.
    values = [getattr(gradient, "values", gradient) for gradient in gradients]
    # Of all ways to look through them the sum is the fastest, and it shows what is not finite.
    # Finite ones whose sum is too large are looked at one by one.
    total = tf.add_n([tf.cast(tf.reduce_sum(value), tf.float32) for value in values])
    finite = tf.cond(
        tf.math.is_finite(total),
        lambda: tf.constant(True),
        lambda: tf.reduce_all([tf.reduce_all(tf.math.is_finite(value)) for value in values]),
    )
    if isinstance(network.optimizer, keras.optimizers.LossScaleOptimizer):
        # Scaled gradients overflow until the scale fits them, and the optimizer leaves such an
        # update out. Only where there is nothing left to lower has training gone wrong.
        finite |= network.optimizer.dynamic_scale.value > 1.0
    return finite
