"""Linear maps of tensors whose gradients are their adjoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

from gantool.networks.ahead import compile_ahead

Tensors = Sequence[tf.Tensor]
LinearMap = Callable[..., list[tf.Tensor]]
BothWays = tuple[LinearMap, LinearMap]
"""A linear map and its adjoint."""


class Linear:
    """A linear map of lists of tensors; the gradient of each direction is the other.

    Compositions of such maps and of products have right derivatives of any order.

    Args:
        forward: The map, of tensors to tensors.
        adjoint: Its adjoint.
    """

    def __init__(self, forward: LinearMap, adjoint: LinearMap) -> None:
        # Compiled, a direction is one loop over the numbers for each tensor that it gives.
        self._compiled = [
            tf.function(direction, jit_compile=True, autograph=False)
            for direction in (forward, adjoint)
        ]

    def forward(self, *inputs: tf.Tensor) -> Tensors:
        """Apply the map."""
        return self._apply(0, *inputs)

    def adjoint(self, *inputs: tf.Tensor) -> Tensors:
        """Apply its adjoint."""
        return self._apply(1, *inputs)

    def _apply(self, direction: int, *inputs: tf.Tensor) -> Tensors:
        compile_ahead(self._compiled[direction], inputs)

        def mapped(*values: tf.Tensor) -> tuple[Tensors, LinearMap]:
            # Or a tape that may want derivatives of higher order has a second function compiled.
            unwatched = [tf.stop_gradient(value) for value in values]
            return self._compiled[direction](*unwatched), lambda *upstream: list(
                self._apply(1 - direction, *upstream)
            )

        outputs: Tensors = tf.custom_gradient(mapped)(*inputs)
        return outputs
