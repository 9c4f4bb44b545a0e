from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from gantool.errors import GantoolError
from gantool.memory import (
    amount,
    free_gpu_memory,
    free_memory,
    gpu_memory,
    machine_memory,
    memory_status,
    peak_memory,
)

MIB = 2**20


def machine(root: Path, group: str, **files: str) -> Path:
    """A machine with 1000 MiB left; files of control groups are `path_with__for_slashes`."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/meminfo").write_text(
        f"MemTotal: {4000 * 1024} kB\nMemFree: {900 * 1024} kB\nMemAvailable: {1000 * 1024} kB\n"
    )
    (root / "proc/self/cgroup").write_text(group)
    for name, text in files.items():
        path = root / "sys/fs/cgroup" / name.replace("__", "/").replace("memory_", "memory.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return root


def test_a_machine_without_control_groups(tmp_path: Path) -> None:
    root = machine(tmp_path, "")
    assert free_memory(root) == 1000 * MIB
    assert machine_memory(root) == 4000 * MIB


def test_a_container_of_the_second_version_counts_copies_of_files_as_free(tmp_path: Path) -> None:
    root = machine(
        *(tmp_path, "0::/\n"),
        memory_max=str(700 * MIB),
        memory_current=str(500 * MIB),
        memory_stat=f"anon 12\ninactive_file {50 * MIB}",
    )
    assert free_memory(root) == 250 * MIB
    assert machine_memory(root) == 700 * MIB


def test_the_tightest_group_above_a_process_decides(tmp_path: Path) -> None:
    root = machine(
        *(tmp_path, "1:name=systemd:/x\n0::/user/job\n"),
        memory_max="max",
        memory_current=str(500 * MIB),
        user__memory_max=str(900 * MIB),
        user__memory_current=str(800 * MIB),
        user__job__memory_max=str(600 * MIB),
        user__job__memory_current=str(100 * MIB),
    )
    assert free_memory(root) == 100 * MIB
    assert machine_memory(root) == 600 * MIB


def test_a_container_of_the_first_version(tmp_path: Path) -> None:
    root = machine(
        *(tmp_path, "4:cpu,memory:/docker/abc\n3:cpuset:/\n"),
        memory__memory_limit_in_bytes=str(300 * MIB),
        memory__memory_usage_in_bytes=str(200 * MIB),
        memory__memory_stat=f"cache 7\ntotal_inactive_file {25 * MIB}",
    )
    assert free_memory(root) == 125 * MIB
    assert machine_memory(root) == 300 * MIB


def test_a_group_that_is_full_has_nothing_free(tmp_path: Path) -> None:
    root = machine(tmp_path, "0::/\n", memory_max="1000", memory_current="2000")
    assert free_memory(root) == 0


def test_a_limit_beyond_the_machine_is_none(tmp_path: Path) -> None:
    root = machine(
        *(tmp_path, "4:memory:/\n"),
        memory__memory_limit_in_bytes=str(2**63 - 4096),
        memory__memory_usage_in_bytes=str(200 * MIB),
    )
    assert machine_memory(root) == 4000 * MIB


def test_this_machine_has_something_free() -> None:
    assert (
        0
        < free_memory()
        <= machine_memory()
        <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    )


def test_the_peak_stays_when_memory_is_given_back() -> None:
    resident = memory_status("VmRSS")
    block = np.ones(256 * MIB, np.uint8)
    assert peak_memory() >= min(resident + len(block), memory_status("VmRSS"))
    peak = peak_memory()
    del block
    assert peak_memory() >= peak >= 256 * MIB


def test_what_linux_does_not_tell_is_an_error() -> None:
    with pytest.raises(OSError, match="has no line VmNothing"):
        memory_status("VmNothing")


@pytest.fixture
def nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of that name, found first, that a test writes."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    program = tmp_path / "nvidia-smi"
    program.touch(mode=0o755)
    return program


def test_the_memory_of_the_first_gpu_that_is_visible(
    nvidia_smi: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvidia_smi.write_text(
        "#!/bin/sh\n"
        'test "$*" = "--query-gpu=memory.free --format=csv,noheader,nounits --id=$WANTED"'
        " && echo 80123\n"
    )
    for visible, wanted in ((None, "0"), ("2,0", "2")):
        monkeypatch.setenv("WANTED", wanted)
        if visible is not None:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        assert free_gpu_memory() == 80123 * MIB
        assert gpu_memory() is None  # the script knows the other question alone


def test_the_whole_memory_of_a_gpu(nvidia_smi: Path) -> None:
    nvidia_smi.write_text("#!/bin/sh\ncase $1 in --query-gpu=memory.total) echo 81559;; esac\n")
    assert gpu_memory() == 81559 * MIB


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (999_940_000_000, "999.9 GB"),
        (999_950_000_000, "1.0 TB"),
        (78_400_000_000_000, "78.4 TB"),
        (1_024 * 10**12, "1,024.0 TB"),
        (10**400, f"{10**388:,}.0 TB"),
    ],
)
def test_amounts_beyond_a_machine(size: int, told: str) -> None:
    assert amount(size) == told


@pytest.mark.parametrize("script", ["exit 9", "echo '[N/A]'"])
def test_a_driver_that_does_not_tell(nvidia_smi: Path, script: str) -> None:
    nvidia_smi.write_text(f"#!/bin/sh\n{script}\n")
    assert gpu_memory() is None
    with pytest.raises(GantoolError) as raised:
        free_gpu_memory()
    assert str(raised.value) == (
        "nvidia-smi does not tell how much memory of the GPU is free: name a batch, as in"
        " --batch 64"
    )
