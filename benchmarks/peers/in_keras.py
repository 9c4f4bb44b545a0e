"""Keras: the article's loop, or a plain step where the article was not of Keras.

    python -m peers.in_keras RECIPE PRECISION

is what `steps.py` starts; see `serving.py`. Needs nothing of gantool.
"""

from __future__ import annotations

import sys
from itertools import cycle

import numpy as np

from .serving import Advance, serve
from .settings import CLASSES, SETTINGS


def build(name: str, precision: str) -> Advance:
    """A recipe at its full size, fed with batches that are there."""
    import keras
    import tensorflow as tf

    from .keras_peers import PEERS

    keras.config.set_dtype_policy(precision)
    setting, peer = SETTINGS[name], PEERS[name]
    gan = peer.gan(peer.networks(setting), peer.optimizers(), setting)
    random = np.random.default_rng(0)
    shape = (setting.batch, setting.side, setting.side, setting.channels)
    pictures = [random.uniform(setting.black, setting.white, shape) for _ in range(4)]
    articles = name in ("wgan-celeba", "dcgan-mnist")
    make = np.asarray if articles else tf.constant
    batches = cycle(
        [
            (
                make(it.astype(np.float32)),
                make(random.integers(CLASSES, size=setting.batch, dtype=np.int32)),
            )
            for it in pictures
        ]
    )

    def draw() -> tf.Tensor:
        latents = peer.draw([setting.batch, setting.latent])
        return latents.numpy() if articles else latents

    def advance(count: int) -> None:
        losses = (0.0, 0.0)
        for _ in range(count):
            losses = gan.step(batches, draw)
        float(losses[1])

    return advance


if __name__ == "__main__":
    serve(lambda: build(*sys.argv[1:]), first_compiles=True)
