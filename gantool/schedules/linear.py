import tensorflow as tf

from gantool.gan.schedule import Progress, Schedule
from gantool.recipe.types import NonNegative, Span


class Linear(Schedule):
    """A straight line from one number to another, which stays.

    Args:
        from_: At the start of the run.
        to: From the end of `over` on.
        over: How long that takes: steps, `N images` or `N epochs`.
    """

    def __init__(self, from_: NonNegative, to: NonNegative, over: Span) -> None:
        self.start = from_
        self.end = to
        self.over = over

    def course(self, share: tf.Tensor) -> tf.Tensor:
        """How much of the way is done once this share of `over` is through, both in [0, 1]."""
        return share

    def __call__(self, progress: Progress) -> tf.Tensor:
        share = self.course(progress.share(self.over))
        return tf.cast((1.0 - share) * self.start + share * self.end, tf.float32)
