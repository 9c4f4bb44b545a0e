"""Which row is best, and where a curve has become flat."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gantool.metrics.class_accuracy import ClassAccuracy
from gantool.metrics.diversity import Diversity
from gantool.metrics.frechet_distance import FrechetDistance
from gantool.metrics.modes import Modes
from gantool.outputs.judge import Judge, judge_of

NAME = "frechet_distance_random_500_train"
LOWER = Judge({"frechet_distance": "lower"})
HIGHER = Judge({"frechet_distance": "higher"})


def rows(*values: float) -> list[dict[str, float]]:
    return [{"step": 100 * number, NAME: value} for number, value in enumerate(values, 1)]


def test_the_best_is_the_first_of_equal_ones() -> None:
    assert LOWER.best(rows(5, 3, 4, 3)) == {"step": 200, NAME: 3}
    assert HIGHER.best(rows(5, 3, 5)) == {"step": 100, NAME: 5}
    assert LOWER.best([{"step": 1, "diversity": 0.5}]) is None


def test_figures_that_are_no_numbers_are_passed_over() -> None:
    assert LOWER.best(rows(float("nan"), 7, float("inf"))) == {"step": 200, NAME: 7}


def test_a_plateau_is_where_five_figures_are_no_better_by_two_percent() -> None:
    assert LOWER.plateau(rows(50, 30, 20, 10, 9.95, 10.2, 10.1, 9.9, 10.3, 10)) == 400
    assert LOWER.plateau(rows(50, 30, 20, 10, 9.95, 10.2, 10.1)) is None
    assert LOWER.plateau(rows(*(50 - step for step in range(12)))) is None


def test_a_single_lucky_figure_is_no_progress() -> None:
    """Nor does one make what follows look flat: the median of three goes by it."""
    steady = [10.0] * 8
    steady[3] = 2.0
    assert LOWER.plateau(rows(20, *steady)) == 200
    falling = [100 * 0.9**step for step in range(10)]
    falling[2] = 1.0
    assert LOWER.plateau(rows(*falling)) is None


def test_a_rising_figure_has_its_plateau_above() -> None:
    assert HIGHER.plateau(rows(0.1, 0.5, 0.8, 0.9, 0.9, 0.9, 0.905, 0.9, 0.9)) == 400
    assert HIGHER.plateau(rows(0.9, 0.8, 0.7, 0.6, 0.5, 0.4)) == 100


def test_it_is_told_once_with_its_step_and_the_best() -> None:
    values = [50, 30, 20, 10, 9.95, 10.2, 10.1, 9.9, 10.3, 10, 10, 10]
    told = [LOWER.told_of_plateau(rows(*values[:count])) for count in range(1, 13)]
    [line] = [line for lines in told for line in lines]
    assert line == (
        f"{NAME}: no better by 2% since step 400, a plateau;"
        " checkpoints/best.h5 is of step 800 (9.9)"
    )
    assert told[8] == [line]


def test_rows_between_figures_tell_nothing() -> None:
    flat = rows(*[10.0] * 9)
    assert LOWER.told_of_plateau([*flat, {"step": 950}]) == []


@given(st.lists(st.floats(0.01, 1e6), min_size=6, max_size=30))
def test_falling_and_rising_curves_are_each_other_s_mirror(values: list[float]) -> None:
    mirrored = [-value for value in values]
    assert LOWER.plateau(rows(*values)) == HIGHER.plateau(rows(*mirrored))


MODES = judge_of([Modes()])


def points(*figures: tuple[float, float, float]) -> list[dict[str, float]]:
    return [
        {"step": 100 * number, "reverse_kl": kl, "high_quality": quality, "modes": modes}
        for number, (modes, quality, kl) in enumerate(figures, 1)
    ]


def test_where_the_first_figure_is_equal_the_next_decides() -> None:
    """All modes are found early, when few samples are near to them."""
    assert MODES is not None
    found = MODES.best(
        points((24, 0.99, 0.01), (25, 0.4, 0.01), (25, 0.9, 0.02), (25, 0.9, 0.01), (25, 0.8, 0.0))
    )
    assert found is not None
    assert found["step"] == 400
    assert MODES.best([{"step": 100, "modes": 25}]) is None


def test_it_is_no_plateau_while_another_figure_of_the_metric_gets_better() -> None:
    assert MODES is not None
    rising = [(25.0, 0.3 + 0.06 * step, 0.01) for step in range(8)]
    flat = [(25.0, 0.8, 0.01)] * 8
    assert MODES.plateau(points(*rising)) is None
    assert MODES.plateau(points(*rising, *flat)) == 900
    [line] = MODES.told_of_plateau(points(*rising, *flat)[:14])
    assert line == (
        "modes, high_quality, reverse_kl: no better by 2% since step 900, a plateau;"
        " checkpoints/best.h5 is of step 900 (25, 0.8, 0.01)"
    )


def test_the_first_metric_with_a_direction_judges() -> None:
    assert judge_of([Diversity(), FrechetDistance(), ClassAccuracy()]) == LOWER
    assert judge_of([ClassAccuracy()]) == Judge({"class_accuracy": "higher"})
    assert judge_of([Diversity()]) is None
