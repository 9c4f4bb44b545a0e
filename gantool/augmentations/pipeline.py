"""The changes of adaptive augmentation, each with a probability (Karras et al. 2020, ADA).

Those that the authors call pixel blitting, geometric and colour, "bgc", with the ranges of their
code. Images are resampled bilinearly, once, where theirs are resampled at twice the size.
"""

import math
from collections.abc import Iterator

import tensorflow as tf

from gantool.gan.augmentation import Numbers
from gantool.gan.warping import interpolated

UNIFORMS, NORMALS = 21, 7
"""How many random numbers it takes for an image."""

_SHIFT = 0.125
"""By what part of a side images are shifted in whole pixels, at most; the deviation otherwise."""
_SCALE, _CONTRAST, _SATURATION = 0.2, 0.5, 1.0
"""Standard deviations of binary logarithms."""
_BRIGHTNESS = 0.2
"""Standard deviation, of images in [-1, 1]."""


class _Draws:
    """The random numbers of a batch, taken one after the other, [B, 1, 1] each."""

    def __init__(self, numbers: Numbers) -> None:
        self._uniform, self._normal = (
            iter(tf.unstack(columns[:, :, None, None], axis=1)) for columns in numbers
        )

    def within(self, limit: float) -> tf.Tensor:
        """Uniform in [-limit, limit)."""
        return (2.0 * next(self._uniform) - 1.0) * limit

    def choice(self, count: int) -> tf.Tensor:
        """A whole number from 0 to count - 1."""
        return tf.floor(next(self._uniform) * count)

    def normal(self, deviation: float) -> tf.Tensor:
        return next(self._normal) * deviation

    def happens(self, probability: tf.Tensor) -> tf.Tensor:
        """One with a probability, else zero: a factor of what else changes."""
        number = next(self._uniform)
        return tf.cast(number < probability, number.dtype)


def changed(images: tf.Tensor, probability: tf.Tensor, numbers: Numbers) -> tf.Tensor:
    """Images [B, H, W, C] in [-1, 1], each change of each image made with a probability.

    With probability 0 they are what they were, to the bit.
    """
    draws = _Draws(numbers)
    probability = tf.cast(probability, images.dtype)
    return _recoloured(_moved(images, probability, draws), probability, draws)


def _moved(images: tf.Tensor, p: tf.Tensor, draws: _Draws) -> tf.Tensor:
    """Mirrored, turned, shifted and stretched: each place of the result from one of the images."""
    _, height, width, _ = images.shape
    middle = (height - 1) / 2, (width - 1) / 2
    mirror = 1.0 - 2.0 * draws.happens(p) * draws.choice(2)
    quarters = draws.happens(p) * draws.choice(4) * (math.pi / 2)
    shifts = draws.happens(p)
    shift = [tf.round(shifts * draws.within(_SHIFT) * side) for side in (height, width)]
    scale = 2.0 ** (draws.happens(p) * draws.normal(_SCALE))
    # Turned before or after it is stretched, together with the probability p.
    once = 1.0 - tf.sqrt(1.0 - p)
    turn_before = draws.happens(once) * draws.within(math.pi)
    stretch = 2.0 ** (draws.happens(p) * draws.normal(_SCALE))
    turn_after = draws.happens(once) * draws.within(math.pi)
    slides = draws.happens(p)
    slide = [slides * draws.normal(_SHIFT) * side for side in (height, width)]

    y = tf.range(height, dtype=images.dtype)[:, None] - middle[0] - slide[0]
    x = tf.range(width, dtype=images.dtype) - middle[1] - slide[1]
    y, x = _turned(y, x, tf.cos(turn_after), tf.sin(turn_after))
    y, x = y * stretch, x / stretch
    y, x = _turned(y, x, tf.cos(turn_before), tf.sin(turn_before))
    y, x = y / scale - shift[0], x / scale - shift[1]
    # Rounded, so that a quarter turn leads to pixels and not beside them.
    y, x = _turned(y, x, tf.round(tf.cos(quarters)), tf.round(tf.sin(quarters)))
    return interpolated(images, y + middle[0], x * mirror + middle[1])


def _turned(
    y: tf.Tensor, x: tf.Tensor, cosine: tf.Tensor, sine: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    return cosine * y + sine * x, cosine * x - sine * y


def _recoloured(images: tf.Tensor, p: tf.Tensor, draws: _Draws) -> tf.Tensor:
    """Other brightness, contrast, light for dark, hue and saturation; not of transparency."""
    colours, transparency = images[..., :3], images[..., 3:]
    brightness, contrast, inverts, hue, saturation = (it[..., None] for it in _colours(p, draws))
    colours = (colours + brightness) * 2.0**contrast
    grey = tf.reduce_mean(colours, axis=3, keepdims=True)
    # The axis of greys times the colour, which turns the colour about that axis.
    across = (tf.roll(colours, 1, axis=3) - tf.roll(colours, -1, axis=3)) / math.sqrt(3.0)
    vividness = 2.0**saturation
    along = vividness * tf.cos(hue)
    colours = (
        along * colours + vividness * tf.sin(hue) * across + (1.0 - along - 2.0 * inverts) * grey
    )
    return tf.concat([colours, transparency], axis=3)


def _colours(p: tf.Tensor, draws: _Draws) -> Iterator[tf.Tensor]:
    yield draws.happens(p) * draws.normal(_BRIGHTNESS)
    yield draws.happens(p) * draws.normal(_CONTRAST)
    yield draws.happens(p) * draws.choice(2)
    yield draws.happens(p) * draws.within(math.pi)
    yield draws.happens(p) * draws.normal(_SATURATION)
