import keras
import tensorflow as tf

from gantool.kernels.convolution import convolve
from gantool.kernels.gpu import has_gpu
from gantool.kernels.grouped import convolve_grouped
from gantool.layers.dense import finished


class Conv2D(keras.layers.Conv2D):
    """Keras's layer of the same name; common shapes take a faster way in training.

    See `gantool.kernels.convolution`. What it computes is what Keras's does, to rounding. In
    inference it is Keras's own: what the faster way has to compile pays over many steps only.
    Convolutions in groups are of `gantool.kernels.grouped` on a processor, in inference too.
    """

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Make [B, h, w, filters] of [B, H, W, C]."""
        kernel = tf.convert_to_tensor(self.kernel)
        if self.groups > 1 and self.data_format == "channels_last" and not has_gpu():
            padding = self.padding.upper()
            outputs = convolve_grouped(inputs, kernel, self.strides, padding, self.dilation_rate)
        elif training and is_usual(self) and self.groups == 1:
            outputs = convolve(inputs, kernel, self.strides[0])
        else:
            return super().call(inputs)
        return finished(self, outputs)


def is_usual(layer: keras.layers.Layer) -> bool:
    """Whether a convolution is of the kind that `gantool.kernels.convolution` knows."""
    kernel, strides = set(layer.kernel_size), set(layer.strides)
    return (
        layer.padding == "same"
        and layer.data_format == "channels_last"
        and set(layer.dilation_rate) == {1}
        and len(kernel) == len(strides) == 1
        and strides <= {1, 2}
    )
