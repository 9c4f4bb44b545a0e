"""Where penalties take the gradient of the logit by an example, and how long it is there."""

import tensorflow as tf

from gantool.gan.seen import Seen, batch_mean


def between(seen: Seen) -> tf.Tensor:
    """Points on the way from each generated example to the real one beside it, [B, …]."""
    mix = seen.uniform("penalty")
    return mix * seen.examples("real") + (1.0 - mix) * seen.examples("generated")


def around_real(seen: Seen) -> tf.Tensor:
    """Points off the real examples by up to half the standard deviation of all numbers, [B, …]."""
    real = seen.examples("real")
    variance = batch_mean(tf.square(real - batch_mean(real)))
    noise = 0.5 * tf.sqrt(variance) * seen.uniform("penalty/noise", for_each_number=True)
    return real + seen.uniform("penalty") * noise


def gradient_at(seen: Seen, points: tf.Tensor) -> tf.Tensor:
    """Gradient of the sum of the logits by other examples, [B, …]."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(points)
        logits = seen.discriminate(points)
    return tape.gradient(logits, points)


def squared_lengths(gradient: tf.Tensor) -> tf.Tensor:
    """Squared Euclidean norms over all but the batch, [B]."""
    return tf.reduce_sum(tf.square(gradient), axis=list(range(1, len(gradient.shape))))
