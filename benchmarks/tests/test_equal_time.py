"""Figures at equal time: a run that was cut off, and what a line tells."""

from pathlib import Path

import pytest

from ..equal_time import found, line_of


def test_the_time_of_a_run_that_was_cut_off_is_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "quickstart-0").mkdir()
    with pytest.raises(SystemExit, match="quickstart-0: was cut off"):
        found("quickstart", 0, [60], tmp_path)


def test_figures_that_are_there_are_not_taken_again(tmp_path: Path) -> None:
    (tmp_path / "mine-1.json").write_text("[[300, 1.5], [900, 0.5]]")
    assert found("recipes/mine.yaml", 1, [60, 180], tmp_path) == [[300, 1.5], [900, 0.5]]


def test_a_line_tells_the_mean_and_every_seed() -> None:
    line = line_of("quickstart", 180, [(4900, 0.5), (5100, 0.75)])
    assert line == "| quickstart | 180 | 5,000 | 0.625 (0.500, 0.750) |"
