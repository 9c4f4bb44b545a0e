"""Terms that are added to a network's loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf


def gradient_penalty(
    discriminate: Callable[[tf.Tensor], tf.Tensor],
    real: tf.Tensor,
    generated: tf.Tensor,
    mix: tf.Tensor,
) -> tf.Tensor:
    """Mean of (‖∇D(x̂)‖₂ − 1)² with x̂ = mix · real + (1 − mix) · generated.

    Gulrajani et al. 2017, equation 3 and algorithm 1, without the weight λ.

    Args:
        discriminate: Images [B, H, W, C] to logits [B, 1], each from its own image alone.
        real: [B, H, W, C].
        generated: [B, H, W, C].
        mix: [B, 1, 1, 1] in [0, 1), one number for each pair.

    Returns:
        A scalar.
    """
    between = mix * real + (1.0 - mix) * generated
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(between)
        logits = discriminate(between)
    gradients = tape.gradient(logits, between)
    squared = tf.reduce_sum(tf.square(gradients), axis=[1, 2, 3])
    # The square root has no slope at zero; the offset keeps a flat discriminator's update finite.
    return tf.reduce_mean(tf.square(tf.sqrt(squared + 1e-12) - 1.0))


def half_squared_norm(weights: Sequence[tf.Tensor]) -> tf.Tensor:
    """½ Σ w² over all elements of all weights, a scalar: its gradient is w (weight decay)."""
    return tf.add_n([tf.nn.l2_loss(weight) for weight in weights])
