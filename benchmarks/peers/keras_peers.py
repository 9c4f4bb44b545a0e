"""The five reference recipes in Keras: their networks, optimizers and steps by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from . import keras_networks as networks
from .keras_articles import DcganMnist, WganCeleba
from .keras_steps import CganMnist, DcganFaces96, DcganMnistSigmoid
from .settings import Setting


@dataclass(frozen=True)
class Peer:
    """A reference recipe in Keras.

    Attributes:
        networks: Generator and discriminator of a setting.
        optimizers: Of generator and discriminator.
        gan: Of networks, optimizers and setting; its `step` is all updates of a step.
        draw: Latents [B, N] of the shape.
    """

    networks: Callable[[Setting], networks.Networks]
    optimizers: Callable[[], tuple[Any, Any]]
    gan: Callable[[tuple[Any, Any], tuple[Any, Any], Setting], Any]
    draw: Callable[[list[int]], tf.Tensor]


def _adam(**keywords: Any) -> Callable[[], tuple[Any, Any]]:
    return lambda: (keras.optimizers.Adam(**keywords), keras.optimizers.Adam(**keywords))


def _rms_prop() -> tuple[Any, Any]:
    rates = 1e-5, 5e-5
    generator, critic = (keras.optimizers.RMSprop(learning_rate=rate) for rate in rates)
    return generator, critic


_around_zero = partial(tf.random.uniform, minval=-1.0, maxval=1.0)

PEERS = {
    "wgan-celeba": Peer(networks.wgan_celeba, _rms_prop, WganCeleba, _around_zero),
    "dcgan-mnist": Peer(networks.dcgan_mnist, _adam(), DcganMnist, tf.random.normal),
    "dcgan-mnist-sigmoid": Peer(
        networks.dcgan_mnist_sigmoid,
        _adam(learning_rate=2e-4, beta_1=0.5),
        DcganMnistSigmoid,
        tf.random.uniform,
    ),
    "cgan-mnist": Peer(
        networks.cgan_mnist, _adam(learning_rate=2e-4, beta_1=0.5), CganMnist, _around_zero
    ),
    "dcgan-faces-96": Peer(
        networks.dcgan_faces_96, _adam(learning_rate=1e-4, beta_1=0.5), DcganFaces96, _around_zero
    ),
}
