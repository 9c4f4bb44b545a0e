"""The layers of the reference recipes in NumPy, forward and backward, in float64.

Written from the formulas: nothing here uses gantool, Keras or TensorFlow. A layer is called with
its inputs, the labels of the batch and its weights in the order of `names`; what it gives knows the
way back. `test_reference.py` holds the gradients against finite differences.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

Array = np.ndarray[Any, np.dtype[np.float64]]


class Passed(NamedTuple):
    """What a layer gives for a batch.

    Attributes:
        outputs: [B, …].
        backward: From the gradient by the outputs to that by the inputs, and those by the weights.
        statistics: The moving statistics after this pass, in the order of the layer's weights.
    """

    outputs: Array
    backward: Callable[[Array], tuple[Array, list[Array]]]
    statistics: list[Array]


class Layer(Protocol):
    """A layer; `names` are those of its weights, in Keras's order, moving statistics last."""

    @property
    def names(self) -> tuple[str, ...]: ...

    def __call__(self, x: Array, labels: Array, /, *weights: Array) -> Passed: ...


@dataclass(frozen=True)
class Dense:
    """x·W + b."""

    names = ("kernel", "bias")

    def __call__(self, x: Array, _labels: Array, *weights: Array) -> Passed:
        kernel, bias = weights
        return Passed(x @ kernel + bias, lambda dy: (dy @ kernel.T, [x.T @ dy, dy.sum(axis=0)]), [])


@dataclass(frozen=True)
class Convolution:
    """Cross-correlation of [B, H, W, C] with a kernel [size, size, C, filters], padding "same"."""

    size: int
    stride: int = 2
    names = ("kernel", "bias")

    def __call__(self, x: Array, _labels: Array, *weights: Array) -> Passed:
        kernel, bias = weights
        assert kernel.shape[:2] == (self.size, self.size)

        def backward(dy: Array) -> tuple[Array, list[Array]]:
            by_kernel = _by_kernel(x, dy, self.size, self.stride)
            return _spread(dy, kernel, x.shape[1], self.stride), [by_kernel, dy.sum(axis=(0, 1, 2))]

        return Passed(_gather(x, kernel, self.stride) + bias, backward, [])


@dataclass(frozen=True)
class Transposed:
    """The transpose of the convolution that leads from `side` × `side` back to the inputs.

    The kernel is [size, size, filters, C]; the outputs are [B, side, side, filters].
    """

    size: int
    side: int
    stride: int = 2
    names = ("kernel", "bias")

    def __call__(self, x: Array, _labels: Array, *weights: Array) -> Passed:
        kernel, bias = weights
        assert kernel.shape[:2] == (self.size, self.size)

        def backward(dy: Array) -> tuple[Array, list[Array]]:
            by_kernel = _by_kernel(dy, x, self.size, self.stride)
            return _gather(dy, kernel, self.stride), [by_kernel, dy.sum(axis=(0, 1, 2))]

        return Passed(_spread(x, kernel, self.side, self.stride) + bias, backward, [])


@dataclass(frozen=True)
class BatchNormalization:
    """γ(x − μ)/√(σ² + ε) + β with the batch's μ and σ² of each channel (Ioffe and Szegedy 2015).

    Without `affine` there are no γ and β. Moving statistics follow: s ← decay·s + (1 − decay)·μ.
    """

    epsilon: float = 1e-3
    decay: float = 0.99
    affine: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        return (*(("gamma", "beta") if self.affine else ()), "moving_mean", "moving_variance")

    def __call__(self, x: Array, _labels: Array, *weights: Array) -> Passed:
        *affine, moving_mean, moving_variance = weights
        gamma, beta = affine if self.affine else (np.ones(x.shape[-1]), np.zeros(x.shape[-1]))
        axes = tuple(range(x.ndim - 1))
        mean, variance = x.mean(axis=axes), x.var(axis=axes)
        spread = np.sqrt(variance + self.epsilon)
        normal = (x - mean) / spread

        def backward(dy: Array) -> tuple[Array, list[Array]]:
            by_gamma, by_beta = (dy * normal).sum(axis=axes), dy.sum(axis=axes)
            count = x.size // x.shape[-1]
            dx = gamma / spread * (dy - by_beta / count - normal * by_gamma / count)
            return dx, [by_gamma, by_beta] if self.affine else []

        pairs = (moving_mean, mean), (moving_variance, variance)
        statistics = [self.decay * old + (1.0 - self.decay) * new for old, new in pairs]
        return Passed(gamma * normal + beta, backward, statistics)


@dataclass(frozen=True)
class Rectifier:
    """x where it is positive, slope · x elsewhere: ReLU, or LeakyReLU with a slope."""

    slope: float = 0.0
    names = ()

    def __call__(self, x: Array, _labels: Array, *_: Array) -> Passed:
        factor = np.where(x > 0.0, 1.0, self.slope)
        return Passed(x * factor, lambda dy: (dy * factor, []), [])


@dataclass(frozen=True)
class Tanh:
    names = ()

    def __call__(self, x: Array, _labels: Array, *_: Array) -> Passed:
        y = np.tanh(x)
        return Passed(y, lambda dy: (dy * (1.0 - y * y), []), [])


@dataclass(frozen=True)
class Sigmoid:
    names = ()

    def __call__(self, x: Array, _labels: Array, *_: Array) -> Passed:
        y = 1.0 / (1.0 + np.exp(-x))
        return Passed(y, lambda dy: (dy * y * (1.0 - y), []), [])


@dataclass(frozen=True)
class Reshape:
    """[B, …] to [B, *shape]; without a shape to vectors."""

    shape: tuple[int, ...] = (-1,)
    names = ()

    def __call__(self, x: Array, _labels: Array, *_: Array) -> Passed:
        return Passed(x.reshape(len(x), *self.shape), lambda dy: (dy.reshape(x.shape), []), [])


@dataclass(frozen=True)
class BesideLabel:
    """The one-hot label after the last channel of each place."""

    classes: int = 10
    names = ()

    def __call__(self, x: Array, labels: Array, *_: Array) -> Passed:
        one_hot = np.zeros((*x.shape[:-1], self.classes))
        for image, label in zip(one_hot, labels, strict=True):
            image[..., int(label)] = 1.0
        channels = x.shape[-1]
        outputs = np.concatenate([x, one_hot], axis=-1)
        return Passed(outputs, lambda dy: (dy[..., :channels], []), [])


def _margins(side: int, size: int, stride: int) -> tuple[int, int]:
    """How many zeros "same" puts before and after a side: the odd one stands after."""
    total = max((-(-side // stride) - 1) * stride + size - side, 0)
    return total // 2, total - total // 2


def _windows(x: Array, size: int, stride: int) -> Array:
    """All places of a kernel on padded x [B, H, H, C]: [B, H', H', C, size, size]."""
    margins = _margins(x.shape[1], size, stride)
    padded = np.pad(x, ((0, 0), margins, margins, (0, 0)))
    return sliding_window_view(padded, (size, size), axis=(1, 2))[:, ::stride, ::stride]


def _gather(x: Array, kernel: Array, stride: int) -> Array:
    """The convolution A·x with a kernel [size, size, C, F]."""
    return np.tensordot(_windows(x, len(kernel), stride), kernel, ([4, 5, 3], [0, 1, 2]))


def _by_kernel(x: Array, dy: Array, size: int, stride: int) -> Array:
    """The gradient of ⟨dy, A·x⟩ by the kernel [size, size, C, F]."""
    windows = _windows(x, size, stride)
    return np.tensordot(windows, dy, ([0, 1, 2], [0, 1, 2])).transpose(1, 2, 0, 3)


def _spread(dy: Array, kernel: Array, side: int, stride: int) -> Array:
    """The transpose Aᵀ·dy: [B, H', H', F] to [B, side, side, C]."""
    size, reach = len(kernel), stride * dy.shape[1]
    before, after = _margins(side, size, stride)
    padded = np.zeros((len(dy), *2 * (side + before + after,), kernel.shape[2]))
    for row in range(size):
        for column in range(size):
            places = slice(row, row + reach, stride), slice(column, column + reach, stride)
            padded[:, places[0], places[1]] += dy @ kernel[row, column].T
    return padded[:, before : before + side, before : before + side]
