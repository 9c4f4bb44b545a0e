"""Compiles functions on another core while Python still traces what they are part of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

_Key = tuple[int, tuple[tf.TensorSpec, ...]]


class _Ahead:
    """A thread that compiles, and what it has been given."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(1, "compiler")
        self.given: set[_Key] = set()


_ahead: list[_Ahead] = []
"""The innermost block of `compiling_ahead` is the last."""


@contextmanager
def compiling_ahead() -> Iterator[None]:
    """Within, `compile_ahead` takes functions; at the end those not begun are let go."""
    ahead = _Ahead()
    _ahead.append(ahead)
    try:
        yield
    finally:
        _ahead.remove(ahead)
        ahead.pool.shutdown(cancel_futures=True)


def compile_ahead(function: Any, inputs: Sequence[tf.Tensor]) -> None:
    """Have a function compiled that is being traced; nothing outside of `compiling_ahead`.

    Args:
        function: A `tf.function` with `jit_compile` that moves no variables: it is run, too.
        inputs: What it is about to be called with; their shapes are fixed.
    """
    if not _ahead:
        return
    specs = tuple(tf.TensorSpec(it.shape, it.dtype) for it in inputs)
    key = id(function), specs
    if key not in _ahead[-1].given:
        _ahead[-1].given.add(key)
        # As part of another function, as it will be: called alone it would be compiled again. Of
        # its results one is enough; each takes time to trace.
        part = tf.function(lambda *values: tf.nest.flatten(function(*values))[0], autograph=False)
        _ahead[-1].pool.submit(_run, part.get_concrete_function(*specs), specs)


def _run(function: Any, specs: Sequence[tf.TensorSpec]) -> None:
    function(*(tf.zeros(it.shape, it.dtype) for it in specs))
