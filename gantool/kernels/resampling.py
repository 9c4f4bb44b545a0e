"""Maps of half and of twice the height and width, by a filter along each axis.

Each is the other's adjoint, which is what its gradient is made of. TensorFlow's slices in steps
take twenty to forty times as long on a processor.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import tensorflow as tf

from gantool.kernels.linear import Linear


def halved(inputs: tf.Tensor, taps: Sequence[float]) -> tf.Tensor:
    """Make [B, H / 2, W / 2, C] of [B, H, W, C]: every second pixel after a filter.

    Args:
        inputs: Of even height and width; zeros lie beyond their border.
        taps: Of the filter along each axis; an even number, the middle between each two pixels.
    """
    return _resampling(taps).forward(inputs)[0]


def doubled(inputs: tf.Tensor, taps: Sequence[float]) -> tf.Tensor:
    """Make [B, 2H, 2W, C] of [B, H, W, C]: zeros put between the pixels, then a filter.

    Args:
        inputs: Zeros lie beyond their border.
        taps: As in `halved`.
    """
    return _resampling(taps).adjoint(inputs)[0]


def _resampling(taps: Sequence[float]) -> Linear:
    return Linear(partial(_halved, taps), partial(_doubled, taps))


def _halved(taps: Sequence[float], inputs: tf.Tensor) -> list[tf.Tensor]:
    return [tf.nn.depthwise_conv2d(inputs, _kernel(taps, inputs), [1, 2, 2, 1], "SAME")]


def _doubled(taps: Sequence[float], inputs: tf.Tensor) -> list[tf.Tensor]:
    _, height, width, channels = inputs.shape
    sizes = [tf.shape(inputs)[0], 2 * height, 2 * width, channels]
    kernel = _kernel(taps, inputs)
    return [
        tf.nn.depthwise_conv2d_backprop_input(sizes, kernel, inputs, [1, 2, 2, 1], "SAME"),
    ]


def _kernel(taps: Sequence[float], inputs: tf.Tensor) -> tf.Tensor:
    """The filter of both axes, [k, k, C, 1]."""
    both = np.outer(taps, taps)[:, :, None, None]
    return tf.constant(np.repeat(both, inputs.shape[-1], axis=2), inputs.dtype)
