"""The networks of the five reference recipes in plain Keras, with Keras's own layers."""

from __future__ import annotations

from functools import partial

import keras
from keras.layers import (
    Activation,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Flatten,
    LeakyReLU,
    ReLU,
    RepeatVector,
    Reshape,
)

from .settings import CLASSES, Setting

Networks = tuple[keras.Model, keras.Model]
"""Generator and discriminator."""


def wgan_celeba(setting: Setting) -> Networks:
    """The critic gives a number for each image."""
    first, *filters = setting.generator
    generator = keras.Sequential(
        [
            keras.Input([setting.latent]),
            Dense(first * setting.base**2),
            BatchNormalization(),
            ReLU(),
            Reshape([setting.base, setting.base, first]),
        ]
    )
    for width in filters:
        generator.add(Conv2DTranspose(width, 4, strides=2, padding="same"))
        generator.add(BatchNormalization())
        generator.add(ReLU())
    generator.add(
        Conv2DTranspose(setting.channels, 4, strides=2, padding="same", activation="tanh")
    )
    first, *filters = setting.discriminator
    critic = keras.Sequential(
        [
            _images(setting),
            Conv2D(first, 4, strides=2, padding="same"),
            LeakyReLU(negative_slope=0.2),
        ]
    )
    for width in filters:
        critic.add(Conv2D(width, 4, strides=2, padding="same"))
        critic.add(BatchNormalization())
        critic.add(LeakyReLU(negative_slope=0.2))
    critic.add(Flatten())
    critic.add(Dense(1))
    return generator, critic


def dcgan_mnist(setting: Setting) -> Networks:
    """The discriminator ends in a sigmoid, as in the article."""
    first, second, third = setting.generator
    generator = keras.Sequential(
        [
            keras.Input([setting.latent]),
            Dense(first * setting.base**2),
            Reshape([setting.base, setting.base, first]),
            Conv2DTranspose(second, 3, strides=2, padding="same"),
            BatchNormalization(),
            LeakyReLU(negative_slope=0.01),
            Conv2DTranspose(third, 3, strides=1, padding="same"),
            BatchNormalization(),
            LeakyReLU(negative_slope=0.01),
            Conv2DTranspose(setting.channels, 3, strides=2, padding="same"),
            Activation("tanh"),
        ]
    )
    first, second, third = setting.discriminator
    discriminator = keras.Sequential(
        [
            _images(setting),
            Conv2D(first, 3, strides=2, padding="same"),
            LeakyReLU(negative_slope=0.01),
            Conv2D(second, 3, strides=2, padding="same"),
            BatchNormalization(),
            LeakyReLU(negative_slope=0.01),
            Conv2D(third, 3, strides=2, padding="same"),
            BatchNormalization(),
            LeakyReLU(negative_slope=0.01),
            Flatten(),
            Dense(1, activation="sigmoid"),
        ]
    )
    return generator, discriminator


def dcgan_mnist_sigmoid(setting: Setting) -> Networks:
    """The discriminator gives logits."""
    normal = keras.initializers.RandomNormal(stddev=0.02)
    dense = partial(Dense, kernel_initializer=normal)
    grow = partial(
        Conv2DTranspose, kernel_size=4, strides=2, padding="same", kernel_initializer=normal
    )
    shrink = partial(Conv2D, kernel_size=4, strides=2, padding="same", kernel_initializer=normal)
    units, first, second = setting.generator
    generator = keras.Sequential(
        [
            keras.Input([setting.latent]),
            dense(units),
            BatchNormalization(),
            ReLU(),
            dense(first * setting.base**2),
            BatchNormalization(),
            ReLU(),
            Reshape([setting.base, setting.base, first]),
            grow(second),
            BatchNormalization(),
            ReLU(),
            grow(setting.channels, activation="sigmoid"),
        ]
    )
    first, second, units = setting.discriminator
    discriminator = keras.Sequential(
        [
            _images(setting),
            shrink(first),
            LeakyReLU(negative_slope=0.2),
            shrink(second),
            BatchNormalization(),
            LeakyReLU(negative_slope=0.2),
            Flatten(),
            dense(units),
            BatchNormalization(),
            LeakyReLU(negative_slope=0.2),
            dense(1),
        ]
    )
    return generator, discriminator


def cgan_mnist(setting: Setting) -> Networks:
    """Each network takes [inputs, one-hot labels]."""
    grow = partial(Conv2DTranspose, kernel_size=5, strides=2, padding="same")
    normalization = partial(BatchNormalization, momentum=0.9, epsilon=1e-5)
    latents, one_hot = keras.Input([setting.latent]), keras.Input([CLASSES])
    first, second, third = setting.generator
    values = Concatenate()([latents, one_hot])
    values = ReLU()(Dense(first * setting.base**2)(values))
    values = Reshape([setting.base, setting.base, first])(values)
    values = grow(second, output_padding=0)(values)  # 4×4 to 7×7
    values = ReLU()(normalization()(values))
    values = ReLU()(normalization()(grow(third)(values)))
    values = grow(setting.channels, activation="tanh")(values)
    generator = keras.Model([latents, one_hot], values)

    images, one_hot = _images(setting), keras.Input([CLASSES])
    planes = Reshape([setting.side, setting.side, CLASSES])(RepeatVector(setting.side**2)(one_hot))
    values = Concatenate()([images, planes])
    for width in setting.discriminator:
        values = normalization()(Conv2D(width, 5, strides=2, padding="same")(values))
        values = LeakyReLU(negative_slope=0.1)(values)
    discriminator = keras.Model([images, one_hot], Dense(1)(Flatten()(values)))
    return generator, discriminator


def dcgan_faces_96(setting: Setting) -> Networks:
    """The discriminator gives two logits: of generated and of real."""
    normal = keras.initializers.TruncatedNormal(stddev=0.02)
    grow = partial(
        Conv2DTranspose, kernel_size=5, strides=2, padding="same", kernel_initializer=normal
    )
    shrink = partial(Conv2D, kernel_size=5, strides=2, padding="same", kernel_initializer=normal)
    normalization = partial(BatchNormalization, scale=False, center=False, epsilon=1e-5)
    first, *filters = setting.generator
    generator = keras.Sequential(
        [
            keras.Input([setting.latent]),
            Dense(first * setting.base**2, kernel_initializer=normal),
            Reshape([setting.base, setting.base, first]),
            normalization(),
            ReLU(),
        ]
    )
    for width in filters:
        generator.add(grow(width))
        generator.add(normalization())
        generator.add(ReLU())
    generator.add(grow(setting.channels, activation="tanh"))
    discriminator = keras.Sequential([_images(setting)])
    for width in setting.discriminator:
        discriminator.add(shrink(width))
        discriminator.add(normalization())
        discriminator.add(LeakyReLU(negative_slope=0.2))
    discriminator.add(Flatten())
    discriminator.add(Dense(2, kernel_initializer=normal))
    return generator, discriminator


def _images(setting: Setting) -> keras.KerasTensor:
    return keras.Input([setting.side, setting.side, setting.channels])
