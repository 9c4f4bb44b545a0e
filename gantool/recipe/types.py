"""Types of the numbers of a recipe, each with the bounds that they have everywhere."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

MAX_COUNT = 2**63 - 1
"""The largest whole number that TensorFlow has."""

Count = Annotated[int, Field(gt=0, le=MAX_COUNT)]
"""A whole number of at least 1."""
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
"""A finite number above zero."""
Fraction = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
"""A number in [0, 1)."""
