"""What a loss, a term and a constraint are: functions of what an update has seen."""

from typing import ClassVar

import tensorflow as tf

from gantool.gan.network import TrainableNetwork
from gantool.gan.seen import Seen, Side


class Loss:
    """What each network minimises, as functions of the discriminator's logits, float32."""

    logits: ClassVar[int] = 1
    """Number of logits for an example: [B, 1] or, where it is 2, [B, 2]."""
    within: ClassVar[str] = ""
    """Activation that the loss applies to the logits itself; empty for none."""
    saturates: ClassVar[bool] = True
    """Whether a loss of the discriminator near zero says that it is sure and right."""
    pairs: ClassVar[bool] = False
    """Whether an update needs the logits of real and generated examples together."""

    def discriminator(self, seen: Seen) -> tf.Tensor:
        """Loss of the discriminator, a scalar."""
        raise NotImplementedError

    def generator(self, seen: Seen) -> tf.Tensor:
        """Loss of the generator, a scalar."""
        raise NotImplementedError


class ElementwiseLoss(Loss):
    """A loss that judges each example by its own logits: [B, 1], [B] or [B, 2] to [B, 1] or [B].

    Nothing is averaged in its three functions, so the same ones serve a batch, a part of a batch
    and a single number worked out by hand. They stay right for logits of any size.
    """

    def real(self, logits: tf.Tensor) -> tf.Tensor:
        """The discriminator's loss on real examples."""
        raise NotImplementedError

    def generated(self, logits: tf.Tensor) -> tf.Tensor:
        """The discriminator's loss on generated examples."""
        raise NotImplementedError

    def fooling(self, logits: tf.Tensor) -> tf.Tensor:
        """The generator's loss on its own examples."""
        raise NotImplementedError

    def on(self, side: Side, seen: Seen) -> tf.Tensor:
        """Loss of the discriminator on one side alone, a scalar."""
        return tf.reduce_mean(getattr(self, side)(seen.logits(side)))

    def discriminator(self, seen: Seen) -> tf.Tensor:
        """Sum of the means over both sides, a scalar."""
        return self.on("real", seen) + self.on("generated", seen)

    def generator(self, seen: Seen) -> tf.Tensor:
        """Mean over the generated examples, a scalar."""
        return tf.reduce_mean(self.fooling(seen.logits("generated")))


class Term:
    """Something that joins a network's loss."""

    networks: ClassVar[tuple[str, ...]] = ("discriminator",)
    """The networks whose loss it joins."""
    needs: ClassVar[tuple[Side, ...]] = ()
    """The sides that an update has to have for it."""
    differentiates: ClassVar[tuple[Side, ...]] = ()
    """The sides by whose examples it takes `Seen.gradient`."""
    by_examples: ClassVar[bool] = False
    """Whether it takes derivatives of an example's logit by that example: needs one logit each."""
    every: int = 1
    """It joins updates 0, n, 2n, … of its network, n times as strong."""

    def __call__(self, seen: Seen, network: TrainableNetwork) -> tf.Tensor:
        """Its value at one update of `network`, a scalar."""
        raise NotImplementedError


class Constraint:
    """Something that is done to a network's variables after each update of them."""

    networks: ClassVar[tuple[str, ...]] = ("discriminator",)
    """The networks whose variables it changes."""

    def __call__(self, network: TrainableNetwork) -> None:
        """Change the variables of `network`."""
        raise NotImplementedError


def value_of(term: Term, seen: Seen, network: TrainableNetwork) -> tf.Tensor:
    """Value of a term at one update: `every` times its own where it is due, else zero.

    So a term that is taken every n updates has the mean strength of one that is always taken (lazy
    regularization, Karras et al. 2020, appendix B).
    """
    if term.every == 1:
        return term(seen, network)
    for side in term.needs:
        seen.logits(side)  # what a branch computes first cannot be used outside of it
    return tf.cond(
        seen.index % term.every == 0,
        lambda: float(term.every) * term(seen, network),
        lambda: tf.zeros([]),
    )
