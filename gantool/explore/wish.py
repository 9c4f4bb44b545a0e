"""What a picture is to show. Knows no TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from gantool.errors import InputError, printable
from gantool.sampling.seeds import MAX_SEED

REACH = 3.0
"""How far a latent is moved along a direction, to both sides."""


def _whole(value: Any) -> Any:
    if isinstance(value, str) and not (value.isascii() and value.isdecimal()):
        raise ValueError(f"{value[:30]!r} is no whole number from 0")
    return value


_Whole = Annotated[int, BeforeValidator(_whole)]
_Seed = Annotated[_Whole, Field(le=MAX_SEED)]
_Move = Annotated[float, Field(ge=-REACH, le=REACH, allow_inf_nan=False)]


def _parts(value: Any) -> Any:
    return value.split(",") if isinstance(value, str) else value


class Wish(BaseModel):
    """What a picture is to show.

    Attributes:
        seed: Whose latent is shown, or moved.
        label: The class; None for class seed mod classes, or where there are no labels.
        end: The seed that a way leads to; None without one.
        share: How far on the way to it, 0 to 1.
        moves: How far along each direction, from the first; none along those that are left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: _Seed
    label: _Whole | None = None
    end: _Seed | None = None
    share: float = Field(0.0, ge=0.0, le=1.0, allow_inf_nan=False)
    moves: Annotated[tuple[_Move, ...], BeforeValidator(_parts)] = ()

    @property
    def is_moved(self) -> bool:
        """Whether it shows another latent than that of its seed."""
        return any(self.moves) or (self.end is not None and self.share > 0.0)


def wish_of(query: Mapping[str, str]) -> Wish:
    """Read the query of an address, as in `seed=7&moves=0.5,-1`.

    Raises:
        InputError: It is something else; says what.
    """
    try:
        return Wish.model_validate(dict(query))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = " ".join(printable(str(part)[:60]) for part in first["loc"])
        raise InputError(f"{where}: {first['msg'].removeprefix('Value error, ')}") from None
