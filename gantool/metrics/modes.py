from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from gantool.data.sources.points import POINT_SETS
from gantool.evaluation.metric import Direction, Metric
from gantool.evaluation.reals import Reals
from gantool.evaluation.samples import Samples
from gantool.recipe.types import Count, Every
from gantool.statistics.modes import mode_figures

_DEVIATIONS = 3.0


class Modes(Metric):
    """Modes of `ring` or `grid` that samples find, and how well (Lin et al. 2018, PacGAN).

    Section 4.1: `modes`, those with a sample within three standard deviations of them;
    `high_quality`, the share of samples that are so near to a mode; `reverse_kl`, the divergence of
    the samples' distribution over their nearest modes from the uniform one.

    Args:
        every: How often; with each grid where it is not given.
        samples: Number of samples.
    """

    sources = ("ring", "grid")
    better: ClassVar[Mapping[str, Direction]] = {
        "modes": "higher",
        "high_quality": "higher",
        "reverse_kl": "lower",
    }

    def __init__(self, every: Every | None = None, samples: Count = 2500) -> None:
        self.every = every
        self.samples = samples

    def __call__(self, samples: Samples, reals: Reals) -> Mapping[str, float]:
        known = POINT_SETS[self.source]
        points = samples.images.astype(np.float64)
        distances = np.linalg.norm(points[:, None] - known.means, axis=2)
        nearest = distances.argmin(axis=1)
        near = distances.min(axis=1) < _DEVIATIONS * known.deviation
        return {
            **mode_figures(nearest, len(known.means)),
            "modes": len(np.unique(nearest[near])),
            "high_quality": round(float(near.mean()), 4),
        }
