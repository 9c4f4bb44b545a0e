"""The share of each batch that one of several replicas of the networks takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import tensorflow as tf


@dataclass(frozen=True)
class Share:
    """One of `of` equal shares of every batch, and how the replicas that take them stay alike.

    Replicas start alike, and each moves its own variables by what `mean` gives: the same for all.
    So losses and penalties are means over a replica's own rows, and n replicas compute what one
    does of the whole batch.

    Attributes:
        number: Which share, from 0.
        of: How many there are.
        mean: The means, over all replicas, of tensors that each of them hands in.
        apart: Within it, nothing is brought together, whatever TensorFlow would do.
    """

    number: int = 0
    of: int = 1
    mean: Callable[[Sequence[tf.Tensor]], Sequence[tf.Tensor]] = list
    apart: Callable[[], AbstractContextManager[object]] = nullcontext

    def rows(self, values: tf.Tensor) -> tf.Tensor:
        """Its rows of what was made for the whole batch, [B, …] → [B / of, …]."""
        if self.of == 1:
            return values
        size = values.shape[0] // self.of
        return values[self.number * size : (self.number + 1) * size]


WHOLE = Share()
"""That of a replica which is alone."""
