from typing import Any, Literal

import keras
import tensorflow as tf


class Upsample(keras.layers.Layer):
    """Maps of twice the height and width, smoothed as in StyleGAN2 (Karras et al. 2020).

    Args:
        filter: bilinear: zeros between the pixels, then the filter [1, 3, 3, 1] / 4 along each
            axis, with zeros beyond the border; nearest: each pixel four times.
    """

    def __init__(
        self, filter: Literal["bilinear", "nearest"] = "bilinear", **keywords: Any
    ) -> None:
        super().__init__(**keywords)
        self.filter = filter
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Make [B, 2H, 2W, C] of [B, H, W, C]."""
        return _doubled(_doubled(inputs, 1, self.filter), 2, self.filter)


def _doubled(inputs: tf.Tensor, axis: int, kind: str) -> tf.Tensor:
    if kind == "nearest":
        first = second = inputs
    else:
        first = 0.75 * inputs + 0.25 * shifted(inputs, axis, 1)
        second = 0.75 * inputs + 0.25 * shifted(inputs, axis, -1)
    pairs = tf.stack([first, second], axis + 1)
    return tf.reshape(pairs, [-1, *(side * (1 + (it == axis)) for it, side in _sides(inputs))])


def _sides(inputs: tf.Tensor) -> list[tuple[int, int]]:
    return list(enumerate(inputs.shape))[1:]


def shifted(inputs: tf.Tensor, axis: int, places: int) -> tf.Tensor:
    """The inputs moved by 1 or −1 places along an axis, with a zero where nothing comes in."""
    pads, first = [[0, 0]] * len(inputs.shape), [0] * len(inputs.shape)
    pads[axis] = [1, 0] if places == 1 else [0, 1]
    first[axis] = 0 if places == 1 else 1
    return tf.slice(tf.pad(inputs, pads), first, tf.shape(inputs))
