"""Samples to take figures of."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gantool.data.example import Example
from gantool.features.network import FeatureNetwork, Features
from gantool.sampling.grid import Cell

Stored = NDArray[Any]
Draw = Callable[[Sequence[Cell]], Iterator[tuple[list[Cell], Stored]]]
"""Gives cells and what the generator makes of them, in order, a few at a time."""


class Samples:
    """What a generator makes of some cells, drawn where it is asked for.

    Args:
        cells: Of the samples.
        classes: Number of labels; 0 without labels.
        draw: Draws what networks see, float32 [N, …].
        example: What a sample is.
    """

    def __init__(self, cells: Sequence[Cell], classes: int, draw: Draw, example: Example) -> None:
        self.cells = tuple(cells)
        self._classes, self._draw, self._example = classes, draw, example
        self._features: dict[str, Features] = {}

    def __len__(self) -> int:
        return len(self.cells)

    @cached_property
    def images(self) -> Stored:
        """All samples as they are stored: uint8 [N, H, W, C]; of points, float32 [N, 2]."""
        return np.concatenate(list(self._blocks()))

    @property
    def labels(self) -> NDArray[np.int64]:
        """The class [N] that each was to show; all 0 without labels."""
        classes = max(self._classes, 1)
        shown = [cell.seed % classes if cell.label is None else cell.label for cell in self.cells]
        return np.array(shown, np.int64)

    def features(self, network: FeatureNetwork) -> Features:
        """Their features [N, D]; the images are not held in memory."""
        key = network.digest
        if key not in self._features:
            self._features[key] = np.concatenate([network(block) for block in self._blocks()])
        return self._features[key]

    def _blocks(self) -> Iterator[Stored]:
        if "images" in self.__dict__:
            yield from np.array_split(self.images, max(1, len(self) // 256))
            return
        for _, values in self._draw(self.cells):
            yield self._example.from_network(values)
