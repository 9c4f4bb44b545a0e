import math

import tensorflow as tf

from gantool.schedules.linear import Linear


class Cosine(Linear):
    """Half a wave of a cosine from one number to another, which stays (Loshchilov and Hutter 2017).

    from + (1 − ½ (1 + cos πt/T)) (to − from), with t/T the share of `over` that is through, as in
    R3GAN (Huang et al. 2024).

    Args:
        from_: At the start of the run.
        to: From the end of `over` on.
        over: How long that takes: steps, `N images` or `N epochs`.
    """

    def course(self, share: tf.Tensor) -> tf.Tensor:
        """See `Linear`."""
        return 1.0 - 0.5 * (1.0 + tf.cos(math.pi * share))
