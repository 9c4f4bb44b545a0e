"""How long ways to compute a convolution are expected to take: functions of the shapes alone."""

import math
from functools import cache

from gantool.kernels.stride import Shapes
from gantool.kernels.winograd import LONGEST

TILES = {"tiles of 2": 2, "tiles of 4": 4}
"""Winograd's filtering, by the side of a tile."""

_FEWEST_CHANNELS = 16
"""Below, the maps of Winograd's filtering cost more than the products that they save."""

# Seconds of one core at 2.6 GHz with AVX2, measured: the three passes of training by oneDNN, a
# product of matrices, and the linear maps both ways for each number that they read or write.
_DIRECT = 1 / 85e9 + 1 / 78e9 + 1 / 64e9
_PRODUCT = 1 / 72e9
_OF_CELL, _OF_TILE, _OF_PRODUCT, _OF_WEIGHT = 2.2e-9, 2.8e-9, 2.1e-9, 1.2e-9


def operations(shapes: Shapes) -> float:
    """Floating-point operations of one of the three passes of training, by definition."""
    places = shapes.batch * math.prod(shapes.outputs) * shapes.kernel**2
    return 2.0 * places * shapes.channels * shapes.filters


@cache
def best_tiles(shapes: Shapes, worth: float) -> list[str]:
    """The name of the fastest tiles of Winograd's filtering, alone in a list.

    Args:
        shapes: Of the convolution.
        worth: Share of the direct way's time that they may take; where they take more, or there are
            none, the list is empty.
    """
    if shapes.kernel <= shapes.stride or min(shapes.channels, shapes.filters) < _FEWEST_CHANNELS:
        return []
    limit = worth * operations(shapes) * _DIRECT
    fitting = [name for name, tile in TILES.items() if tile + shapes.taps - 1 <= LONGEST]
    seconds = {name: _seconds(shapes, TILES[name]) for name in fitting}
    best = min(seconds, key=lambda name: seconds[name], default=None)
    return [best] if best is not None and seconds[best] <= limit else []


def _seconds(shapes: Shapes, tile: int) -> float:
    """The estimated time of the three passes of training by Winograd's filtering."""
    taps, depth = shapes.taps, shapes.depth
    side = tile + taps - 1
    # The numbers of all places of a tile: at infinity an odd kernel has one pixel instead of two.
    numbers = (shapes.stride * side - shapes.lacking) ** 2 * shapes.channels
    down, across = (-(-side // tile) for side in shapes.outputs)
    tiles = shapes.batch * down * across
    cells = shapes.batch * (tile * down + taps - 1) * (tile * across + taps - 1) * depth
    return (
        6.0 * numbers * tiles * shapes.filters * _PRODUCT
        + cells * _OF_CELL
        + numbers * tiles * _OF_TILE
        + side**2 * tiles * shapes.filters * _OF_PRODUCT
        + numbers * shapes.filters * _OF_WEIGHT
    )
