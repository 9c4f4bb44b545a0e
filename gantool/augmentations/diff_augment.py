import tensorflow as tf

from gantool.gan.augmentation import Augmentation, Numbers
from gantool.gan.schedule import Progress
from gantool.gan.warping import gathered


class DiffAugment(Augmentation):
    """Colour, place and a hole, anew for each image (Zhao et al. 2020, DiffAugment).

    In the order and with the ranges of the authors' code. Beyond the border, and in the hole, is
    grey, the middle of the range. Colours of images with transparency change, it does not.

    Args:
        color: Brightness by up to a quarter of the range, −0.5 to 0.5 where it is [-1, 1]; then
            saturation, 0 to 2 times; then contrast, 0.5 to 1.5 times.
        translation: By up to an eighth of the height and of the width, in whole pixels.
        cutout: Half the height and half the width of the image, anywhere, also across its border.
    """

    uniforms = 7

    def __init__(self, color: bool = True, translation: bool = True, cutout: bool = True) -> None:
        self.color = color
        self.translation = translation
        self.cutout = cutout

    def __call__(self, images: tf.Tensor, numbers: Numbers, progress: Progress) -> tf.Tensor:
        brightness, saturation, contrast, *places = tf.unstack(
            numbers.uniform[:, :, None, None, None], axis=1
        )
        if self.color:
            colours, transparency = images[..., :3], images[..., 3:]
            colours += brightness - 0.5
            grey = tf.reduce_mean(colours, axis=3, keepdims=True)
            colours = grey + 2.0 * saturation * (colours - grey)
            mean = tf.reduce_mean(colours, axis=[1, 2, 3], keepdims=True)
            colours = mean + (0.5 + contrast) * (colours - mean)
            images = tf.concat([colours, transparency], axis=3)
        vertical, horizontal, top, left = (place[..., 0] for place in places)
        if self.translation:
            images = _translated(images, vertical, horizontal)
        if self.cutout:
            images = images * _outside_of_a_hole(images, top, left)
        return images


def _translated(images: tf.Tensor, vertical: tf.Tensor, horizontal: tf.Tensor) -> tf.Tensor:
    """Images moved within an eighth of their sides; zero where there was none."""
    height, width = images.shape[1:3]
    rows = tf.range(height)[:, None] + _whole(vertical, -(height // 8), height // 8)
    columns = tf.range(width) + _whole(horizontal, -(width // 8), width // 8)
    inside = _is_within(rows, 0, height) & _is_within(columns, 0, width)
    moved = gathered(
        images, tf.clip_by_value(rows, 0, height - 1), tf.clip_by_value(columns, 0, width - 1)
    )
    return moved * tf.cast(inside[..., None], images.dtype)


def _outside_of_a_hole(images: tf.Tensor, top: tf.Tensor, left: tf.Tensor) -> tf.Tensor:
    """Zero in a hole of half the height and width, one elsewhere, [B, H, W, 1]."""
    inside = []
    for size, place, numbers in (
        (images.shape[1], top, tf.range(images.shape[1])[:, None]),
        (images.shape[2], left, tf.range(images.shape[2])),
    ):
        hole = size // 2
        first = _whole(place, 0, size - hole % 2) - hole // 2
        inside.append(_is_within(numbers, first, first + hole))
    return 1.0 - tf.cast((inside[0] & inside[1])[..., None], images.dtype)


def _whole(uniform: tf.Tensor, first: int, last: int) -> tf.Tensor:
    """A whole number from `first` to `last`, int32, of one that is uniform in [0, 1)."""
    return first + tf.cast(tf.floor(uniform * (last - first + 1)), tf.int32)


def _is_within(numbers: tf.Tensor, first: tf.Tensor | int, end: tf.Tensor | int) -> tf.Tensor:
    return (numbers >= first) & (numbers < end)
