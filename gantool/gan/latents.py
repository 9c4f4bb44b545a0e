"""Latent vectors, each a function of its seed."""

from collections.abc import Callable

import tensorflow as tf

from gantool.recipe.model import Latent
from gantool.recipe.randomness import key

Rows = Callable[[Callable[[int], tf.Tensor], int], tf.Tensor]
"""(draw, B) to the random numbers [B, …] of B examples, or of B things of another kind.

`draw(n)` → [n, …] gives those of n. A replica that has B examples of a larger batch has them drawn
for the whole batch, and takes its own rows.
"""


def whole(draw: Callable[[int], tf.Tensor], count: int) -> tf.Tensor:
    """The numbers of a batch that is not shared."""
    return draw(count)


def part_of(rows: Rows, number: tf.Tensor | int, of: int) -> Rows:
    """Draws the numbers of one of several equal parts of what `rows` draws those of."""

    def part(draw: Callable[[int], tf.Tensor], count: int) -> tf.Tensor:
        drawn = rows(draw, count * of)
        return tf.reshape(drawn, [of, count, *drawn.shape[1:]])[number]

    return part


def stateless_seed(seed: int, purpose: str, index: tf.Tensor | int) -> tf.Tensor:
    """The seed of a stateless random operation, int64 [2]: one for each (seed, purpose, index)."""
    return tf.stack([tf.constant(key(seed, purpose), tf.int64), tf.cast(index, tf.int64)])


def draw(latent: Latent, count: int, seed: tf.Tensor) -> tf.Tensor:
    """Draw `count` latent vectors, [count, size] float32, from one stateless seed [2]."""
    # Philox is named because it gives the same numbers on every kind of device.
    shape = [count, latent.size]
    if latent.distribution == "normal":
        return tf.random.stateless_normal(shape, seed, alg="philox")
    low, high = latent.bounds or (-1.0, 1.0)
    return tf.random.stateless_uniform(shape, seed, low, high, alg="philox")


def draw_each(latent: Latent, seeds: tf.Tensor) -> tf.Tensor:
    """One latent vector for each seed, int64 [N] → [N, size]; vector k depends on seed k alone."""
    own = key(0, "sample")
    return tf.map_fn(
        lambda seed: draw(latent, 1, tf.stack([tf.constant(own, tf.int64), seed]))[0],
        seeds,
        fn_output_signature=tf.TensorSpec([latent.size], tf.float32),
    )
