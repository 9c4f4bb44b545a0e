"""What a user asks of a recipe."""

from typing import NamedTuple

from gantool.data.inspection.survey import Size
from gantool.data.sources.choice import USUAL, Asked, Split
from gantool.recipe.data import Features


class Wishes(NamedTuple):
    """What the user has decided, or left to the pictures.

    Attributes:
        name: Of the recipe.
        source: What the recipe is to call the pictures.
        size: Height and width; None for what suits them.
        labels: What says the classes; None for the pictures.
        split: Which split is taken.
        features: Names of what records and arrays hold.
    """

    name: str
    source: str
    size: Size | None = None
    labels: Asked | None = None
    split: Split | None = None
    features: Features = USUAL
