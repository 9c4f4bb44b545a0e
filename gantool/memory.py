"""Memory: what this process has taken at most, what is still free, and how much there is."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from gantool.errors import GantoolError

_V1, _V2 = "sys/fs/cgroup/memory", "sys/fs/cgroup"
"""Where control groups of both versions are mounted; cgroups(7)."""


def amount(size: int) -> str:
    """Bytes, as `812 MB`, `1.4 GB` or `78.4 TB`."""
    if size < 0.9995e9:
        return f"{size / 1e6:,.0f} MB"
    if size < 0.99995e12:
        return f"{size / 1e9:,.1f} GB"
    tenths = (size + 5 * 10**10) // 10**11  # whole, as no float holds what a recipe may ask for
    return f"{tenths // 10:,}.{tenths % 10} TB"


def peak_memory() -> int:
    """The most bytes of this process that have been in memory at a time."""
    return memory_status("VmHWM")


def memory_status(name: str) -> int:
    """A line in kB of /proc/self/status, as `VmHWM`, in bytes; see proc_pid_status(5)."""
    return _kilobytes(Path("/proc/self/status"), name)


def free_memory(root: Path = Path("/")) -> int:
    """The bytes that a process can take before something has to give way.

    That is what the machine has left, or less where a control group, as a container has one, gives
    less. Memory that only holds copies of files counts as free.
    """
    available = _kilobytes(root / "proc/meminfo", "MemAvailable")
    in_groups = (group.limit - group.used + group.copies for group in _groups(root))
    return max(0, min([available, *in_groups]))


def machine_memory(root: Path = Path("/")) -> int:
    """The bytes that a process can get at all, with nothing else beside it.

    That is the machine's memory, or less where a control group, as a container has one, has less.
    """
    total = _kilobytes(root / "proc/meminfo", "MemTotal")
    return min([total, *(group.limit for group in _groups(root))])


def free_gpu_memory() -> int:
    """The bytes that are free on the first GPU that TensorFlow sees.

    Raises:
        GantoolError: NVIDIA's driver does not tell.
    """
    free = _of_gpu("free")
    if free is None:
        raise GantoolError(
            "nvidia-smi does not tell how much memory of the GPU is free: name a batch, as in"
            " --batch 64"
        )
    return free


def gpu_memory() -> int | None:
    """The bytes of the first GPU that TensorFlow sees; None where NVIDIA's driver does not tell."""
    return _of_gpu("total")


def _of_gpu(kind: str) -> int | None:
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    query = [f"--query-gpu=memory.{kind}", "--format=csv,noheader,nounits", f"--id={first}"]
    try:
        told = subprocess.run(["nvidia-smi", *query], capture_output=True, text=True, check=True)
        return int(told.stdout) * 2**20
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None


def _kilobytes(path: Path, name: str) -> int:
    for line in path.read_text().splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0]) * 1024
    raise OSError(0, f"has no line {name}", str(path))


class _Group(NamedTuple):
    """A control group with a limit; all in bytes, `copies` those of files."""

    limit: int
    used: int
    copies: int


def _groups(root: Path) -> Iterator[_Group]:
    """The control groups that this process is in and that have a limit."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, group = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        mount = root / (_V1 if controllers else _V2)
        # A container sees its own group as the mount itself, under whatever path.
        inside = PurePosixPath(group.lstrip("/"))
        for folder in {mount, *(mount / inner for inner in (inside, *inside.parents))}:
            yield from _group(folder, is_v1=bool(controllers))


def _group(folder: Path, *, is_v1: bool) -> Iterator[_Group]:
    names = ("limit_in_bytes", "usage_in_bytes") if is_v1 else ("max", "current")
    limit, used = (_lines(folder / f"memory.{name}") for name in names)
    if not (limit and used) or limit[0] == "max":
        return
    statistics = dict(line.split(" ", 1) for line in _lines(folder / "memory.stat"))
    copies = statistics.get("total_inactive_file" if is_v1 else "inactive_file", "0")
    yield _Group(int(limit[0]), int(used[0]), int(copies))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
