import keras
import tensorflow as tf

from gantool.kernels.product import product


class Dense(keras.layers.Dense):
    """Keras's layer of the same name; some shapes take a faster way in training.

    See `gantool.kernels.product`.
    """

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Make [B, units] of [B, N]."""
        if not training or len(inputs.shape) != 2 or self.quantization_mode is not None:
            return super().call(inputs, training=training)
        return finished(self, product(inputs, tf.convert_to_tensor(self.kernel)))


def finished(layer: keras.layers.Layer, outputs: tf.Tensor) -> tf.Tensor:
    """Sums of products with a layer's bias added and its activation applied."""
    if layer.use_bias:
        outputs = tf.nn.bias_add(outputs, tf.convert_to_tensor(layer.bias))
    return outputs if layer.activation is None else layer.activation(outputs)
