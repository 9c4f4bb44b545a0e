"""The latent of a given picture, by gradient descent from several places at once."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from gantool.gan.latents import draw, stateless_seed
from gantool.recipe.model import Latent

Generate = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
"""Latents [B, size] and labels int32 [B] to images [B, H, W, C] float32."""

DRAWN = 64
"""Latents that are drawn for each class."""

STARTS = 8
"""Of these, the ones whose images are nearest to the picture, from which descent begins."""

MOST = 128
"""Of all classes together; those of classes that are far from the picture are left out."""

_RATE = 0.1
"""Adam's learning rate at the start, in standard deviations of a latent's numbers; falls to 0."""

_SMALLEST = 4
"""Pixels of the shorter side that the coarsest scale has at least."""


class Projected(NamedTuple):
    """A latent, and how far its image is from the picture.

    Attributes:
        latent: [size] float32.
        label: Its class; 0 where there are none.
        error: Mean squared error over all scales, of values from 0 to 1.
    """

    latent: np.ndarray
    label: int
    error: float


class Objective:
    """How far images are from a picture: their mean squared error, averaged over several scales.

    The scales are the whole size, a half, a quarter and so on; each pixel of a smaller one is the
    mean of four of the last. Coarse ones lead there from afar, where single pixels do not overlap.

    Args:
        picture: [H, W, C] float32 in the recipe's range.
        bounds: That range; errors are of values that it is mapped from to 0 to 1.
    """

    def __init__(self, picture: np.ndarray, bounds: tuple[float, float]) -> None:
        self._width = bounds[1] - bounds[0]
        self._scales = _scales(tf.constant(picture[None]))

    def __call__(self, images: tf.Tensor) -> tf.Tensor:
        """The error [B] of images [B, H, W, C]."""
        pairs = zip(_scales(images), self._scales, strict=True)
        errors = [tf.reduce_mean(tf.square(a - b), [1, 2, 3]) for a, b in pairs]
        return tf.add_n(errors) / (len(errors) * self._width**2)


def _scales(images: tf.Tensor) -> list[tf.Tensor]:
    scales = [images]
    while min(scales[-1].shape[1:3]) >= 2 * _SMALLEST:
        scales.append(tf.nn.avg_pool2d(scales[-1], 2, 2, "VALID"))
    return scales


def prior(latents: tf.Tensor) -> tf.Tensor:
    """How unusual the norm of normal latents [B, size] is: zero where drawn ones lie, [B].

    The norm of one is √size, give or take √½. What is more than three times that away from it is
    squared, as a share of √size: there the generator makes what it has not been trained to make.
    """
    usual = float(latents.shape[1]) ** 0.5
    # Zero has no gradient of its norm.
    norm = tf.sqrt(tf.reduce_sum(tf.square(latents), 1) + 1e-12)
    return tf.square(tf.nn.relu(tf.abs(norm - usual) - 3.0 * 0.5**0.5) / usual)


def find_starts(
    generate: Generate, objective: Objective, latent: Latent, classes: Sequence[int], seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Where descent begins: of a draw, the latents whose images are nearest to the picture.

    Of each class so many as `STARTS`, but `MOST` in all.

    Returns:
        Latents [N, size] and their labels [N].
    """
    drawn = draw(latent, DRAWN, stateless_seed(seed, "project", 0))
    generate_all = tf.function(generate, autograph=False)
    errors = np.stack([objective(generate_all(drawn, tf.fill([DRAWN], it))) for it in classes])
    nearest = np.argsort(errors, axis=1, kind="stable")[:, :STARTS]
    among = np.take_along_axis(errors, nearest, axis=1).ravel()
    kept = np.sort(np.argsort(among, kind="stable")[:MOST])
    labels = np.repeat(np.asarray(classes), nearest.shape[1])
    return drawn.numpy()[nearest.ravel()[kept]], labels[kept]


def descend(
    generate: Generate,
    objective: Objective,
    latent: Latent,
    starts: np.ndarray,
    labels: np.ndarray,
    steps: int,
    on_step: Callable[[int, int], None] = lambda _done, _steps: None,
) -> Projected:
    """Descend from each start, and keep the best.

    Adam goes down `objective + prior` for normal latents. Uniform ones are brought back to their
    bounds after each step (Lipton and Tripathi 2017, "Precise Recovery of Latent Vectors from
    GANs"), and have no prior.

    Args:
        generate: The generator.
        objective: Of the picture.
        latent: What the generator was trained with.
        starts: [N, size] float32.
        labels: [N], the class of each.
        steps: How many.
        on_step: Is told after each step how many are done, and of how many.
    """
    is_normal = latent.distribution == "normal"
    low, high = latent.bounds or (-1.0, 1.0)
    deviation = 1.0 if is_normal else (high - low) / 12.0**0.5
    rate = keras.optimizers.schedules.CosineDecay(_RATE * deviation, steps)
    optimizer = keras.optimizers.Adam(rate)
    place = keras.Variable(starts, dtype="float32")
    optimizer.build([place])
    classes = tf.constant(labels, tf.int32)

    def step() -> None:
        with tf.GradientTape() as tape:
            values = place.value
            tape.watch(values)
            errors = objective(generate(values, classes))
            if is_normal:
                errors += prior(values)
        optimizer.apply([tape.gradient(errors, values)], [place])
        if not is_normal:
            place.assign(tf.clip_by_value(place.value, low, high))

    compiled = tf.function(step, autograph=False)
    for done in range(1, steps + 1):
        compiled()
        on_step(done, steps)
    errors = objective(generate(place.value, classes)).numpy()
    best = int(np.argmin(errors))
    return Projected(place.numpy()[best], int(labels[best]), float(errors[best]))
