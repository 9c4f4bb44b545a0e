from typing import Any

import keras
import tensorflow as tf


class SelfAttention(keras.layers.Layer):
    """Each place of a map looks at all others (Zhang et al. 2019, SAGAN).

    As in BigGAN (Brock et al. 2019): 1×1 convolutions without biases make queries and keys of C / 8
    and values of C / 2 channels; keys and values are the largest of each 2×2 places. The output is
    x + γ · o, with γ from 0.

    Args:
        kernel_initializer: Of the four kernels.
    """

    def __init__(self, kernel_initializer: Any = "glorot_uniform", **keywords: Any) -> None:
        super().__init__(**keywords)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the kernels [1, 1, C, C / 8], twice, [1, 1, C, C / 2], [1, 1, C / 2, C] and γ."""
        height, width, channels = input_shape[1:]
        if channels is None or channels % 8:
            raise ValueError("the number of channels has to be a multiple of 8")
        if height is None or width is None or min(height, width) < 2:
            raise ValueError("height and width have to be at least 2")
        sizes = {
            "query": (channels, channels // 8),
            "key": (channels, channels // 8),
            "value": (channels, channels // 2),
            "output": (channels // 2, channels),
        }
        self.kernels = [
            self.add_weight(
                shape=(1, 1, *size),
                # Another one each: an initializer that drew before would draw the same again.
                initializer=self.kernel_initializer.clone(),
                name=f"{name}_kernel",
            )
            for name, size in sizes.items()
        ]
        self.gamma = self.add_weight(shape=(), initializer="zeros", name="gamma")

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Make [B, H, W, C] of [B, H, W, C]."""
        query, key, value, output = (tf.convert_to_tensor(kernel) for kernel in self.kernels)
        queries = _places(tf.nn.conv2d(inputs, query, 1, "SAME"))
        keys, values = (
            _places(tf.nn.max_pool2d(tf.nn.conv2d(inputs, kernel, 1, "SAME"), 2, 2, "VALID"))
            for kernel in (key, value)
        )
        likeness = tf.cast(tf.matmul(queries, keys, transpose_b=True), tf.float32)
        looked_at = tf.matmul(tf.cast(tf.nn.softmax(likeness), inputs.dtype), values)
        height, width = inputs.shape[1:3]
        maps = tf.reshape(looked_at, [-1, height, width, looked_at.shape[-1]])
        return inputs + tf.convert_to_tensor(self.gamma) * tf.nn.conv2d(maps, output, 1, "SAME")

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The input's."""
        return input_shape


def _places(maps: tf.Tensor) -> tf.Tensor:
    """Make [B, H · W, C] of [B, H, W, C]."""
    height, width, channels = maps.shape[1:]
    return tf.reshape(maps, [-1, height * width, channels])
