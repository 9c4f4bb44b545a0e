"""Where penalties take the gradient of the logit by an example, and how long it is there."""

import tensorflow as tf

from gantool.gan.seen import Seen, Side, batch_mean


def between(seen: Seen) -> tf.Tensor:
    """Points on the way from each generated example to the real one beside it, [B, …]."""
    mix = _alike_in_packs(seen, seen.uniform("penalty"))
    return mix * seen.examples("real") + (1.0 - mix) * seen.examples("generated")


def around_real(seen: Seen) -> tf.Tensor:
    """Points off the real examples by up to half the standard deviation of all numbers, [B, …]."""
    real = seen.examples("real")
    variance = batch_mean(tf.square(real - batch_mean(real)))
    noise = 0.5 * tf.sqrt(variance) * seen.uniform("penalty/noise", for_each_number=True)
    return real + _alike_in_packs(seen, seen.uniform("penalty")) * noise


def _alike_in_packs(seen: Seen, numbers: tf.Tensor) -> tf.Tensor:
    """The number of a pack's first example for all of them, [B, …].

    A pack is one point to the discriminator, and so is it on the way to another pack.
    """
    pack = numbers.shape[0] // seen.logits("real").shape[0]
    return numbers if pack == 1 else tf.repeat(numbers[::pack], pack, axis=0)


def squared_slopes(seen: Seen, points: tf.Tensor) -> tf.Tensor:
    """Squared Euclidean norms of the logits' gradients by other examples, [B], or of packs [B / m].

    A pack is one example here: the norm is over all examples that share a logit.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(points)
        logits = seen.discriminate(points)
    return _squared_lengths(tape.gradient(logits, points), logits)


def squared_slopes_of(seen: Seen, side: Side) -> tf.Tensor:
    """The same at the examples of a side, from the pass that gave the loss its logits."""
    return _squared_lengths(seen.gradient(side), seen.logits(side))


def _squared_lengths(gradient: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.square(tf.reshape(gradient, [logits.shape[0], -1])), axis=1)
