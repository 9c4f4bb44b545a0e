"""The real images that samples are compared with."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gantool.data.loading import Images
from gantool.evaluation.kept import kept
from gantool.features.choice import network_for
from gantool.features.network import FeatureName, FeatureNetwork, Features
from gantool.recipe.randomness import key
from gantool.sampling.grid import Cell
from gantool.statistics.moments import Moments, moments

_MOST = 50_000
"""Of a larger set, as many are compared with, drawn once and for all."""
_BLOCK = 256


class Reals:
    """Real images, with their features by networks that look at them.

    Features and moments of images that are in memory are kept in the user's cache, by the images'
    digest.

    Args:
        images: Of the recipe's source.
        classes: Number of labels; 0 without labels.
        seed: The recipe's.
        folder: That relative paths of the recipe start from.
        say: Is told what takes minutes.

    Attributes:
        images, classes: As given.
    """

    def __init__(
        self,
        images: Images,
        classes: int,
        seed: int,
        folder: Path | None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.images = images
        self.classes = classes
        self._seed, self._folder, self._say = seed, folder, say
        self._beside: dict[tuple[Cell, ...], NDArray[Any]] = {}
        self._networks: dict[FeatureName | None, FeatureNetwork] = {}
        self._order = np.random.default_rng(0).permutation(len(images))[:_MOST]

    def __len__(self) -> int:
        """Of how many the features are."""
        return len(self._order)

    @property
    def split(self) -> str:
        """Its name."""
        return self.images.data.split or "train"

    def beside(self, cells: Sequence[Cell]) -> NDArray[Any]:
        """A real image for each cell, as it is stored, [N, …]: of its class, with labels."""
        asked = tuple(cells)
        if asked not in self._beside:
            found = real_images(self.images, cells, self.classes, self._seed)
            self._beside[asked] = np.stack(found)
        return self._beside[asked]

    def network(self, name: FeatureName | None) -> FeatureNetwork:
        """The network of a name; where there is none, the one that suits the images best.

        Raises:
            InputError: There is none of this name for such images.
        """
        if name not in self._networks:
            self._networks[name] = network_for(name, self.images, self._folder, self._say)
        return self._networks[name]

    def told(self) -> list[str]:
        """What a reader of figures should know of the networks that looked at the images."""
        return list(dict.fromkeys(network.told for network in self._networks.values()))

    def features(self, network: FeatureNetwork, count: int) -> Features:
        """Features [N, D] of as many real images, or of all where there are fewer."""
        chosen = self._order[:count]
        [features] = kept(
            self._digest,
            f"features {network.digest} {len(chosen)}",
            lambda: (np.concatenate(list(self._looked_at(network, chosen))),),
        )
        return features

    def read(self, numbers: NDArray[np.int64]) -> NDArray[Any]:
        """The images [N, …] whose features have these numbers."""
        return self.images.read(self._order[numbers])

    def moments(self, network: FeatureNetwork) -> Moments:
        """Moments of the features of all."""
        return Moments(
            *kept(
                self._digest,
                f"moments {network.digest} {len(self)}",
                lambda: moments(self._looked_at(network, self._order)),
            )
        )

    @cached_property
    def _digest(self) -> bytes | None:
        """Of all images, where they are in memory."""
        pixels = self.images.pixels
        if pixels is None:
            return None
        return hashlib.sha256(f"{pixels.shape} {pixels.dtype}".encode() + pixels.tobytes()).digest()

    def _looked_at(self, network: FeatureNetwork, numbers: NDArray[np.int64]) -> Iterator[Features]:
        for start in range(0, len(numbers), _BLOCK):
            yield network(self.images.read(numbers[start : start + _BLOCK]))


def real_images(images: Images, cells: Sequence[Cell], classes: int, seed: int) -> list[np.ndarray]:
    """A real image, uint8 [H, W, C], for each cell: of the cell's class where there are classes.

    Args:
        images: To choose from, in an order of the seed's.
        cells: Of a grid of samples.
        classes: Number of labels; 0 without labels.
        seed: The recipe's.
    """
    order = np.random.default_rng(key(seed, "reals")).permutation(len(images))
    if not classes:
        return list(images.read(np.resize(order, len(cells))))
    queues = [order[images.labels[order] == label] for label in range(classes)]
    turns = [0] * classes
    shown = []
    for cell in cells:
        label = cell.seed % classes if cell.label is None else cell.label
        queue = queues[label]
        if len(queue):
            shown.append(images.read(queue[[turns[label] % len(queue)]])[0])
        else:  # labels may leave a number out
            shown.append(np.zeros(images.example.shape, images.example.dtype))
        turns[label] += 1
    return shown
