"""A network together with the optimizer that trains it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from functools import partial
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from gantool.gan.latents import Rows, whole
from gantool.kernels.adam import Adam
from gantool.layers.auxiliary_classifier import classifies


class Pass(NamedTuple):
    """What a network gives in one pass in training mode."""

    outputs: tf.Tensor
    """float32, whatever precision the network computes in; of an AuxiliaryClassifier, [B, 1]."""
    state: list[tf.Tensor]
    """What the pass would leave in `TrainableNetwork.state`: moving statistics and the like."""
    activity: tf.Tensor
    """Sum of the layers' activity regularizers, a scalar."""
    class_logits: tf.Tensor | None = None
    """What an AuxiliaryClassifier says of classes, [B, classes] float32."""


class TrainableNetwork:
    """A network and the optimizer that moves its weights.

    `forward` is stateless: it changes nothing, and what a pass would change comes back as
    `Pass.state`. So a network that is only looked through, as the discriminator is while the
    generator learns, stays as it was in every variable.

    Args:
        model: Takes [inputs], or [inputs, labels] where `takes_label`.
        optimizer: Of the model's trainable variables.
        takes_label: Whether the model takes labels.
        rows: Draws the seeds of random layers.
        constraints: Follow each move of the weights.

    Attributes:
        trainable: The variables that the optimizer moves.
        state: Variables that passes in training mode move, such as moving statistics.
        constraints: See above.
    """

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        takes_label: bool,
        rows: Rows = whole,
        constraints: Sequence[Callable[[TrainableNetwork], None]] = (),
    ) -> None:
        self.constraints = constraints
        self.model = model
        self.optimizer = optimizer
        self.takes_label = takes_label
        self._rows = rows
        self._classifies = classifies(model.outputs[-1]._keras_history.operation)
        self.trainable: list[keras.Variable] = model.trainable_variables
        self._regularized = [item for item in self.trainable if item.regularizer is not None]
        weights = {id(variable) for variable in model.weights}
        self._is_random = [id(item) not in weights for item in model.non_trainable_variables]
        self.state = self._without_random(model.non_trainable_variables)
        if not optimizer.built:  # to build loss scaling again would forget a restored scale
            optimizer.build(self.trainable)
        self._apply = tf.function(
            optimizer.apply,
            autograph=False,
            # Compiled, Keras's optimizers are few loops over the weights in place of a dozen; our
            # Adam is one. Loss scaling skips an update by a branch that XLA does not take.
            jit_compile=not isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
            and not (isinstance(optimizer, Adam) and optimizer.is_plain),
        )

    def drawing(self, rows: Rows) -> TrainableNetwork:
        """The same network, which draws the seeds of random layers by other rows."""
        same = copy(self)
        same._rows = rows
        return same

    def forward(
        self,
        inputs: tf.Tensor,
        labels: tf.Tensor,
        seed: tf.Tensor,
        state: Sequence[tf.Tensor] | None = None,
    ) -> Pass:
        """Run the network in training mode, with the batch statistics of `inputs` alone.

        Args:
            inputs: Latents [B, size] or examples [B, …].
            labels: int32 [B]; ignored by a network that takes none.
            seed: Stateless seed [2] of dropout and other random layers.
            state: Start from this instead of the variables' own values.
        """
        outputs, after, losses = self._call(inputs, labels, seed, state)
        # Keras gives the losses of activities first, then those of weights.
        of_activities = losses[: len(losses) - len(self._regularized)]
        activity = tf.add_n([tf.zeros([])] + [tf.cast(it, tf.float32) for it in of_activities])
        after = [tf.convert_to_tensor(item) for item in self._without_random(after)]
        outputs = tf.cast(outputs, tf.float32)
        if self._classifies:
            return Pass(outputs[:, :1], after, activity, outputs[:, 1:])
        return Pass(outputs, after, activity)

    def regularization(self) -> tf.Tensor:
        """Sum of the layers' regularizers of weights, a scalar."""
        found = [item.regularizer(item.value) for item in self._regularized]
        return tf.add_n([tf.zeros([])] + [tf.cast(item, tf.float32) for item in found])

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

    def gradients(self, tape: tf.GradientTape, loss: tf.Tensor) -> list[tf.Tensor]:
        """Gradients of a scalar `loss` by each of `trainable`, scaled as the optimizer asks.

        Args:
            tape: Has watched this network while `loss` was computed.
            loss: Scalar.
        """
        with tape:
            scaled = self.optimizer.scale_loss(loss)
        found: list[tf.Tensor] = tape.gradient(
            scaled,
            [variable.value for variable in self.trainable],
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        return found

    def apply(
        self,
        gradients: Sequence[tf.Tensor],
        state: Sequence[tf.Tensor],
        where: tf.Tensor | bool = True,
    ) -> None:
        """Take one step of the optimizer, and keep the state that the last pass left.

        Args:
            gradients: Of `gradients`.
            state: `Pass.state` of the last pass.
            where: Where false, nothing is moved.
        """
        where = tf.convert_to_tensor(where)
        tf.cond(where, partial(self._apply, list(gradients)), _nothing)
        for variable, value in zip(self.state, state, strict=True):
            variable.assign(tf.where(where, value, variable.value))
        for constraint in self.constraints:
            tf.cond(where, partial(constraint, self), _nothing)

    def _without_random(self, non_trainable: Sequence[Any]) -> list[Any]:
        pairs = zip(non_trainable, self._is_random, strict=True)
        return [item for item, is_random in pairs if not is_random]

    def _with_random(self, state: Sequence[Any], seed: tf.Tensor) -> list[Any]:
        """Put freshly drawn states of random layers where the model has its own."""
        drawn = self._rows(
            lambda count: tf.random.stateless_uniform(
                [count, 2], seed, minval=None, maxval=None, dtype=tf.uint32, alg="philox"
            ),
            sum(self._is_random),
        )
        noise = iter(tf.unstack(drawn))
        kept = iter(state)
        return [next(noise) if is_random else next(kept) for is_random in self._is_random]


def _nothing() -> None:
    """What is done where nothing is to be done."""
