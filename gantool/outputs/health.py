"""Signs of a run that goes wrong while all its numbers are finite, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Row = Mapping[str, Any]
"""Of metrics.jsonl."""

MEMORY = 10_000
"""Rows back that the rules look at most, so that grids may come that much less often than rows."""

_COMPARED = 64
_COLLAPSED = 0.1
_WON = 0.02
"""Twice −log 0.99: by logarithms, the loss of a discriminator that is 99 % sure, and right."""
_ROWS_WON = 10
_UNBOUNDED = "wasserstein"


def diversity(images: Sequence[np.ndarray], reals: Sequence[np.ndarray]) -> float | None:
    """How far made images are from the ones most like them, beside how far real ones are.

    The median over the first 64 images of the root mean square distance to the nearest other one,
    as a share of that of real images. About 1 for a generator as rich as its data; near 0 where
    each image has a double, be it that all are alike or that there are a few kinds.

    Args:
        images: uint8 [H, W, C] each, at least 2.
        reals: Likewise.

    Returns:
        None where the real images have doubles, or there are too few to compare.
    """
    ours, theirs = _nearest(images), _nearest(reals)
    return round(ours / theirs, 4) if ours is not None and theirs else None


def is_collapsed(value: float) -> bool:
    """Whether a diversity is that of a generator which makes few different images."""
    return value < _COLLAPSED


def warnings_of(rows: Sequence[Row], loss: str) -> list[str]:
    """What to warn of at the last of these rows: what is so there, and was not one row before.

    Args:
        rows: The newest of metrics.jsonl, up to the present step.
        loss: Of the recipe.
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
    if _has_won(rows, loss) and not _has_won(rows[:-1], loss):
        told.append(
            f"the discriminator has won: its loss was below {_WON} in the last {_ROWS_WON} rows, so"
            " its logits are saturated and the generator learns next to nothing from it; a lower"
            " learning rate for it, or more updates of the generator, may help"
        )
    return told


def _nearest(images: Sequence[np.ndarray]) -> float | None:
    count = min(len(images), _COMPARED)
    if count < 2:
        return None
    pixels = np.stack(images[:count]).reshape(count, -1).astype(np.float64) / 255.0
    squares = np.square(pixels).sum(axis=1)
    # |a − b|² = |a|² + |b|² − 2ab; in float64 what rounding leaves is far below a grey level.
    distances = squares[:, None] + squares[None, :] - 2.0 * pixels @ pixels.T
    np.fill_diagonal(distances, np.inf)
    nearest = np.maximum(distances.min(axis=1), 0.0) / pixels.shape[1]
    return float(np.median(np.sqrt(nearest)))


def _are_collapsed(measured: Sequence[float]) -> bool:
    return len(measured) > 1 and all(is_collapsed(value) for value in measured[-2:])


def _has_won(rows: Sequence[Row], loss: str) -> bool:
    latest = rows[-_ROWS_WON:]
    if loss == _UNBOUNDED or len(latest) < _ROWS_WON:
        return False
    return all(row["discriminator_loss"] < _WON for row in latest)
