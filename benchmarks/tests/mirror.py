"""A network's variables as its PyTorch counterpart has them; see `peers/torch_networks.py`.

PyTorch has channels first, and its images and kernels are flipped in height and width.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gantool.networks.build import BuiltNetwork

Array = np.ndarray[Any, Any]


def mirrored_images(images: Array) -> Array:
    """[B, H, W, C] to [B, C, H, W], flipped."""
    return np.ascontiguousarray(images[:, ::-1, ::-1].transpose(0, 3, 1, 2))


def mirrored(network: BuiltNetwork, values: dict[str, Array]) -> dict[str, Array]:
    """Values of a network's variables, by their keys, in PyTorch's shapes and order of elements."""
    found = {}
    layers = network.layers
    for index, placed in enumerate(layers):
        # What the layer gives becomes maps by a Reshape behind it; what it takes were maps before.
        ahead = [it.shape for it in layers[index:] if it.name == "Reshape"]
        makes = ahead[0] if ahead and placed.shape == (np.prod(ahead[0]),) else None
        behind = layers[index - 1]
        takes = layers[index - 2].shape if behind.name == "Flatten" else None
        for variable in placed.layer.weights:
            key = f"{placed.place}/{variable.name}"
            value = values[key]
            if value.ndim == 4:
                value = value[::-1, ::-1].transpose(3, 2, 0, 1)
            else:
                if makes is not None:
                    value = value[..., _order(makes)]
                if value.ndim == 2:
                    value = (value if takes is None else value[_order(takes)]).T
            found[key] = np.ascontiguousarray(value)
    return found


def _order(shape: Any) -> Array:
    """Where, in maps [H, W, C] as a vector, the elements of PyTorch's vector stand."""
    places = np.arange(np.prod(shape)).reshape(shape)
    return places[::-1, ::-1].transpose(2, 0, 1).ravel()
