import tensorflow as tf

from gantool.gan.schedule import Progress, Schedule
from gantool.recipe.types import NonNegative, Span


class Steps(Schedule):
    """One number after the other, each until the next one's time has come.

    Args:
        from_: At the start of the run.
        to: The numbers that follow.
        at: When each of them begins: after so many steps, `N images` or `N epochs`.
    """

    def __init__(self, from_: NonNegative, to: list[NonNegative], at: list[Span]) -> None:
        self.start = from_
        self.later = list(zip(at, to, strict=True))

    def __call__(self, progress: Progress) -> tf.Tensor:
        value = tf.constant(self.start, tf.float32)
        for begins, number in self.later:
            value = tf.where(progress.share(begins) < 1.0, value, tf.constant(number, tf.float32))
        return value
