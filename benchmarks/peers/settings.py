"""The numbers of the five reference recipes and quickstart from which their peers are built.

Standard library alone, for either framework. Tests put in those of tiny copies.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    """What a peer's networks, batches and rules are measured by.

    Attributes:
        batch: Images in a batch.
        latent: Numbers in a latent vector.
        base: The side of the generator's first feature maps.
        side: Of an image, height and width.
        channels: Of an image.
        black: The value of black.
        white: The value of white.
        generator: Units and channels of the generator's hidden layers.
        discriminator: Channels and units of the discriminator's hidden layers.
        clip: The bound of the critic's variables; of `wgan-celeba` alone.
        decay: The weight decay; of `dcgan-faces-96` alone.
    """

    batch: int
    latent: int
    base: int
    side: int
    channels: int
    black: float
    white: float
    generator: tuple[int, ...]
    discriminator: tuple[int, ...]
    clip: float = 0.0
    decay: float = 0.0


CLASSES = 10
"""Of MNIST, for `cgan-mnist` and `quickstart`."""

SETTINGS = {
    "wgan-celeba": Setting(
        batch=64,
        latent=100,
        base=4,
        side=64,
        channels=3,
        black=-1.0,
        white=1.0,
        generator=(512, 256, 128, 64),
        discriminator=(64, 128, 256, 512),
        clip=0.01,
    ),
    "dcgan-mnist": Setting(
        batch=128,
        latent=100,
        base=7,
        side=28,
        channels=1,
        black=-1.0,
        white=1.0,
        generator=(256, 128, 64),
        discriminator=(32, 64, 128),
    ),
    "dcgan-mnist-sigmoid": Setting(
        batch=128,
        latent=62,
        base=7,
        side=28,
        channels=1,
        black=0.0,
        white=1.0,
        generator=(1024, 128, 64),
        discriminator=(64, 128, 1024),
    ),
    "cgan-mnist": Setting(
        batch=64,
        latent=100,
        base=4,
        side=28,
        channels=3,
        black=-0.5,
        white=0.5,
        generator=(256, 128, 64),
        discriminator=(64, 128, 256),
    ),
    "dcgan-faces-96": Setting(
        batch=96,
        latent=100,
        base=6,
        side=96,
        channels=3,
        black=-1.0,
        white=1.0,
        generator=(250, 150, 90, 54),
        discriminator=(54, 90, 150, 250),
        decay=1e-5,
    ),
    "quickstart": Setting(
        batch=64,
        latent=64,
        base=7,
        side=28,
        channels=1,
        black=-1.0,
        white=1.0,
        generator=(128, 48),
        discriminator=(32, 64),
    ),
}
