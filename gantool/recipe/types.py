"""Types of the values of a recipe, with the bounds that they have everywhere."""

from __future__ import annotations

import ast
import re
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    WithJsonSchema,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticKnownError

MAX_COUNT = 2**63 - 1
"""The largest whole number that TensorFlow has."""

BOOLEANS = {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}
"""What YAML gives as text where a switch is meant."""


def _refuse_other_kinds(error: Literal["int_type", "float_type"]) -> BeforeValidator:
    """Refuse true, false and quoted numbers, which pydantic takes for numbers."""

    def check(value: Any) -> Any:
        if isinstance(value, (bool, str)):
            raise PydanticKnownError(error)
        return value

    return BeforeValidator(check)


IS_WHOLE = _refuse_other_kinds("int_type")
IS_NUMBER = _refuse_other_kinds("float_type")
Count = Annotated[int, Field(gt=0, le=MAX_COUNT), IS_WHOLE]
"""A whole number of at least 1."""
Natural = Annotated[int, Field(ge=0, le=MAX_COUNT), IS_WHOLE]
"""A whole number of at least 0."""
Number = Annotated[FiniteFloat, IS_NUMBER]
"""A finite number."""
Positive = Annotated[FiniteFloat, Field(gt=0), IS_NUMBER]
"""A finite number above 0."""
NonNegative = Annotated[FiniteFloat, Field(ge=0), IS_NUMBER]
"""A finite number of at least 0."""
Fraction = Annotated[FiniteFloat, Field(gt=0, lt=1), IS_NUMBER]
"""A number between 0 and 1, neither included."""
Share = Annotated[FiniteFloat, Field(ge=0, lt=1), IS_NUMBER]
"""A number in [0, 1)."""


class Interval(BaseModel):
    """So many steps, epochs or images: `500`, `1 epoch`, `2 epochs`, `5000 images`."""

    model_config = ConfigDict(frozen=True)

    count: int
    unit: Literal["step", "epoch", "image"] = "step"

    @classmethod
    def of(cls, written: int | str) -> Interval:
        """The interval that a recipe writes so."""
        return cls.model_validate(written)

    @model_validator(mode="before")
    @classmethod
    def _from_yaml(cls, value: Any) -> Any:
        if isinstance(value, Interval):
            return value
        found = _UNITS.fullmatch(value) if isinstance(value, str) else None
        count = int(found[1]) if found else value
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            raise ValueError(
                "write a number of steps of at least 1, or epochs or images as in `1 epoch` and"
                f" `5000 images`, not {value!r}"
            )
        if count > MAX_COUNT:
            raise ValueError(f"write at most {MAX_COUNT} steps, epochs or images, not {value!r}")
        return {"count": count, "unit": found[2] if found else "step"}

    @model_serializer
    def _as_written(self) -> int | str:
        return self.count if self.unit == "step" else str(self)

    def __str__(self) -> str:
        return f"{self.count} {self.unit}" + ("s" if self.count > 1 else "")


_UNITS = re.compile(r"([1-9]\d{0,99}) (epoch|image)s?")

Every = Annotated[
    Interval,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "exclusiveMinimum": 0, "maximum": MAX_COUNT},
                {"type": "string", "pattern": f"^{_UNITS.pattern}$"},
            ]
        }
    ),
]
"""So many steps, epochs or images, from one time to the next."""
Span = Every
"""So many steps, epochs or images, from the start of a run."""

_Number = TypeVar("_Number")
Scheduled: TypeAlias = _Number | Any
"""`Scheduled[Positive]`: a number above 0, or a schedule of numbers that are above 0 or 0."""

_BY_NAME: dict[str, Any] = {
    "bool": Annotated[bool, Field(strict=True)],
    "str": str,
    "Count": Count,
    "Every": Every,
    "Fraction": Fraction,
    "Natural": Natural,
    "NonNegative": NonNegative,
    "Number": Number,
    "Positive": Positive,
    "Share": Share,
    "Span": Span,
}


def type_of(annotation: ast.expr | None) -> Any:
    """The type that an annotation in the source of a component names; `Any` for others."""
    match annotation:
        case ast.Name(name):
            return _BY_NAME.get(name, Any)
        case ast.Constant(None):
            return None
        case ast.BinOp(left, ast.BitOr(), right):
            return type_of(left) | type_of(right)
        case ast.Subscript(ast.Name("Scheduled"), number):
            return type_of(number)
        case ast.Subscript(ast.Name("list"), item):
            return list[type_of(item)]  # type: ignore[misc]
        case ast.Subscript(ast.Name("Literal"), choices):
            found = ast.literal_eval(choices)
            return Literal[found if isinstance(found, tuple) else (found,)]
    return Any


def is_scheduled(annotation: ast.expr | None) -> bool:
    """Whether an annotation in the source of a component lets a number follow a schedule."""
    match annotation:
        case ast.Subscript(ast.Name("Scheduled")):
            return True
    return False
