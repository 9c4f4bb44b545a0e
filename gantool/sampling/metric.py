"""What a metric is: a figure of samples beside real images."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import numpy as np

from gantool.recipe.types import Interval


class Metric:
    """Gives figures of samples.

    Attributes:
        sources: The sources of data whose samples it is a figure of; any where there are none.
        compares: Whether it looks at real images.
        better: Whether a higher or a lower value of a figure is the better one, by the figure's
            name; of one that is not named no value is the best.
        every: How often it is taken while training; with each grid where it is None.
        samples: Number of samples, of seeds 0, 1, 2, …; those of the grid where it is None.
        source: What the recipe calls its source; known before the first figure.
    """

    sources: ClassVar[tuple[str, ...]] = ()
    compares: ClassVar[bool] = True
    better: ClassVar[Mapping[str, Literal["higher", "lower"]]] = {}
    every: Interval | None = None
    samples: int | None = None
    source: str = ""

    def __call__(
        self, samples: Sequence[np.ndarray], reals: Sequence[np.ndarray]
    ) -> Mapping[str, float]:
        """The figures by the names that they have in rows of metrics.jsonl.

        Args:
            samples: uint8 [H, W, C] each; of points, float32 [2].
            reals: As many real images, likewise; none where it does not compare.
        """
        raise NotImplementedError
