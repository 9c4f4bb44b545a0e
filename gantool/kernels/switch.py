"""The switch that has every convolution and product computed in TensorFlow's own way.

It is for whoever doubts a result: a fault that is there with plain kernels, too, is not theirs.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

_VARIABLE = "GANTOOL_PLAIN_KERNELS"


def are_plain() -> bool:
    """Whether faster ways are switched off, by the environment variable or by `plain_kernels`."""
    return os.environ.get(_VARIABLE, "") not in ("", "0")


@contextmanager
def plain_kernels() -> Iterator[None]:
    """Within, what is traced has plain kernels."""
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_VARIABLE]
        else:
            os.environ[_VARIABLE] = before
