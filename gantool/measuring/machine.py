"""What the machine gives: the rate of a large matrix product, and how much others take of it."""

import os
import time
from itertools import chain
from pathlib import Path

import tensorflow as tf

from gantool.device import has_bfloat16
from gantool.kernels.gpu import has_gpu

_LONG_ENOUGH = 0.2
"""Seconds of a product that says how fast the machine is."""
_LARGEST = 16384
_REPEATED = 3

_DTYPES = {
    "float32": tf.float32,
    "mixed_bfloat16": tf.bfloat16,
    "mixed_float16": tf.float16,
}


def product_dtype(precision: str) -> tf.DType:
    """What networks of a recipe's precision multiply in here; see `gantool.kernels.convolution`.

    Args:
        precision: Not `auto`.
    """
    dtype = _DTYPES[precision]
    narrow = dtype == tf.bfloat16 and not has_bfloat16()
    return tf.float32 if narrow and not has_gpu() else dtype


def product_rate(dtype: tf.DType) -> float:
    """Floating-point operations a second of a product of two large square matrices.

    The best of several, as it is a limit. The side is doubled until a product takes long enough.
    """
    best, side, seconds = 0.0, 256, 0.0
    while seconds < _LONG_ENOUGH and side <= _LARGEST:
        factor = tf.cast(tf.random.stateless_uniform([side, side], [0, 0]), dtype)
        _multiply(factor)
        seconds = min(_multiply(factor) for _ in range(_REPEATED))
        best = max(best, 2.0 * side**3 / seconds)
        side *= 2
    return best


def _multiply(factor: tf.Tensor) -> float:
    """The seconds of a product, until a number of it is there."""
    began = time.perf_counter()
    tf.matmul(factor, factor)[0, 0].numpy()
    return time.perf_counter() - began


class OtherLoad:
    """How much of this process's cores others use, from where it is made."""

    def __init__(self) -> None:
        self._began = self._used()

    def cores(self) -> float:
        """How many cores others have kept busy on the average; 0 where Linux does not tell."""
        wall, own, all_processes = (
            now - then for now, then in zip(self._used(), self._began, strict=True)
        )
        return max(0.0, all_processes - own) / wall

    @staticmethod
    def _used() -> tuple[float, float, float]:
        """Seconds: by the clock, of this process on all cores, of all processes on its cores."""
        return time.perf_counter(), time.process_time(), _busy_seconds(Path("/proc/stat"))


def _busy_seconds(stat: Path) -> float:
    """What the cores that this process may use have worked since the machine started."""
    names = {f"cpu{core}" for core in os.sched_getaffinity(0)}
    try:
        rows = [line.split() for line in stat.read_text().splitlines()]
    except OSError:
        return 0.0
    # proc_stat(5): user, nice, system; idle, iowait; irq, softirq, steal; guests, counted before.
    busy = [row[1:4] + row[6:9] for row in rows if row[0] in names]
    return sum(map(int, chain(*busy))) / os.sysconf("SC_CLK_TCK")
