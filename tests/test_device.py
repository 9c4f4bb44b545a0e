from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from gantool.device import has_bfloat16, prepare_tensorflow

FAULTS = """
import resource
import sys
if sys.argv[1] == "prepared":
    from gantool.device import prepare_tensorflow
    prepare_tensorflow()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def use():
    bytearray(48 * 2**20)
use()
before = faults()
for _ in range(10):
    use()
print(faults() - before)
"""


def test_freed_memory_is_used_again():
    def faults(how: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True
        )
        return int(done.stdout)

    pages = 48 * 2**20 // os.sysconf("SC_PAGE_SIZE")
    assert faults("prepared") < pages / 10  # of ten times as many


@pytest.mark.parametrize("name", ["TF_ENABLE_ONEDNN_OPTS", "TF_CPP_MIN_LOG_LEVEL"])
def test_what_the_user_has_set_stays(monkeypatch, name):
    monkeypatch.setenv(name, "0")
    prepare_tensorflow()
    assert os.environ[name] == "0"


def test_onednn_is_asked_for_and_keras_s_backend_is_tensorflow(monkeypatch):
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    prepare_tensorflow()
    assert os.environ["TF_ENABLE_ONEDNN_OPTS"] == "1"
    assert os.environ["KERAS_BACKEND"] == "tensorflow"


@pytest.mark.parametrize(
    ("tensorflow", "before", "after"),
    [
        ("2.21.0", None, "--xla_cpu_use_fusion_emitters=false"),
        ("2.21.1", "--xla_dump_to=d", "--xla_dump_to=d --xla_cpu_use_fusion_emitters=false"),
        ("2.21.0", "--xla_cpu_use_fusion_emitters=true", "--xla_cpu_use_fusion_emitters=true"),
        ("2.22.0", None, None),
        (None, None, None),
    ],
)
def test_xla_compiles_the_older_way_where_tensorflow_knows_it(
    monkeypatch, tensorflow, before, after
):
    def version(name):
        if tensorflow is None:
            raise PackageNotFoundError(name)
        return tensorflow

    monkeypatch.setattr("gantool.device.version", version)
    monkeypatch.setenv("XLA_FLAGS", before or "")
    if before is None:
        monkeypatch.delenv("XLA_FLAGS")
    prepare_tensorflow()
    assert os.environ.get("XLA_FLAGS") == after


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("fpu avx2 fma", False),
        ("fpu avx512_bf16", True),
        ("amx_bf16 amx_tile", True),
        (None, False),
    ],
)
def test_products_of_bfloat16_are_read_off_the_flags(monkeypatch, flags, expected):
    def read_text(_: Path) -> str:
        if flags is None:
            raise FileNotFoundError
        return f"processor : 0\nflags\t\t: {flags}\nbugs : avx512_bf16\n"

    monkeypatch.setattr(Path, "read_text", read_text)
    assert has_bfloat16.__wrapped__() is expected
