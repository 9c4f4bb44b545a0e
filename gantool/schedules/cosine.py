import math

import tensorflow as tf

from gantool.gan.schedule import Progress, Schedule
from gantool.recipe.types import NonNegative, Span


class Cosine(Schedule):
    """Half a wave of a cosine from one number to another, which stays (Loshchilov and Hutter 2017).

    from + (1 − ½ (1 + cos πt/T)) (to − from), with t/T the share of `over` that is through, as in
    R3GAN (Huang et al. 2024).

    Args:
        from_: At the start of the run.
        to: From the end of `over` on.
        over: How long that takes: steps, `N images` or `N epochs`.
    """

    def __init__(self, from_: NonNegative, to: NonNegative, over: Span) -> None:
        self.start = from_
        self.end = to
        self.over = over

    def __call__(self, progress: Progress) -> tf.Tensor:
        share = 1.0 - 0.5 * (1.0 + tf.cos(math.pi * progress.share(self.over)))
        return tf.cast((1.0 - share) * self.start + share * self.end, tf.float32)
