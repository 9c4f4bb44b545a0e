import keras
import tensorflow as tf

from gantool.kernels.convolution import convolve_transposed
from gantool.layers.conv2d import is_usual
from gantool.layers.dense import finished


class Conv2DTranspose(keras.layers.Conv2DTranspose):
    """Keras's layer of the same name; common shapes take a faster way in training.

    See `gantool.kernels.convolution` and `Conv2D`.
    """

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Make [B, H, W, filters] of [B, h, w, C]."""
        height, width = self.compute_output_shape(inputs.shape)[1:3]
        stride = self.strides[0]
        covered = [-(-side // stride) for side in (height, width)]
        if not (training and is_usual(self) and covered == inputs.shape[1:3].as_list()):
            return super().call(inputs)
        kernel = tf.convert_to_tensor(self.kernel)
        outputs = convolve_transposed(inputs, kernel, stride, (height, width))
        return finished(self, outputs)
