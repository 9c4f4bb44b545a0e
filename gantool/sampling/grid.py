"""What stands where in a picture of samples. Knows no TensorFlow."""

from collections.abc import Sequence
from typing import NamedTuple

from gantool.recipe.model import Layout


class Cell(NamedTuple):
    """One image of a picture.

    Attributes:
        seed: Decides its latent vector; 0 ≤ seed < 2⁶³ − 32.
        label: The class it shows; None for class seed mod classes.
    """

    seed: int
    label: int | None = None


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
