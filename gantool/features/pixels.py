"""The pixels themselves as features."""

import numpy as np
from numpy.typing import NDArray

from gantool.features.network import FeatureName, FeatureNetwork, Features


class Pixels(FeatureNetwork):
    """All numbers of an image, in [0, 1]; of a point, its coordinates as they are."""

    name: FeatureName = "pixels"

    @property
    def digest(self) -> str:
        """See `FeatureNetwork`."""
        return "pixels"

    @property
    def told(self) -> str:
        """See `FeatureNetwork`."""
        return "pixels"

    def __call__(self, images: NDArray[np.generic]) -> Features:
        """See `FeatureNetwork`."""
        flat = images.reshape(len(images), -1).astype(np.float32)
        return flat / np.float32(255.0) if images.dtype == np.uint8 else flat
