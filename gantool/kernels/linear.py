"""Linear maps of tensors whose gradients are their adjoints."""

from collections.abc import Callable, Sequence

import tensorflow as tf

Tensors = Sequence[tf.Tensor]
LinearMap = Callable[..., list[tf.Tensor]]
BothWays = tuple[LinearMap, LinearMap]
"""A linear map and its adjoint."""


class Linear:
    """A linear map of lists of tensors; the gradient of each direction is the other.

    Compositions of such maps and of products have right derivatives of any order.
    """

    def __init__(self, forward: LinearMap, adjoint: LinearMap) -> None:
        self._directions = forward, adjoint

    def forward(self, *inputs: tf.Tensor) -> Tensors:
        """Apply the map."""
        return self._apply(0, *inputs)

    def adjoint(self, *inputs: tf.Tensor) -> Tensors:
        """Apply its adjoint."""
        return self._apply(1, *inputs)

    def _apply(self, direction: int, *inputs: tf.Tensor) -> Tensors:
        def mapped(*values: tf.Tensor) -> tuple[Tensors, LinearMap]:
            # Or a tape that may want derivatives of higher order has more functions compiled.
            unwatched = [tf.stop_gradient(value) for value in values]
            return self._directions[direction](*unwatched), lambda *upstream: list(
                self._apply(1 - direction, *upstream)
            )

        outputs: Tensors = tf.custom_gradient(mapped)(*inputs)
        return outputs


def compiled(forward: LinearMap, adjoint: LinearMap) -> BothWays:
    """Have each direction compiled: then it is one loop over the numbers of each result."""
    return _compiled(forward), _compiled(adjoint)


def in_turn(*stages: tuple[BothWays, int]) -> BothWays:
    """Apply maps of one tensor to several, each to all results of the one before.

    Args:
        stages: Each map, its adjoint, and how many tensors it makes of one.

    Returns:
        A map of one tensor to the product of these numbers, and its adjoint.
    """

    def forward(whole: tf.Tensor) -> list[tf.Tensor]:
        parts = [whole]
        for (split, _), _ in stages:
            parts = [part for one in parts for part in split(one)]
        return parts

    def adjoint(*parts: tf.Tensor) -> list[tf.Tensor]:
        joined = list(parts)
        for (_, join), count in reversed(stages):
            joined = [
                one for at in range(0, len(joined), count) for one in join(*joined[at : at + count])
            ]
        return joined

    return forward, adjoint


def _compiled(direction: LinearMap) -> LinearMap:
    compiled: LinearMap = tf.function(direction, jit_compile=True, autograph=False)
    return compiled
