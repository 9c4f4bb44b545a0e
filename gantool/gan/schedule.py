"""Numbers that change in the course of a run."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from gantool.recipe.types import Interval


class Progress(NamedTuple):
    """How far a run has come: what lies before a step. All its updates have the same."""

    steps: tf.Tensor | float
    """int64."""
    images: tf.Tensor | float
    """Real images in the updates of the discriminator, int64."""
    epochs: tf.Tensor | float
    """float64."""

    def share(self, span: Interval) -> tf.Tensor:
        """Which part of the time from the start of the run to the end of a span, in [0, 1].

        float64, in which every number of images is exact.
        """
        done = {"step": self.steps, "image": self.images, "epoch": self.epochs}[span.unit]
        return tf.minimum(tf.cast(done, tf.float64) / float(span.count), 1.0)


START = Progress(0, 0, 0.0)
"""Nothing is done yet."""


class Schedule:
    """A number as a function of nothing but how far the run has come."""

    def __call__(self, progress: Progress) -> tf.Tensor:
        """The number, a float32 scalar."""
        raise NotImplementedError


def now(number: float | Schedule, progress: Progress) -> float | tf.Tensor:
    """A number of a recipe as it is by now; one without a schedule as it is written."""
    return number(progress) if isinstance(number, Schedule) else number
