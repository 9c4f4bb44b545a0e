"""Images from other places of themselves.

Each is a linear function of the images, of gathers: its derivatives by them are right in any order.
"""

import tensorflow as tf


def gathered(images: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """The pixels at whole places within the images, int32 [B, h, w]: [B, H, W, C] → [B, h, w, C].

    Places may be [B, h, 1] and [B, 1, w], where each row of the result is of one row.
    """
    _, height, width, channels = images.shape
    pixels = tf.reshape(images, [-1, height * width, channels])
    return tf.gather(pixels, rows * width + columns, batch_dims=1)


def interpolated(images: tf.Tensor, y: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """What lies at places [B, h, w] in pixels, bilinear, from the centre of the first pixel.

    The images [B, H, W, C] go on beyond their borders as in mirrors.
    """
    height, width = images.shape[1:3]
    (above, below, low), (left, right, far) = _neighbours(y, height), _neighbours(x, width)
    low, far = low[..., None], far[..., None]
    upper = (1 - far) * gathered(images, above, left) + far * gathered(images, above, right)
    lower = (1 - far) * gathered(images, below, left) + far * gathered(images, below, right)
    return (1 - low) * upper + low * lower


def reflected(places: tf.Tensor, size: int) -> tf.Tensor:
    """Where places, whole or not, lie in a side of so many pixels that mirrors continue.

    The mirrors stand in the centres of the outermost pixels, which so come once.
    """
    last = tf.cast(size - 1, places.dtype)
    if size == 1:
        return tf.zeros_like(places)
    return last - tf.abs(places % (2 * last) - last)


def _neighbours(places: tf.Tensor, size: int) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The pixels before and behind places in a side, and how far the latter counts, in [0, 1)."""
    within = reflected(places, size)
    before = tf.floor(within)
    number = tf.cast(before, tf.int32)
    return number, tf.minimum(number + 1, size - 1), within - before
