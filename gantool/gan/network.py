"""A network together with the optimizer that trains it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from gantool.gan.share import WHOLE, Share


class Pass(NamedTuple):
    """What a network gives in one pass in training mode."""

    outputs: tf.Tensor
    """float32, whatever precision the network computes in."""
    state: list[tf.Tensor]
    """What the pass would leave in `Learner.state`: moving statistics and the like."""
    regularization: tf.Tensor
    """Scalar: the sum of the layers' own regularizers."""


class Gradients(NamedTuple):
    """What the loss of a whole batch gives for a network's weights."""

    values: list[tf.Tensor]
    """Of each weight, scaled as the optimizer asks."""
    finite: tf.Tensor
    """Whether the update they make is one of finite numbers, a bool."""


class Learner:
    """A network and its optimizer.

    A pass through the network changes nothing; what it would change comes back as `Pass.state`,
    and `move` keeps it. So a network that is only looked through, as the discriminator is while
    the generator learns, stays as it was in every variable.

    Attributes:
        model: Takes [inputs], or [inputs, labels] where `takes_label`.
        optimizer: Of the model's trainable variables.
        trainable: The variables that `move` moves.
        state: Variables that passes in training mode move, such as moving statistics.
        share: Of each batch; what it learns is the mean of what all of them give.
    """

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        takes_label: bool,
        share: Share = WHOLE,
    ) -> None:
        self.model = model
        self.optimizer = optimizer
        self.takes_label = takes_label
        self.share = share
        self.trainable: list[keras.Variable] = model.trainable_variables
        weights = {id(variable) for variable in model.weights}
        self._is_random = [id(item) not in weights for item in model.non_trainable_variables]
        self.state = self._without_random(model.non_trainable_variables)
        if not optimizer.built:  # to build loss scaling again would forget a restored scale
            optimizer.build(self.trainable)
        self._apply = tf.function(
            self._apply_gradients,
            autograph=False,
            # Compiled, the optimizer is one loop over the weights in place of a dozen. Loss
            # scaling skips an update by a branch that XLA does not take.
            jit_compile=not isinstance(optimizer, keras.optimizers.LossScaleOptimizer),
        )

    def forward(
        self,
        inputs: tf.Tensor,
        labels: tf.Tensor,
        seed: tf.Tensor,
        state: Sequence[tf.Tensor] | None = None,
    ) -> Pass:
        """Run the network in training mode, with the batch statistics of `inputs` alone.

        Args:
            inputs: Latents [B, size] or images [B, H, W, C].
            labels: int32 [B]; ignored by a network that takes none.
            seed: Stateless seed [2] of dropout and other random layers.
            state: Start from this instead of the variables' own values.
        """
        outputs, after, losses = self._call(inputs, labels, seed, state)
        regularization = tf.add_n([tf.zeros([])] + [tf.cast(item, tf.float32) for item in losses])
        after = [tf.convert_to_tensor(item) for item in self._without_random(after)]
        return Pass(tf.cast(outputs, tf.float32), after, regularization)

    def _call(
        self,
        inputs: tf.Tensor,
        labels: tf.Tensor,
        seed: tf.Tensor,
        state: Sequence[tf.Tensor] | None,
    ) -> tuple[Any, Sequence[Any], Sequence[tf.Tensor]]:
        """Outputs, all variables that are not trained as they are afterwards, and the losses."""
        called: tuple[Any, Sequence[Any], Sequence[tf.Tensor]] = self.model.stateless_call(
            [variable.value for variable in self.trainable],
            self._with_random(self.state if state is None else state, seed),
            [inputs, labels] if self.takes_label else inputs,
            training=True,
            return_losses=True,
        )
        return called

    def watch(self, tape: tf.GradientTape) -> None:
        """Let `tape` record this network's weights."""
        tape.watch([variable.value for variable in self.trainable])

    def gradients(self, tape: tf.GradientTape, loss: tf.Tensor) -> Gradients:
        """The gradients of a scalar `loss`, for each of `trainable`.

        Args:
            tape: Has watched this network while `loss` was computed.
            loss: Scalar.
        """
        with tape:
            scaled = self.optimizer.scale_loss(loss)
        own: list[tf.Tensor] = tape.gradient(
            scaled,
            [variable.value for variable in self.trainable],
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        # A mean holds what is not finite in any share of the batch, so all replicas find the same.
        loss, *values = self.share.mean([loss, *own])
        return Gradients(values, tf.math.is_finite(loss) & self._all_finite(values))

    def move(
        self,
        gradients: Sequence[tf.Tensor],
        state: Sequence[tf.Tensor],
        finite: tf.Tensor | bool = True,
    ) -> None:
        """Take one step of the optimizer, and keep the state that the last pass left.

        Args:
            gradients: The values of `gradients`.
            state: `Pass.state` of the last pass.
            finite: Where false, nothing is moved.
        """
        means = self._mean_state(state)

        def moved() -> tf.Tensor:
            self._apply(list(gradients))
            for variable, value in zip(self.state, means, strict=True):
                variable.assign(value)
            return tf.constant(True)

        tf.cond(tf.convert_to_tensor(finite), moved, lambda: tf.constant(False))

    def descend(
        self,
        tape: tf.GradientTape,
        loss: tf.Tensor,
        state: Sequence[tf.Tensor],
        allowed: tf.Tensor | bool = True,
    ) -> tf.Tensor:
        """Move one step down `loss`, where that is a step of finite numbers; whether it was.

        Args:
            tape: See `gradients`.
            loss: See `gradients`.
            state: See `move`.
            allowed: Where false, nothing is moved, and the answer is false.
        """
        values, finite = self.gradients(tape, loss)
        finite &= allowed
        self.move(values, state, finite)
        return finite

    def _all_finite(self, gradients: Sequence[tf.Tensor]) -> tf.Tensor:
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
        if isinstance(self.optimizer, keras.optimizers.LossScaleOptimizer):
            # Scaled gradients overflow until the scale fits them, and the optimizer leaves such an
            # update out. Only where there is nothing left to lower has training gone wrong.
            finite |= self.optimizer.dynamic_scale.value > 1.0
        return finite

    def _apply_gradients(self, gradients: list[tf.Tensor]) -> None:
        # Keras's optimizers sum gradients over replicas; these are means over them already.
        with self.share.apart():
            self.optimizer.apply(gradients, self.trainable)

    def _mean_state(self, state: Sequence[tf.Tensor]) -> Sequence[tf.Tensor]:
        """The mean over all replicas; what is counted rather than measured is alike on all."""
        measured = [item for item in state if item.dtype.is_floating]
        means = iter(self.share.mean(measured))
        return [next(means) if item.dtype.is_floating else item for item in state]

    def _without_random(self, non_trainable: Sequence[Any]) -> list[Any]:
        pairs = zip(non_trainable, self._is_random, strict=True)
        return [item for item, is_random in pairs if not is_random]

    def _with_random(self, state: Sequence[Any], seed: tf.Tensor) -> list[Any]:
        """Put freshly drawn states of random layers where the model has its own."""
        drawn = tf.random.stateless_uniform(
            [self.share.of * sum(self._is_random), 2],
            seed,
            minval=None,
            maxval=None,
            dtype=tf.uint32,
            alg="philox",
        )
        noise = iter(tf.unstack(self.share.rows(drawn)))
        kept = iter(state)
        return [next(noise) if is_random else next(kept) for is_random in self._is_random]
