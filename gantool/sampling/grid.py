"""What stands where in a picture of samples. Knows no TensorFlow."""

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


def grid_cells(layout: Layout, rows: int, columns: int, classes: int) -> list[Cell]:
    """What stands in each place of a grid, row by row, with seeds from 0."""
    places = [(row, column) for row in range(rows) for column in range(columns)]
    if layout == "by-seed":
        return [Cell(row * columns + column) for row, column in places]
    if layout == "by-label":
        return [Cell(column, row % classes) for row, column in places]
    return [Cell(row * columns + column, row % classes) for row, column in places]
