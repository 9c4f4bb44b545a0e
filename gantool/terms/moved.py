"""How far the discriminator's opinion of images goes by where what they show lies."""

import tensorflow as tf

from gantool.gan.seen import Seen, Side
from gantool.gan.warping import gathered, reflected


def inconsistency(seen: Seen, side: Side, shift: int) -> tf.Tensor:
    """Mean squared distance of the logits of images, and of the same mirrored or shifted."""
    mirror, down, right = (
        seen.uniform(f"consistency/{side}/{what}")[:, 0] for what in ("mirror", "down", "right")
    )
    offsets = (tf.cast(tf.floor(it * (2 * shift + 1)), tf.int32) - shift for it in (down, right))
    images = moved(seen.examples(side), mirror < 0.5, *offsets)
    difference = seen.discriminate(images, side) - seen.logits(side)
    return tf.reduce_mean(tf.reduce_sum(tf.square(difference), axis=-1))


def moved(images: tf.Tensor, mirror: tf.Tensor, down: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Images [B, H, W, C] mirrored left to right, or not, and shifted by whole pixels.

    Args:
        images: Go on beyond their borders as in mirrors.
        mirror: Whether to, [B, 1, 1].
        down: Pixels, int32 [B, 1, 1].
        right: Pixels, int32 [B, 1, 1].
    """
    _, height, width, _ = images.shape
    rows = reflected(tf.range(height)[:, None] - down, height)
    columns = reflected(tf.range(width) - right, width)
    return gathered(images, rows, tf.where(mirror, width - 1 - columns, columns))
