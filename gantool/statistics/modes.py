"""How many modes of a set samples find, and how evenly."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray


def mode_figures(nearest: NDArray[np.integer], count: int) -> Mapping[str, float]:
    """Number of modes that samples find, and how far they are from finding all alike.

    Args:
        nearest: [N], the mode, from 0, of each sample.
        count: Number of modes, each as frequent as the others in the data.

    Returns:
        `modes`, those with a sample; `reverse_kl`, the Kullback-Leibler divergence of the samples'
        distribution over the modes from the uniform one, in nats (Lin et al. 2018, section 4.1).
    """
    found = np.bincount(nearest, minlength=count)
    share = found[found > 0] / len(nearest)
    divergence = float(np.sum(share * np.log(share * count)))
    return {"modes": int(np.count_nonzero(found)), "reverse_kl": round(divergence, 4)}
