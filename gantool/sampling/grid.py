"""Which images are drawn, and what stands where in a picture of them. Knows no TensorFlow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gantool.recipe.model import Layout

MAX_CELLS = 10_000
"""Images of a grid."""


class Cell(NamedTuple):
    """One image of a picture.

    Attributes:
        seed: Decides its latent vector; 0 ≤ seed < 2⁶³ − 32. The number of a row where latents come
            from a file.
        label: The class it shows; None for class seed mod classes.
    """

    seed: int
    label: int | None = None


@dataclass(frozen=True)
class Selection:
    """The images that are drawn.

    Attributes:
        seeds: One behind the other; see `Cell`.
        labels: To show; None for class seed mod classes.
        layout: By-label-free: a label for each of as many equal parts of the seeds. Else, each of
            several labels is shown by all seeds.
    """

    seeds: tuple[range, ...]
    labels: tuple[int, ...] | None = None
    layout: Layout = "by-seed"

    @property
    def count(self) -> int:
        """How many images."""
        seeds = sum(map(len, self.seeds))
        return seeds if self.layout == "by-label-free" else seeds * len(self.labels or (0,))

    def cells(self) -> Iterator[Cell]:
        """Each image, label by label where there are labels."""
        labels: Sequence[int | None] = self.labels or (None,)
        if self.layout == "by-label-free":
            part = self.count // len(labels)
            numbered = enumerate(seed for seeds in self.seeds for seed in seeds)
            return (Cell(seed, labels[number // part]) for number, seed in numbered)
        return (Cell(seed, label) for label in labels for seeds in self.seeds for seed in seeds)


def names_of_rows(layout: Layout, rows: int, names: Sequence[str]) -> list[str]:
    """What is written beside the rows of a grid: its classes, nothing where rows have none.

    Args:
        layout: Of the grid.
        rows: How many.
        names: Of all classes.
    """
    return [] if layout == "by-seed" else [names[row % len(names)] for row in range(rows)]


def grid_cells(layout: Layout, rows: int, columns: int, classes: int) -> list[Cell]:
    """What stands in each place of a grid, row by row, with seeds from 0."""
    places = [(row, column) for row in range(rows) for column in range(columns)]
    if layout == "by-seed":
        return [Cell(row * columns + column) for row, column in places]
    if layout == "by-label":
        return [Cell(column, row % classes) for row, column in places]
    return [Cell(row * columns + column, row % classes) for row, column in places]
