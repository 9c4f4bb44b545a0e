"""What a metric is: a figure of samples beside real images."""

from collections.abc import Mapping, Sequence

import numpy as np

from gantool.recipe.types import Interval


class Metric:
    """Gives figures of samples.

    Attributes:
        every: How often it is taken while training; with each grid where it is None.
        samples: Number of samples, of seeds 0, 1, 2, …; those of the grid where it is None.
    """

    every: Interval | None = None
    samples: int | None = None

    def __call__(
        self, samples: Sequence[np.ndarray], reals: Sequence[np.ndarray]
    ) -> Mapping[str, float]:
        """The figures by the names that they have in rows of metrics.jsonl.

        Args:
            samples: uint8 [H, W, C] each.
            reals: As many real images, likewise.
        """
        raise NotImplementedError
