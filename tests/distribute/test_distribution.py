"""Two replicas compute what one does of the same batches.

They are on two logical devices of the processor, in a process that `two_devices.py` is.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from gantool.distribute.step import _rows

pytestmark = pytest.mark.slow
CASES = ("clipped", "penalty", "averages", "adaptive", "separate")


@pytest.fixture(scope="module")
def found(tiny: Path) -> dict[str, Any]:
    """What the program has found."""
    program = Path(__file__).with_name("two_devices.py")
    done = subprocess.run(
        [sys.executable, program, tiny], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["replicas"] == 2
    return result


@pytest.mark.parametrize("case", CASES)
def test_steps_of_two_replicas_are_those_of_one(case: str, found: dict[str, Any]) -> None:
    """Weights, statistics, slots of optimizers, the moving average and losses, after three."""
    compared = found["cases"][case]
    one, two = compared["losses"]
    # Absolute: a loss is a difference of larger numbers, whose rounding depends on the cores.
    assert two == pytest.approx(one, abs=1e-5)
    apart = {key: far for key, far in compared["distance"].items() if not far <= 1e-5}
    assert apart == {}
    assert compared["alike"]


def test_normalization_goes_by_the_replicas_own_part_and_statistics_are_means(
    found: dict[str, Any],
) -> None:
    """One step of gradient descent: the mean of where each half of the batch would lead."""
    halves = found["halves"]
    assert {key: far for key, far in halves["distance"].items() if not far <= 1e-6} == {}
    assert max(halves["differ"].values()) > 1e-2  # or their mean would prove nothing


def test_an_overflow_in_one_part_skips_the_update_of_all(found: dict[str, Any]) -> None:
    assert found["overflow"]["scales"] == [[32768.0, 16384.0]] * 2
    assert found["overflow"]["moved"] == [False, False]


def test_an_update_that_is_not_finite_in_one_part_is_skipped_by_all(found: dict[str, Any]) -> None:
    assert found["refused"]["fault"] == ["discriminator", 4, 3, 2]
    assert found["refused"]["moved"] == [False, False]


def test_replicas_draw_their_own_rows_of_what_is_drawn_for_the_batch() -> None:
    drawn = [_rows(number, 3)(lambda count: tf.range(count), 4).numpy() for number in range(3)]
    assert np.concatenate(drawn).tolist() == list(range(12))
    assert all(len(rows) == 4 for rows in drawn)


def test_all_replicas_begin_with_the_weights_of_the_first(found: dict[str, Any]) -> None:
    assert found["overflow"]["alike"]


def test_a_batch_that_cannot_be_shared_equally_is_refused(found: dict[str, Any]) -> None:
    assert found["uneven"] == (
        "--set train.batch_size=9: batch_size 9 cannot be shared equally by 2 replicas; 8 or 10 can"
    )
    assert found["uneven packs"] == (
        "--set train.batch_size=10: batch_size 10 cannot be shared equally by 2 replicas in packs"
        " of 2; 8 or 12 can"
    )
