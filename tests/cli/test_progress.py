from __future__ import annotations

from gantool.cli.progress import TimeLeft
from gantool.engine.loop import TrainingProgress


def at(step: int, session_seconds: float, last: int = 3000) -> TrainingProgress:
    return TrainingProgress(step, last, 0, 500.0, session_seconds, 0.0, 0.0, 0.0, 0)


def test_the_time_left_does_not_count_compiling() -> None:
    left = TimeLeft()
    assert left.after(at(1, 24.0)) == "-:--:--"  # 20 hours, at that pace
    assert left.after(at(3, 24.5)) == "0:12:29"  # 2,997 steps of a quarter of a second
    assert left.after(at(3000, 773.75)) == "0:00:00"


def test_a_run_that_goes_back_compiles_anew() -> None:
    left = TimeLeft()
    left.after(at(1, 20.0))
    left.after(at(1001, 220.0))
    assert left.after(at(501, 20.0)) == "-:--:--"
    assert left.after(at(601, 40.0)) == "0:08:00"  # 2,399 of 0.2 s


def test_a_run_of_one_step_has_nothing_left() -> None:
    assert TimeLeft().after(at(1, 20.0, last=1)) == "0:00:00"
