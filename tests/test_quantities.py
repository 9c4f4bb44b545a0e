from __future__ import annotations

import pytest

from gantool.memory import amount
from gantool.quantities import duration, step_time


@pytest.mark.parametrize(
    ("size", "told"),
    [(0, "0 MB"), (812_400_000, "812 MB"), (999_600_000, "1.0 GB"), (1_440_000_000, "1.4 GB")],
)
def test_sizes(size: int, told: str) -> None:
    assert amount(size) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.00123, "1.23 ms"), (0.02431, "24.3 ms"), (0.9996, "1 s"), (1.254, "1.25 s"), (67, "67 s")],
)
def test_the_time_of_a_step(seconds: float, told: str) -> None:
    assert step_time(seconds) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0 s"),
        (45.4, "45 s"),
        (59.7, "1 min"),
        (3540, "59 min"),
        (3599, "1 h 0 min"),
        (11_520, "3 h 12 min"),
        (86_399, "1 d 0 h"),
        (187_000, "2 d 4 h"),
    ],
)
def test_the_time_of_a_run(seconds: float, told: str) -> None:
    assert duration(seconds) == told
