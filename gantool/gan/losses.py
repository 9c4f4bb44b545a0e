"""GAN losses as functions of logits: [B, 1] or [B] float32 in, one loss for each image out.

"softmax" takes two logits for an image, [B, 2], and gives [B]. Nothing is averaged or summed here,
so the same function serves a batch, a part of a batch and a single hand-worked number. All are
written in forms that stay right for logits of any size.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

Elementwise = Callable[[tf.Tensor], tf.Tensor]


class Loss(NamedTuple):
    """What each network minimises, as functions of the discriminator's logits."""

    real: Elementwise
    """The discriminator's loss on real images."""
    generated: Elementwise
    """The discriminator's loss on generated images."""
    generator: Elementwise
    """The generator's loss on its own images."""


def _half_squared_distance_to(target: float) -> Elementwise:
    return lambda logits: 0.5 * tf.square(logits - target)


def _towards_real(logits: tf.Tensor) -> tf.Tensor:
    """How far class 1, real, lies above class 0, generated: [B, 2] → [B]."""
    return logits[:, 1] - logits[:, 0]


# −log σ(l) = softplus(−l) and −log(1 − σ(l)) = softplus(l): no σ is ever rounded to 0 or 1.
LOSSES: dict[str, Loss] = {
    # Goodfellow et al. 2014, section 3, the generator maximising log D(G(z)).
    "non-saturating": Loss(
        real=lambda logits: tf.nn.softplus(-logits),
        generated=tf.nn.softplus,
        generator=lambda logits: tf.nn.softplus(-logits),
    ),
    # Goodfellow et al. 2014, equation 1: both play for the same value.
    "minimax": Loss(
        real=lambda logits: tf.nn.softplus(-logits),
        generated=tf.nn.softplus,
        generator=lambda logits: -tf.nn.softplus(logits),
    ),
    # Mao et al. 2017 (LSGAN), equation 9: a = 0, b = c = 1.
    "least-squares": Loss(
        real=_half_squared_distance_to(1.0),
        generated=_half_squared_distance_to(0.0),
        generator=_half_squared_distance_to(1.0),
    ),
    # Lim and Ye 2017 (Geometric GAN); Miyato et al. 2018, equations 16 and 17.
    "hinge": Loss(
        real=lambda logits: tf.nn.relu(1.0 - logits),
        generated=lambda logits: tf.nn.relu(1.0 + logits),
        generator=tf.negative,
    ),
    # Arjovsky et al. 2017, algorithm 1, with both signs turned so that each side minimises.
    "wasserstein": Loss(real=tf.negative, generated=tf.identity, generator=tf.negative),
    # Cross-entropy of a softmax over two classes: −log softmax(l)₁ = softplus(l₀ − l₁).
    "softmax": Loss(
        real=lambda logits: tf.nn.softplus(-_towards_real(logits)),
        generated=lambda logits: tf.nn.softplus(_towards_real(logits)),
        generator=lambda logits: tf.nn.softplus(-_towards_real(logits)),
    ),
}
