"""What the machine is, known without TensorFlow, and what TensorFlow has to be told of it."""

import ctypes
import os
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_FAST_TO_COMPILE = "--xla_cpu_use_fusion_emitters"
_ITS_TENSORFLOW = "2.21."
"""Another one may not know the flag, and XLA ends a process that sets one it does not know."""


def prepare_tensorflow() -> None:
    """Set the environment by which TensorFlow starts; has no effect once it is imported.

    Left to itself TensorFlow uses oneDNN's kernels only on processors with AVX-512 VNNI or newer.
    They are 1.2 to 2.3 times as fast as its own on those with AVX2 alone, too. XLA's older way of
    making code for processors takes two thirds of the newer one's time for code as fast. Who sets
    `TF_ENABLE_ONEDNN_OPTS`, `TF_CPP_MIN_LOG_LEVEL` or XLA's way is obeyed; another backend of Keras
    would change what a recipe means, and is set aside.
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    flags = os.environ.get("XLA_FLAGS", "")
    if _FAST_TO_COMPILE not in flags and _tensorflow().startswith(_ITS_TENSORFLOW):
        os.environ["XLA_FLAGS"] = f"{flags} {_FAST_TO_COMPILE}=false".lstrip()
    _keep_freed_memory()


def _tensorflow() -> str:
    """Its version, without importing it; empty where it is installed by another name."""
    try:
        return version("tensorflow")
    except PackageNotFoundError:
        return ""


def _keep_freed_memory() -> None:
    """Have what one step frees serve the next one, rather than go back to the system.

    Every page of it would be asked for again and filled with zeros first, which costs up to a
    tenth of a step. Other libraries than glibc's are left as they are.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    # The numbers of M_MMAP_MAX, M_TRIM_THRESHOLD, M_TOP_PAD and M_ARENA_MAX in glibc's malloc.h.
    # Two arenas, or Python and what compiles beside it wait for each other.
    for parameter, value in ((-4, 0), (-1, 2**31 - 1), (-2, 2**26), (-8, 2)):
        mallopt(parameter, value)


@cache
def has_bfloat16() -> bool:
    """Whether the processor multiplies numbers in bfloat16, by AVX-512 or AMX.

    Where it does not, libraries do so a hundred times slower than in float32.
    """
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(_cpuinfo("flags").split())


def processor() -> str:
    """What the processor calls itself, such as `AMD EPYC`."""
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))


def machine() -> str:
    """What decides how fast a way to compute is, and how its numbers are rounded, in a line."""
    # Many processors are called by one name; these numbers tell them apart.
    kind = "-".join(_cpuinfo(key) for key in ("cpu family", "model", "stepping"))
    return f"{processor()} ({kind}), {cores()} cores, TensorFlow {_tensorflow()}"


def _cpuinfo(key: str) -> str:
    """What Linux says of the first processor; empty where it says nothing of the kind."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    pairs = (line.partition(":") for line in lines)
    return next((value.strip() for name, _, value in pairs if name.strip() == key), "")
