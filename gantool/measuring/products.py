"""How many floating-point operations a graph of TensorFlow has.

Counted are products of matrices and convolutions, as they are defined: two operations, a
multiplication and an addition, for each product of two numbers, those with a zero of the padding
included. Normalisation, activations, losses and optimizers are left out.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

_OPAQUE = {"While", "StatelessWhile", "If", "StatelessIf", "PartitionedCall"}
_OPAQUE |= {"StatefulPartitionedCall", "XlaLaunch", "CudnnRNNV3"}
"""Operations that hide others: loops of recurrent layers, above all."""

_ZERO_OF_ZEROS = {"AddN", "AddV2", "Add", "Sub"}
"""Zero where all their inputs are."""
_ZERO_OF_FIRST = {"LeakyReluGrad", "ReluGrad", "BiasAddGrad", "Identity", "Reshape", "Transpose"}
_ZERO_OF_FIRST |= {"Cast", "Neg", "Sum"}
"""Zero where their first input is."""


class Count(NamedTuple):
    """Operations of a graph, and whether they are all that it has."""

    operations: int
    is_all: bool


def count_operations(graph: Any) -> Count:
    """Add up what has to be computed for the outputs of a function's graph of known shapes.

    What is zero need not be: the second derivative of a piecewise linear activation is, and whole
    chains of gradients with it.
    """
    zeros = _zeros(graph)
    waiting = [output.op for output in graph.outputs]
    met: set[str] = set()
    operations, is_all = 0, True
    while waiting:
        operation = waiting.pop()
        if operation.name in met or operation.name in zeros:
            continue
        met.add(operation.name)
        waiting += [tensor.op for tensor in operation.inputs]
        products = _PRODUCTS.get(operation.type)
        if products is not None:
            operations += 2 * products(operation)
        is_all &= operation.type not in _OPAQUE
    return Count(operations, is_all)


def _zeros(graph: Any) -> set[str]:
    """The names of the operations whose output is zero, whatever the inputs of the graph are."""
    zeros: set[str] = set()
    for operation in graph.get_operations():  # in the order in which they were made
        if _is_zero(operation, [tensor.op.name in zeros for tensor in operation.inputs]):
            zeros.add(operation.name)
    return zeros


def _is_zero(operation: Any, inputs: list[bool]) -> bool:
    """Whether an operation gives zero, from which of its inputs are."""
    kind = operation.type
    if kind == "Const":
        [output] = operation.outputs
        return bool(output.dtype.is_floating and not tf.get_static_value(output).any())
    if kind in _ZERO_OF_FIRST:
        return inputs[0]
    if kind in _ZERO_OF_ZEROS:
        return all(inputs)
    if kind == "Fill":
        return inputs[1]
    return kind == "ZerosLike" or ((kind == "Mul" or kind in _PRODUCTS) and any(inputs))


def _size(tensor: tf.Tensor) -> int:
    return _product(tensor.shape)


def _product(sides: Any) -> int:
    return math.prod(int(side) for side in sides)


def _of_matrices(operation: Any) -> int:
    [output] = operation.outputs
    summed = _size(operation.inputs[0]) // max(int(output.shape[0]), 1)
    return _size(output) * summed


def _of_batched_matrices(operation: Any) -> int:
    summed = operation.inputs[0].shape[-2 if operation.get_attr("adj_x") else -1]
    return _size(operation.outputs[0]) * int(summed)


def _of_convolution(kernel: tf.Tensor, outputs: tf.Tensor) -> int:
    """Each output is a sum over a filter: a kernel is [sides …, channels, filters]."""
    return _size(outputs) * _product(kernel.shape[:-1])


def _of_depthwise(kernel: tf.Tensor, outputs: tf.Tensor) -> int:
    """Each output is a sum over one channel: a kernel is [height, width, channels, multiplier]."""
    return _size(outputs) * _product(kernel.shape[:2])


def _of_einsum(operation: Any) -> int:
    """A product for each value of all indices of both factors."""
    if len(operation.inputs) < 2:
        return 0
    terms = operation.get_attr("equation").decode().split("->")[0].split(",")
    sides: dict[str, int] = {}
    for term, tensor in zip(terms, operation.inputs, strict=True):
        for index, side in zip(_indices(term, len(tensor.shape)), tensor.shape, strict=True):
            sides[index] = max(sides.get(index, 1), side)
    return math.prod(sides.values())


def _indices(term: str, rank: int) -> Sequence[str]:
    """The index of each axis; those under an ellipsis are counted from its end."""
    before, ellipsis, after = term.partition("...")
    hidden = rank - len(before) - len(after)
    return [*before, *(f"{ellipsis}{number}" for number in range(hidden, 0, -1)), *after]


_PRODUCTS: dict[str, Callable[[Any], int]] = {
    "MatMul": _of_matrices,
    "BatchMatMulV2": _of_batched_matrices,
    "BatchMatMulV3": _of_batched_matrices,
    "Einsum": _of_einsum,
    "Conv2D": lambda it: _of_convolution(it.inputs[1], it.outputs[0]),
    "Conv2DBackpropInput": lambda it: _of_convolution(it.inputs[1], it.inputs[2]),
    "Conv2DBackpropFilter": lambda it: _of_convolution(it.outputs[0], it.inputs[2]),
    "Conv3D": lambda it: _of_convolution(it.inputs[1], it.outputs[0]),
    "Conv3DBackpropInputV2": lambda it: _of_convolution(it.inputs[1], it.inputs[2]),
    "Conv3DBackpropFilterV2": lambda it: _of_convolution(it.outputs[0], it.inputs[2]),
    "DepthwiseConv2dNative": lambda it: _of_depthwise(it.inputs[1], it.outputs[0]),
    "DepthwiseConv2dNativeBackpropInput": lambda it: _of_depthwise(it.inputs[1], it.inputs[2]),
    "DepthwiseConv2dNativeBackpropFilter": lambda it: _of_depthwise(it.outputs[0], it.inputs[2]),
}
"""How many products of two numbers an operation has, by its type."""
