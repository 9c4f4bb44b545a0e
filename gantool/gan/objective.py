"""What a loss, a term and a constraint are: functions of what an update has seen."""

from typing import ClassVar

import tensorflow as tf

from gantool.gan.network import TrainableNetwork
from gantool.gan.seen import Seen, Side
from gantool.recipe.types import Share


class Loss:
    """What each network minimises, as functions of the discriminator's logits, float32."""

    logits: ClassVar[int] = 1
    """Number of logits for an example: [B, 1] or, where it is 2, [B, 2]."""
    within: ClassVar[str] = ""
    """Activation that the loss applies to the logits itself; empty for none."""
    saturates: ClassVar[bool] = True
    """Whether a loss of the discriminator near zero says that it is sure and right."""
    signed: ClassVar[bool] = True
    """Whether an example's logit above zero says that it is taken for real."""
    pairs: ClassVar[bool] = False
    """Whether an update needs the logits of real and generated examples together."""

    def discriminator(self, seen: Seen) -> tf.Tensor:
        """Loss of the discriminator, a scalar."""
        raise NotImplementedError

    def generator(self, seen: Seen) -> tf.Tensor:
        """Loss of the generator, a scalar."""
        raise NotImplementedError

    def on(self, side: Side, seen: Seen) -> tf.Tensor:
        """Loss of the discriminator on one side alone, a scalar, where it does not `pairs`."""
        raise NotImplementedError


class LossOfEach(Loss):
    """What the generator minimises by one loss, and the discriminator by another."""

    def __init__(self, generator: Loss, discriminator: Loss) -> None:
        self._of_generator = generator
        self._of_discriminator = discriminator

    def discriminator(self, seen: Seen) -> tf.Tensor:
        """See `Loss`."""
        return self._of_discriminator.discriminator(seen)

    def generator(self, seen: Seen) -> tf.Tensor:
        """See `Loss`."""
        return self._of_generator.generator(seen)

    def on(self, side: Side, seen: Seen) -> tf.Tensor:
        """See `Loss`."""
        return self._of_discriminator.on(side, seen)


class ElementwiseLoss(Loss):
    """A loss that judges each example by its own logits: [B, 1], [B] or [B, 2] to [B, 1] or [B].

    Nothing is averaged in its three functions, so the same ones serve a batch, a part of a batch
    and a single number worked out by hand. They stay right for logits of any size.
    """

    flip: float = 0.0
    """Share of the examples whose label the discriminator is told wrongly."""

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
        return self.judged(side, seen.logits(side), seen)

    def judged(self, side: Side, logits: tf.Tensor, seen: Seen) -> tf.Tensor:
        """Mean of the discriminator's loss on one side's logits; some have wrong labels."""
        losses = getattr(self, side)(logits)
        if self.flip:
            other = self.generated if side == "real" else self.real
            losses = tf.where(is_flipped(seen, side, self.flip, losses), other(logits), losses)
        return tf.reduce_mean(losses)

    def discriminator(self, seen: Seen) -> tf.Tensor:
        """Sum of the means over both sides, a scalar."""
        return self.on("real", seen) + self.on("generated", seen)

    def generator(self, seen: Seen) -> tf.Tensor:
        """Mean over the generated examples, a scalar."""
        return tf.reduce_mean(self.fooling(seen.logits("generated")))


class LabelledLoss(ElementwiseLoss):
    """A loss that compares logits with labels: 1 for real examples, 0 for generated ones.

    Args:
        label_smoothing: What is taken from the label of real examples (one-sided, Salimans et al.
            2016, section 3.4).
        generated_smoothing: What is added to the label of generated examples for the discriminator;
            with both, smoothing is two-sided.
        flip: Share of the examples whose label is exchanged for the discriminator, at random.
    """

    def __init__(
        self, label_smoothing: Share = 0.0, generated_smoothing: Share = 0.0, flip: Share = 0.0
    ) -> None:
        self.label_smoothing = label_smoothing
        self.generated_smoothing = generated_smoothing
        self.flip = flip


class CrossEntropy(LabelledLoss):
    """Cross-entropy of a sigmoid of one number for each example, towards real.

    −log σ(l) = softplus(−l) and −log(1 − σ(l)) = softplus(l): no σ is ever rounded to 0 or 1.
    """

    def towards_real(self, logits: tf.Tensor) -> tf.Tensor:
        """The number that the sigmoid is taken of: the logit itself."""
        return logits

    def real(self, logits: tf.Tensor) -> tf.Tensor:
        """See `ElementwiseLoss`."""
        number = self.towards_real(logits)
        loss = tf.nn.softplus(-number)
        if not self.label_smoothing:
            return loss
        # −(1 − s) log σ(l) − s log(1 − σ(l)) = softplus(−l) + s · l
        return loss + self.label_smoothing * number

    def generated(self, logits: tf.Tensor) -> tf.Tensor:
        """See `ElementwiseLoss`."""
        number = self.towards_real(logits)
        loss = tf.nn.softplus(number)
        if not self.generated_smoothing:
            return loss
        # −s log σ(l) − (1 − s) log(1 − σ(l)) = softplus(l) − s · l
        return loss - self.generated_smoothing * number

    def fooling(self, logits: tf.Tensor) -> tf.Tensor:
        """See `ElementwiseLoss`."""
        return tf.nn.softplus(-self.towards_real(logits))


def is_flipped(seen: Seen, purpose: str, share: float, like: tf.Tensor) -> tf.Tensor:
    """For a share of the examples, at random, true; in the shape of one number for each, `like`."""
    numbers = tf.reshape(seen.uniform(f"flip/{purpose}"), [-1])
    # Packs of examples have fewer logits than examples.
    return tf.reshape(numbers[: tf.size(like)], tf.shape(like)) < share


class Term:
    """Something that joins a network's loss."""

    networks: ClassVar[tuple[str, ...]] = ("discriminator",)
    """The networks whose loss it joins."""
    needs: ClassVar[tuple[Side, ...]] = ()
    """The sides that an update has to have for it."""
    differentiates: ClassVar[tuple[Side, ...]] = ()
    """The sides by whose examples it takes `Seen.gradient`."""
    by_examples: ClassVar[bool] = False
    """Whether it takes derivatives of a logit by the examples that gave it: needs one of each."""
    classifies: ClassVar[bool] = False
    """Whether it takes `Seen.class_logits`."""
    of_images: ClassVar[bool] = False
    """Whether it changes examples as only images can be."""
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
