"""The five reference systems in NumPy, as the table of their publications has them.

Networks, hyperparameters and updates are written out here and read from no recipe; only the sides
of images are those of the tiny copies (`tiny.py`), and the widths those of the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gantool.engine.state import TrainingState
from gantool.networks.build import BuiltNetwork

from .reference import Adam, Optimizer, ReferenceNetwork, RMSprop
from .reference_gan import Loss, ReferenceGAN, cross_entropy, softmax_cross_entropy, wasserstein
from .reference_layers import (
    Array,
    BatchNormalization,
    BesideLabel,
    Convolution,
    Dense,
    Layer,
    Rectifier,
    Reshape,
    Sigmoid,
    Tanh,
    Transposed,
)
from .tiny import DECAY_MAGNIFIED

Draw = Callable[[str, int], Array]
"""Latents by their purpose and number."""
Batches = Sequence[tuple[Array, Array]]
Losses = tuple[Array, Array]
"""Of discriminator and generator: each a value and its noise."""


@dataclass(frozen=True)
class Published:
    """A system as its authors give it, but for the widths of its layers.

    Attributes:
        generator: Layers; the sides are those of the tiny copy.
        discriminator: Layers.
        optimizers: Of generator and discriminator.
        loss: Of logits.
        pictures: The set of real images, the value of black, that of white, side and channels.
        step: What the first step does.
        decay: Times each weight joins its gradient.
        clip: The bound of every variable of the discriminator after each of its updates.
    """

    generator: tuple[Layer, ...]
    discriminator: tuple[Layer, ...]
    optimizers: tuple[Optimizer, Optimizer]
    loss: Loss
    pictures: tuple[str, float, float, int, int]
    step: Callable[[ReferenceGAN, Batches, Draw], Losses]
    decay: float = 0.0
    clip: float | None = None

    def gan(self, state: TrainingState) -> ReferenceGAN:
        """Learners that start where `state` stands."""
        generator, discriminator = (
            ReferenceNetwork.of(layers, optimizer, _values(network))
            for layers, optimizer, network in (
                (self.generator, self.optimizers[0], state.generator),
                (self.discriminator, self.optimizers[1], state.discriminator),
            )
        )
        return ReferenceGAN(generator, discriminator, self.loss, self.decay, self.clip)


def _values(network: BuiltNetwork) -> dict[str, Array]:
    return {key: it.numpy().astype(np.float64) for key, it in network.weights().items()}


def wgan_step(
    gan: ReferenceGAN,
    batches: Batches,
    draw: Draw,
    *,
    step: int = 0,
    critic_updates: range = range(5),
) -> Losses:
    """The critic five times, each with a batch and latents of its own, then the generator."""
    for number in critic_updates:
        images, labels = batches[number]
        loss = gan.update_discriminator(images, labels, draw("latent/discriminator", number))
    return loss, gan.update_generator(labels, draw("latent/generator", step))


def separate_step(gan: ReferenceGAN, batches: Batches, draw: Draw) -> Losses:
    """The discriminator on a real batch, on a generated batch, then the generator."""
    images, labels = batches[0]
    latents = draw("latent/discriminator", 0)
    loss = gan.update_separately(images, labels, latents)
    return loss, gan.update_generator(labels, draw("latent/generator", 0))


def joint_step(gan: ReferenceGAN, batches: Batches, draw: Draw) -> Losses:
    """The discriminator on the sum of its losses, then the generator with latents of its own."""
    images, labels = batches[0]
    loss = gan.update_discriminator(images, labels, draw("latent/discriminator", 0))
    return loss, gan.update_generator(labels, draw("latent/generator", 0))


def generator_twice_step(gan: ReferenceGAN, batches: Batches, draw: Draw) -> Losses:
    """The generator twice, then the discriminator, all with the same latents and labels."""
    images, labels = batches[0]
    latents = draw("latent/shared", 0)
    gan.update_generator(labels, latents)
    generator_loss = gan.update_generator(labels, latents)
    return gan.update_discriminator(images, labels, latents), generator_loss


def simultaneous_step(gan: ReferenceGAN, batches: Batches, draw: Draw) -> Losses:
    """Both at once."""
    images, labels = batches[0]
    return gan.update_both(images, labels, draw("latent/shared", 0))


KERAS_NORMAL = BatchNormalization(epsilon=1e-3, decay=0.99)
CGAN_NORMAL = BatchNormalization(epsilon=1e-5, decay=0.9)
FACES_NORMAL = BatchNormalization(epsilon=1e-5, affine=False)

PUBLISHED = {
    "wgan-celeba": Published(
        generator=(
            *(Dense(), KERAS_NORMAL, Rectifier(), Reshape((2, 2, 9))),
            *(Transposed(4, side=4), KERAS_NORMAL, Rectifier()),
            *(Transposed(4, side=8), KERAS_NORMAL, Rectifier()),
            *(Transposed(4, side=16), KERAS_NORMAL, Rectifier()),
            *(Transposed(4, side=32), Tanh()),
        ),
        discriminator=(
            *(Convolution(4), Rectifier(0.2)),
            *(Convolution(4), KERAS_NORMAL, Rectifier(0.2)) * 3,
            *(Reshape(), Dense()),
        ),
        optimizers=(RMSprop(1e-5), RMSprop(5e-5)),
        loss=wasserstein,
        pictures=("emoji", -1.0, 1.0, 32, 3),
        step=wgan_step,
        clip=0.01,
    ),
    "dcgan-mnist": Published(
        generator=(
            *(Dense(), Reshape((7, 7, 5))),
            *(Transposed(3, side=14), KERAS_NORMAL, Rectifier(0.01)),
            *(Transposed(3, side=14, stride=1), KERAS_NORMAL, Rectifier(0.01)),
            *(Transposed(3, side=28), Tanh()),
        ),
        discriminator=(
            *(Convolution(3), Rectifier(0.01)),
            *(Convolution(3), KERAS_NORMAL, Rectifier(0.01)) * 2,
            *(Reshape(), Dense()),
        ),
        optimizers=(Adam(1e-3, 0.9, 0.999), Adam(1e-3, 0.9, 0.999)),
        loss=cross_entropy,
        pictures=("mnist", -1.0, 1.0, 28, 1),
        step=separate_step,
    ),
    "dcgan-mnist-sigmoid": Published(
        generator=(
            *(Dense(), KERAS_NORMAL, Rectifier()),
            *(Dense(), KERAS_NORMAL, Rectifier(), Reshape((7, 7, 3))),
            *(Transposed(4, side=14), KERAS_NORMAL, Rectifier()),
            *(Transposed(4, side=28), Sigmoid()),
        ),
        discriminator=(
            *(Convolution(4), Rectifier(0.2)),
            *(Convolution(4), KERAS_NORMAL, Rectifier(0.2), Reshape()),
            *(Dense(), KERAS_NORMAL, Rectifier(0.2), Dense()),
        ),
        optimizers=(Adam(2e-4, 0.5, 0.999), Adam(2e-4, 0.5, 0.999)),
        loss=cross_entropy,
        pictures=("mnist", 0.0, 1.0, 28, 1),
        step=joint_step,
    ),
    "cgan-mnist": Published(
        generator=(
            *(BesideLabel(), Dense(), Rectifier(), Reshape((4, 4, 5))),
            *(Transposed(5, side=7), CGAN_NORMAL, Rectifier()),
            *(Transposed(5, side=14), CGAN_NORMAL, Rectifier()),
            *(Transposed(5, side=28), Tanh()),
        ),
        discriminator=(
            BesideLabel(),
            *(Convolution(5), CGAN_NORMAL, Rectifier(0.1)) * 3,
            *(Reshape(), Dense()),
        ),
        optimizers=(Adam(2e-4, 0.5), Adam(2e-4, 0.5)),
        loss=cross_entropy,
        pictures=("mnist", -0.5, 0.5, 28, 3),
        step=generator_twice_step,
    ),
    "dcgan-faces-96": Published(
        generator=(
            *(Dense(), Reshape((3, 3, 5)), FACES_NORMAL, Rectifier()),
            *(Transposed(5, side=6), FACES_NORMAL, Rectifier()),
            *(Transposed(5, side=12), FACES_NORMAL, Rectifier()),
            *(Transposed(5, side=24), FACES_NORMAL, Rectifier()),
            *(Transposed(5, side=48), Tanh()),
        ),
        discriminator=(
            *(Convolution(5), FACES_NORMAL, Rectifier(0.2)) * 4,
            *(Reshape(), Dense()),
        ),
        optimizers=(Adam(1e-4, 0.5), Adam(1e-4, 0.5)),
        loss=softmax_cross_entropy,
        pictures=("emoji", -1.0, 1.0, 48, 3),
        step=simultaneous_step,
        decay=1e-5 * DECAY_MAGNIFIED,
    ),
}
