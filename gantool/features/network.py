"""What turns images into the vectors that figures are taken of."""

from abc import ABC, abstractmethod
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FeatureName = Literal["classifier", "random", "pixels", "inception"]

Features = NDArray[np.float32]


class FeatureNetwork(ABC):
    """Gives a vector for each image.

    Attributes:
        name: Of its kind, part of the names of figures.
    """

    name: FeatureName

    @property
    @abstractmethod
    def digest(self) -> str:
        """Of all that its vectors depend on besides the images."""

    @property
    @abstractmethod
    def told(self) -> str:
        """What a reader of a figure should know of it, in a few words."""

    @abstractmethod
    def __call__(self, images: NDArray[np.generic]) -> Features:
        """Features [N, D] of images as they are stored: uint8 [N, H, W, C]; of points [N, 2]."""


class ClassNetwork(FeatureNetwork):
    """Also knows classes."""

    @abstractmethod
    def probabilities(self, features: Features) -> NDArray[np.float64]:
        """Probabilities [N, classes] of images by their features [N, D]."""
