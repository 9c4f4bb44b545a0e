"""The moving average of a network."""

from collections.abc import Sequence

import keras
import tensorflow as tf


def decay_at(decay: float, updates: tf.Tensor) -> tf.Tensor:
    """The decay after so many updates: min(decay, (1 + n) / (10 + n)).

    The rise is that of `tf.train.ExponentialMovingAverage(num_updates=…)`: without it the first
    average would consist of the untrained network for some 1 / (1 − decay) updates.
    """
    count = tf.cast(updates, tf.float32)
    return tf.minimum(decay, (1.0 + count) / (10.0 + count))


def decay_of(
    half_life: float | tf.Tensor,
    images: tf.Tensor,
    seen: tf.Tensor,
    ramp_up: float | None = None,
) -> tf.Tensor:
    """The decay of a step, so that half of the average is left after `half_life` images.

    0.5^(images / half-life), as in StyleGAN2 (Karras et al. 2020): of a half-life of 0, no average
    but the weights themselves.

    Args:
        half_life: In images, at least 0.
        images: Of the step.
        seen: Images of all steps before.
        ramp_up: The half-life is at most so many times those; None: no such bound.
    """
    half = tf.cast(half_life, tf.float64)
    if ramp_up is not None:
        half = tf.minimum(half, ramp_up * tf.cast(seen, tf.float64))
    return tf.cast(
        tf.pow(tf.constant(0.5, tf.float64), tf.cast(images, tf.float64) / half), tf.float32
    )


def move_average(
    averages: Sequence[keras.Variable], variables: Sequence[keras.Variable], decay: tf.Tensor
) -> None:
    """Set average ← decay · average + (1 − decay) · variable, for each pair.

    Moving statistics are averaged along with the weights, so that both lag by the same time and
    fit each other. Integer variables are copied.
    """
    for average, variable in zip(averages, variables, strict=True):
        if variable.dtype.startswith(("float", "bfloat")):
            keep = tf.cast(decay, variable.dtype)
            average.assign(average.value * keep + variable.value * (1 - keep))
        else:
            average.assign(variable.value)
