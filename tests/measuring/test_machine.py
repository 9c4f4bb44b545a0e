from __future__ import annotations

import os
from pathlib import Path

import pytest
import tensorflow as tf

from gantool.measuring import machine
from gantool.measuring.machine import OtherLoad, product_dtype, product_rate


@pytest.mark.parametrize(
    ("precision", "has_bfloat16", "dtype"),
    [
        ("float32", True, tf.float32),
        ("mixed_bfloat16", True, tf.bfloat16),
        ("mixed_bfloat16", False, tf.float32),  # as gantool's convolutions do there
        ("mixed_float16", False, tf.float16),
    ],
)
def test_the_product_is_in_the_type_that_networks_multiply_in(
    precision: str, has_bfloat16: bool, dtype: tf.DType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "has_bfloat16", lambda: has_bfloat16)
    assert product_dtype(precision) == dtype


def test_the_rate_is_two_operations_for_each_of_the_products(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The side is doubled until a product takes 0.2 s; here one of 1024 does, at 10 GFLOP/s."""
    sides = []

    def multiply(factor: tf.Tensor) -> float:
        sides.append(int(factor.shape[0]))
        assert factor.dtype == tf.bfloat16
        return 2 * sides[-1] ** 3 / 1e10

    monkeypatch.setattr(machine, "_multiply", multiply)
    assert product_rate(tf.bfloat16) == pytest.approx(1e10)
    assert sorted(set(sides)) == [256, 512, 1024]


def test_a_product_takes_its_time() -> None:
    assert machine._multiply(tf.ones([64, 64])) > 0


STAT = """\
cpu  999999 0 0 0 0 0 0 0 0 0
cpu0 100 20 300 9000 7000 4 5 6 8000 0
cpu1 1000 200 3000 9000 7000 40 50 60 8000 0
intr 5
"""


def test_the_seconds_that_cores_were_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but idle and waiting for disks; guests' time is in the user's already."""
    stat = tmp_path / "stat"
    stat.write_text(STAT)
    tick = os.sysconf("SC_CLK_TCK")
    for cores, busy in (({0}, 435), ({0, 1}, 435 + 4350), ({7}, 0)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: cores)
        assert machine._busy_seconds(stat) == busy / tick
    assert machine._busy_seconds(tmp_path / "none") == 0


@pytest.mark.parametrize(
    ("later", "cores"),
    [
        ((12.0, 8.0, 107.0), 1.0),  # 4 s by the clock: 7 s of the cores, 3 of them this process's
        ((12.0, 8.0, 102.0), 0.0),  # ticks are coarse: less than this process's own is no less
    ],
)
def test_others_use_what_this_process_does_not(
    later: tuple[float, ...], cores: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = iter([(8.0, 5.0, 100.0), later])
    monkeypatch.setattr(OtherLoad, "_used", lambda *_: next(readings))
    assert OtherLoad().cores() == cores


def test_this_machine_tells() -> None:
    wall, own, busy = OtherLoad._used()
    assert min(wall, own, busy) > 0
