"""The Inception network by whose features papers report FID, KID and Inception score."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from gantool.features.network import ClassNetwork, FeatureName, Features

_SIDE = 299
_EPSILON = 0.001
"""Of batch normalisation."""
_BATCH = 32
"""Images that are looked at together."""

Branch = Sequence[str | tuple[str, str]]
"""Layers one behind the other: names of convolutions, with /2 for a stride of 2 without padding, or
of two that stand beside each other; `average` and `largest` are of the 3×3 values around each."""

_SMALL: Sequence[Branch] = (
    ("branch1x1",),
    ("branch5x5_1", "branch5x5_2"),
    ("branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"),
    ("average", "branch_pool"),
)
_WIDE: Sequence[Branch] = (
    ("branch1x1",),
    ("branch7x7_1", "branch7x7_2", "branch7x7_3"),
    tuple(f"branch7x7dbl_{number}" for number in range(1, 6)),
    ("average", "branch_pool"),
)


def _last(pool: str) -> Sequence[Branch]:
    return (
        ("branch1x1",),
        ("branch3x3_1", ("branch3x3_2a", "branch3x3_2b")),
        ("branch3x3dbl_1", "branch3x3dbl_2", ("branch3x3dbl_3a", "branch3x3dbl_3b")),
        (pool, "branch_pool"),
    )


_BLOCKS: Mapping[str, Sequence[Branch]] = {
    "5b": _SMALL,
    "5c": _SMALL,
    "5d": _SMALL,
    "6a": (
        ("branch3x3/2",),
        ("branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3/2"),
        ("largest/2",),
    ),
    "6b": _WIDE,
    "6c": _WIDE,
    "6d": _WIDE,
    "6e": _WIDE,
    "7a": (
        ("branch3x3_1", "branch3x3_2/2"),
        ("branch7x7x3_1", "branch7x7x3_2", "branch7x7x3_3", "branch7x7x3_4/2"),
        ("largest/2",),
    ),
    "7b": _last("average"),
    "7c": _last("largest"),
}
"""Branches of each block, whose maps stand behind each other in its own."""


class Inception(ClassNetwork):
    """Inception v3 as TensorFlow published it in December 2015; 2,048 features, 1,008 classes.

    Salimans et al. (2016) and Heusel et al. (2017) took their figures by that frozen graph. Images
    of any size are made 299×299, bilinearly and without smoothing, as TensorFlow 1 did, and their
    values (x - 128) / 128. Average pooling leaves out what lies beyond the edge, the last block
    pools the largest values, and probabilities are without the bias of the logits.

    Args:
        weights: By their names in torch-fidelity's conversion of the graph.
        digest: Of them.
    """

    name: FeatureName = "inception"

    def __init__(self, weights: Mapping[str, NDArray[Any]], digest: str) -> None:
        self._digest = digest
        self._convolutions = {
            name.removesuffix(".conv.weight"): _folded(weights, name.removesuffix(".conv.weight"))
            for name in weights
            if name.endswith(".conv.weight")
        }
        self._classes = weights["fc.weight"].astype(np.float64).T
        self._compiled = tf.function(self._features, autograph=False, reduce_retracing=True)

    @property
    def digest(self) -> str:
        """See `ClassNetwork`."""
        return hashlib.sha256(Path(__file__).read_bytes() + self._digest.encode()).hexdigest()

    @property
    def told(self) -> str:
        """See `ClassNetwork`."""
        return "Inception v3 of December 2015, as papers have it"

    def __call__(self, images: NDArray[np.generic]) -> Features:
        """See `ClassNetwork`."""
        parts = [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]
        return np.concatenate([self._compiled(tf.constant(part)).numpy() for part in parts])

    def probabilities(self, features: Features) -> NDArray[np.float64]:
        """See `ClassNetwork`."""
        logits = features.astype(np.float64) @ self._classes
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        found: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
        return found

    def _features(self, images: tf.Tensor) -> tf.Tensor:
        """Features [B, 2048] of images uint8 [B, H, W, 1 or 3]; of grey ones, three times."""
        values = tf.cast(images, tf.float32)
        if images.shape[-1] == 1:
            values = tf.repeat(values, 3, axis=-1)
        # Without the half pixel by which later versions of TensorFlow move the corners.
        values = tf.raw_ops.ResizeBilinear(images=values, size=(_SIDE, _SIDE))
        maps = self._convolved((values - 128.0) / 128.0, "Conv2d_1a_3x3/2")
        maps = self._convolved(maps, "Conv2d_2a_3x3", "VALID")
        maps = _largest(self._convolved(maps, "Conv2d_2b_3x3"), 2)
        maps = self._convolved(maps, "Conv2d_3b_1x1")
        maps = _largest(self._convolved(maps, "Conv2d_4a_3x3", "VALID"), 2)
        for name, branches in _BLOCKS.items():
            found = [self._branch(maps, f"Mixed_{name}", branch) for branch in branches]
            maps = tf.concat(found, axis=-1)
        return tf.reduce_mean(maps, [1, 2])

    def _branch(self, maps: tf.Tensor, block: str, layers: Branch) -> tf.Tensor:
        for layer in layers:
            if layer == "average":
                maps = tf.nn.avg_pool2d(maps, 3, 1, "SAME")
            elif layer == "largest":
                maps = _largest(maps, 1)
            elif layer == "largest/2":
                maps = _largest(maps, 2)
            else:
                beside = layer if isinstance(layer, tuple) else (layer,)
                made = [self._convolved(maps, f"{block}.{name}") for name in beside]
                maps = tf.concat(made, axis=-1)
        return maps

    def _convolved(self, maps: tf.Tensor, name: str, padding: str = "SAME") -> tf.Tensor:
        name, slash, _ = name.partition("/")
        kernel, bias = self._convolutions[name]
        strides, padding = (2, "VALID") if slash else (1, padding)
        return tf.nn.relu(tf.nn.conv2d(maps, kernel, strides, padding) + bias)


def _largest(maps: tf.Tensor, strides: int) -> tf.Tensor:
    """Largest of 3×3 values; with a stride of 2 without padding."""
    return tf.nn.max_pool2d(maps, 3, strides, "SAME" if strides == 1 else "VALID")


def _folded(weights: Mapping[str, NDArray[Any]], name: str) -> tuple[tf.Tensor, tf.Tensor]:
    """Kernel [h, w, in, out] and bias [out] of a convolution and the normalisation behind it."""
    kernel, gamma, beta, mean, variance = (
        weights[f"{name}.{part}"].astype(np.float64)
        for part in ("conv.weight", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var")
    )
    factor = gamma / np.sqrt(variance + _EPSILON)
    scaled = kernel.transpose(2, 3, 1, 0) * factor
    return tf.constant(scaled, tf.float32), tf.constant(beta - mean * factor, tf.float32)
