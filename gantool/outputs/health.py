"""Signs of a run that goes wrong while all its numbers are finite, and what they mean."""

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
"""Of metrics.jsonl."""

MEMORY = 10_000
"""Rows back that the rules look at most, so that grids may come that much less often than rows."""

_COLLAPSED = 0.1
_WON = 0.02
"""Twice −log 0.99: by logarithms, the loss of a discriminator that is 99 % sure, and right."""
_ROWS_WON = 10


def is_collapsed(value: float) -> bool:
    """Whether a diversity is that of a generator which makes few different images."""
    return value < _COLLAPSED


def warnings_of(rows: Sequence[Row], saturates: bool) -> list[str]:
    """What to warn of at the last of these rows: what is so there, and was not one row before.

    Args:
        rows: The newest of metrics.jsonl, up to the present step.
        saturates: Whether a loss of the discriminator near zero says that its logits are.
    """
    told = []
    if rows and "diversity" in rows[-1]:
        measured = [row["diversity"] for row in rows if "diversity" in row]
        if _are_collapsed(measured) and not _are_collapsed(measured[:-1]):
            told.append(
                "the generator has collapsed: in the last two grids, images differ from those most"
                f" like them by {measured[-1]:.0%} of what real ones do; a lower learning rate, or"
                " an earlier checkpoint, may help"
            )
    if _has_won(rows, saturates) and not _has_won(rows[:-1], saturates):
        told.append(
            f"the discriminator has won: its loss was below {_WON} in the last {_ROWS_WON} rows, so"
            " its logits are saturated and the generator learns next to nothing from it; a lower"
            " learning rate for it, or more updates of the generator, may help"
        )
    return told


def _are_collapsed(measured: Sequence[float]) -> bool:
    return len(measured) > 1 and all(is_collapsed(value) for value in measured[-2:])


def _has_won(rows: Sequence[Row], saturates: bool) -> bool:
    latest = rows[-_ROWS_WON:]
    if not saturates or len(latest) < _ROWS_WON:
        return False
    return all(row["discriminator_loss"] < _WON for row in latest)
