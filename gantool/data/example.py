"""What one example is: how it is stored, what networks see of it, and how several are shown."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from gantool.data.drawing import beside_rows, scatter, tile
from gantool.data.pixels import from_range, to_range
from gantool.recipe.data import Data

Stored = NDArray[Any]


class Example(ABC):
    """The specification of an example.

    Attributes:
        shape: Of it.
        dtype: Of its numbers as they are stored.
        bounds: The recipe's range.
    """

    dtype: DTypeLike

    def __init__(self, data: Data) -> None:
        self.shape = data.shape
        self.bounds = data.range

    @abstractmethod
    def to_network(self, stored: Any) -> Any:
        """What networks see, float32, of a NumPy array or of a float32 tensor of stored numbers."""

    @abstractmethod
    def from_network(self, values: Stored) -> Stored:
        """What is stored, of what networks see or make."""

    @abstractmethod
    def picture(
        self,
        examples: Sequence[Stored],
        rows: int,
        columns: int,
        names: Sequence[str] = (),
        spacing: int = 0,
    ) -> NDArray[np.uint8]:
        """A picture, uint8 [H, W, 1 or 3], of rows · columns stored examples at most.

        `names` are written beside the rows, if there are any; `spacing` pixels lie between images.
        """


class ImageExample(Example):
    """Pixels, uint8 [H, W, 1, 3 or 4], shown side by side."""

    dtype = np.uint8

    def to_network(self, stored: Any) -> Any:
        return to_range(stored, self.bounds)

    def from_network(self, values: Stored) -> Stored:
        return from_range(values, self.bounds)

    def picture(
        self,
        examples: Sequence[Stored],
        rows: int,
        columns: int,
        names: Sequence[str] = (),
        spacing: int = 0,
    ) -> NDArray[np.uint8]:
        whole = tile(examples, rows, columns, spacing)
        return beside_rows(whole, names, spacing) if names else whole


class PointExample(Example):
    """Two coordinates, float32 [2], as networks see them; shown as dots in a part of the plane."""

    dtype = np.float32

    def to_network(self, stored: Any) -> Any:
        return stored

    def from_network(self, values: Stored) -> Stored:
        return np.asarray(values, np.float32)

    def picture(self, examples: Sequence[Stored], *_: object) -> NDArray[np.uint8]:
        return scatter(np.stack(examples), self.bounds)


def example_of(data: Data) -> Example:
    """The specification of a recipe's examples."""
    return PointExample(data) if data.size is None else ImageExample(data)
