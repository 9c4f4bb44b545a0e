"""Where an update went wrong: the first layer with values that are not finite."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import keras
import tensorflow as tf

from gantool.engine.refusal import Fault
from gantool.engine.state import TrainingState
from gantool.engine.step import TrainingStep
from gantool.engine.timetable import batches_before
from gantool.gan.accumulation import parts
from gantool.gan.network import TrainableNetwork
from gantool.networks.build import BuiltNetwork
from gantool.recipe.model import Updates


def first_not_finite(
    fault: Fault, step: TrainingStep, state: TrainingState, batches: Any
) -> str | None:
    """Repeat an update that was skipped, layer by layer and without moving anything.

    The state is as it was before the update; the batches begin with that of number `batch_number`.

    Returns:
        What was found, such as `the outputs of generator/03_Dense`; None where, repeated, all is
        finite.
    """
    notes, gan = _Notes(), step.gan
    looking = replace(
        gan,
        generator=_LookingNetwork(gan.generator, state.generator, notes),
        discriminator=_LookingNetwork(gan.discriminator, state.discriminator, notes),
    )
    [update] = [update for update in step.updates if update.network == fault.network]
    index, number = (tf.constant(it, tf.int64) for it in (fault.index, fault.step - 1))
    progress = step.progress(number, batches_before(step.recipe.train.updates, fault.step - 1))
    given = step.given(update, batches.get_next(), progress, index)
    for descend in update.descents:
        for part in parts(looking, given, step.recipe.train.accumulate):
            descend(*part)
    return notes.found


def batch_number(fault: Fault, updates: Updates) -> int:
    """Which batch an update was given, or the labels of which, counted from the run's start."""
    if fault.network == "discriminator":
        return fault.index
    if fault.network == "generator" and updates.order == "discriminator-first":
        return batches_before(updates, fault.step) - 1
    return batches_before(updates, fault.step - 1)


class _Notes:
    """The first finding, and the outputs of all layers so far, by their places."""

    def __init__(self) -> None:
        self.found: str | None = None
        self.outputs: list[tuple[str, tf.Tensor]] = []

    def look_at(self, what: str, values: Any) -> None:
        """Note what something is called, if it is the first that is not finite."""
        if self.found is None and not _finite(values):
            self.found = what


class _LookingNetwork(TrainableNetwork):
    """Does what a network does, and looks at all on the way."""

    def __init__(self, trained: TrainableNetwork, network: BuiltNetwork, notes: _Notes) -> None:
        # The same layers and variables; every layer's output is one of the model's.
        model = keras.Model(
            network.model.inputs, [placed.layer.output for placed in network.layers]
        )
        super().__init__(model, trained.optimizer, trained.takes_label)
        self._network, self._notes = network, notes

    def _call(
        self,
        inputs: tf.Tensor,
        labels: tf.Tensor,
        seed: tf.Tensor,
        state: Sequence[tf.Tensor] | None,
    ) -> tuple[Any, Sequence[Any], Sequence[tf.Tensor]]:
        name = self._network.model.name
        self._notes.look_at(f"the inputs of the {name}", inputs)
        outputs, after, losses = super()._call(inputs, labels, seed, state)
        for placed, output in zip(self._network.layers, tf.nest.flatten(outputs), strict=True):
            where = f"{name}/{placed.place}"
            for variable in placed.layer.weights:
                self._notes.look_at(f"the weights of {where}", variable.value)
            self._notes.look_at(f"the outputs of {where}", output)
            self._notes.outputs.append((where, output))
        return output, after, losses

    def gradients(self, tape: tf.GradientTape, loss: tf.Tensor) -> list[tf.Tensor]:
        name = self._network.model.name
        self._notes.look_at(f"the {name}'s loss itself, its layers' outputs are finite", loss)
        with tape:
            scaled = self.optimizer.scale_loss(loss)
        places = [where for where, _ in self._notes.outputs]
        weights = dict(self._weights())
        of_outputs, of_weights = tape.gradient(
            scaled, ([output for _, output in self._notes.outputs], weights)
        )
        # Backwards, as they were computed: from the loss to the first layer.
        for where, gradient in reversed(list(zip(places, of_outputs, strict=True))):
            self._notes.look_at(f"the gradients at the outputs of {where}", gradient)
            for key, of_weight in of_weights.items():
                if key.rpartition("/")[0] == where:
                    self._notes.look_at(f"the gradients of {key}", of_weight)
        return []

    def _weights(self) -> Iterator[tuple[str, Any]]:
        watched = {id(variable) for variable in self.trainable}
        for key, variable in self._network.weights().items():
            if id(variable) in watched:
                yield f"{self._network.model.name}/{key}", variable.value


def _finite(values: Any) -> bool:
    values = getattr(values, "values", values)
    if values is None or not values.dtype.is_floating:
        return True
    return bool(tf.reduce_all(tf.math.is_finite(values)))
