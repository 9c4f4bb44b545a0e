"""The loops of the two recipes that Keras articles made known, as they write them.

Compiled models, `train_on_batch` for an update and `predict` for generated images, in NumPy between
them. The networks are moved through two models: the discriminator's own, and one of generator and
frozen discriminator. Keras 3 looks at `trainable` when a model is first trained, where Keras 2 did
when it was compiled; so it is set before each update.

By Keras 3, `predict` and a frozen network go by the moving statistics of batch normalisation, where
training goes by those of the batch; what is frozen was trained by the batch's too when the articles
were written. No pass takes longer for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from .settings import Setting

Array = np.ndarray[Any, Any]
Batch = tuple[Array, Array]
"""Images [B, H, W, C] and labels [B]."""
Losses = tuple[float, float]
"""Of discriminator and generator, at their last updates."""
Pair = tuple[Any, Any]
"""Of generator and discriminator."""


class DcganMnist:
    """The discriminator from real images, then from generated ones, then the generator."""

    def __init__(self, networks: Pair, optimizers: Pair, setting: Setting) -> None:
        self.generator, self.discriminator = networks
        self.discriminator.compile(loss="binary_crossentropy", optimizer=optimizers[1])
        self.gan = keras.Sequential([self.generator, self.discriminator])
        self.gan.compile(loss="binary_crossentropy", optimizer=optimizers[0])
        self.real = np.ones([setting.batch, 1])
        self.generated = np.zeros([setting.batch, 1])

    def step(self, batches: Iterator[Batch], draw: Callable[[], Array]) -> Losses:
        """One step; the loss of the discriminator is the sum of both its updates'."""
        images, _ = next(batches)
        generated = self.generator.predict(draw(), verbose=0)
        self.discriminator.trainable = True
        on_real = self.discriminator.train_on_batch(images, self.real)
        on_generated = self.discriminator.train_on_batch(generated, self.generated)
        self.discriminator.trainable = False
        loss = self.gan.train_on_batch(draw(), self.real)
        return float(on_real + on_generated), float(loss)


class WganCeleba:
    """The critic five times, clipped after each, then the generator."""

    def __init__(self, networks: Pair, optimizers: Pair, setting: Setting) -> None:
        self.generator, self.critic = networks
        real, generated = (keras.Input(self.critic.input_shape[1:]) for _ in range(2))
        # Of two passes, Keras runs that of the last output first.
        judged = self.critic(generated), self.critic(real)
        self.judging = keras.Model([real, generated], judged)
        self.judging.compile(loss=[wasserstein, wasserstein], optimizer=optimizers[1])
        self.gan = keras.Sequential([self.generator, self.critic])
        self.gan.compile(loss=wasserstein, optimizer=optimizers[0])
        self.real, self.generated = -np.ones([setting.batch, 1]), np.ones([setting.batch, 1])
        self.limit = setting.clip

    def step(self, batches: Iterator[Batch], draw: Callable[[], Array]) -> Losses:
        """One step."""
        self.critic.trainable = True
        for _ in range(5):
            images, _ = next(batches)
            generated = self.generator.predict(draw(), verbose=0)
            loss, *_ = self.judging.train_on_batch([images, generated], [self.generated, self.real])
            for layer in self.critic.layers:
                weights = layer.get_weights()
                weights = [np.clip(weight, -self.limit, self.limit) for weight in weights]
                layer.set_weights(weights)
        self.critic.trainable = False
        return float(loss), float(self.gan.train_on_batch(draw(), self.real))


def wasserstein(signs: Any, numbers: Any) -> Any:
    """The mean of the critic's numbers, those of real images turned round."""
    return keras.ops.mean(signs * numbers)
