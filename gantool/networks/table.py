"""The layers of a network as rows of a table."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras

from gantool.layers.auxiliary_classifier import classifies
from gantool.networks.build import BuiltNetwork, PlacedLayer
from gantool.networks.messages import times


class LayerRow(NamedTuple):
    """A layer, the input, or the heading of a block, as text.

    Attributes:
        number: From 1; empty for what is no layer.
        layer: Its name with what it wraps, indented by the blocks it is in.
        output: The shape of what it gives.
        parameters: How many it has; empty for none.
    """

    number: str
    layer: str
    output: str
    parameters: str


def layer_rows(network: BuiltNetwork, input_shape: Sequence[int]) -> list[LayerRow]:
    """The input and every layer of a network, below headings of blocks and their parts."""
    label = " + label" if network.takes_label else ""
    rows = [LayerRow("", "input", times(input_shape) + label, "")]
    inside: list[str] = []
    for number, placed in enumerate(network.layers, start=1):
        *blocks, _ = placed.place.split("/")
        rows += [LayerRow("", heading, "", "") for heading in _begun(inside, blocks)]
        inside = blocks
        own = placed.layer.count_params()
        name = "  " * len(blocks) + _name(placed)
        rows.append(LayerRow(str(number), name, _output(placed), f"{own:,}" if own else ""))
    return rows


def parameter_count(network: BuiltNetwork) -> int:
    """How many numbers all weights of a network are."""
    return sum(math.prod(variable.shape) for variable in network.weights().values())


def _output(placed: PlacedLayer) -> str:
    if not classifies(placed.layer):
        return times(placed.shape)
    classes = (placed.shape[-1] or 1) - 1
    return f"logit + {classes} class" + ("es" if classes > 1 else "")


def _begun(before: Sequence[str], blocks: Sequence[str]) -> list[str]:
    """Headings of the blocks that begin with a layer, and of their parts, such as a `body`."""
    shared = 0
    while before[shared : shared + 1] == blocks[shared : shared + 1] != []:
        shared += 1
    return ["  " * depth + _part(blocks[depth]) for depth in range(shared, len(blocks))]


def _part(part: str) -> str:
    """Of `03_Residual` the block, of `02` in a Repeat which time it is, and `body` as it is."""
    return f"time {int(part) + 1}" if part.isdigit() else part.split("_", 1)[-1]


def _name(placed: PlacedLayer) -> str:
    """The name of a layer, with what it wraps."""
    name = _part(placed.place.rsplit("/", 1)[-1])
    layer: Any = placed.layer
    inside = []
    while isinstance(layer := getattr(layer, "layer", None), keras.layers.Layer):
        inside.append(type(layer).__name__)
    return "(".join([name, *inside]) + ")" * len(inside)
