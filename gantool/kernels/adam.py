"""The fastest step of Adam on a processor."""

import keras
import tensorflow as tf


class Adam(keras.optimizers.Adam):
    """Keras's optimizer of the same name; each weight and its moments are moved in one loop.

    What it computes is what Keras's does, to rounding: the algorithm of Kingma and Ba 2015, in the
    order of the end of their section 2. Keras's own takes several loops over as many tensors, two
    even where XLA compiles it, and writes each result to a place of its own.
    """

    @property
    def is_plain(self) -> bool:
        """Whether all that a step does is the paper's; the rest is left to Keras."""
        return not (self.amsgrad or self.use_ema)

    def update_step(self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: float) -> None:
        """Move a variable and its moments."""
        if not self.is_plain:
            super().update_step(gradient, variable, learning_rate)
            return
        dtype = variable.dtype
        index = self._get_variable_index(variable)
        step = tf.cast(self.iterations + 1, dtype)
        betas = [tf.cast(beta, dtype) for beta in (self.beta_1, self.beta_2)]
        powers = [tf.pow(beta, step) for beta in betas]
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=powers[0],
            beta2_power=powers[1],
            lr=tf.cast(learning_rate, dtype),
            beta1=betas[0],
            beta2=betas[1],
            epsilon=tf.cast(self.epsilon, dtype),
            grad=tf.cast(gradient, dtype),
        )
