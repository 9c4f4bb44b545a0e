"""Collapse and a discriminator that has won, from pictures and rows worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gantool.outputs.health import diversity, is_collapsed, warnings_of


def flat(*levels: int) -> list[np.ndarray]:
    return [np.full((2, 3, 1), level, np.uint8) for level in levels]


class TestDiversity:
    """The median distance to the nearest other image, beside that of real ones."""

    def test_by_hand(self) -> None:
        # Nearest distances 10, 10, 40, 200 of made ones, 20, 20, 50 of real ones.
        made, real = flat(0, 10, 50, 250), flat(0, 20, 70)
        assert diversity(made, real) == pytest.approx(((10 + 40) / 2) / 20, abs=1e-4)

    def test_of_the_data_themselves_is_one(self, mnist: Any) -> None:
        digits = list(mnist("train-images")[:64, ..., None])
        assert diversity(digits, digits) == 1.0

    def test_of_one_image_again_and_again_is_none_at_all(self) -> None:
        value = diversity(flat(*[7] * 64), flat(*range(64)))
        assert value == 0.0
        assert is_collapsed(value)

    def test_of_few_kinds_is_low_though_they_differ(self, mnist: Any) -> None:
        """Ten digits, each six times with a little noise: the spread of all is that of ten."""
        digits = mnist("train-images")[:60, ..., None]
        noise = np.random.default_rng(0).integers(0, 5, (60, 28, 28, 1))
        few = np.clip(np.tile(digits[:10], (6, 1, 1, 1)) + noise, 0, 255).astype(np.uint8)
        value = diversity(list(few), list(digits))
        assert value is not None
        assert is_collapsed(value)
        assert few.std() > 0.9 * digits[:10].std()

    def test_of_other_digits_is_that_of_healthy_ones(self, mnist: Any) -> None:
        digits = list(mnist("train-images")[:128, ..., None])
        value = diversity(digits[64:], digits[:64])
        assert value == pytest.approx(1.0, abs=0.15)

    @pytest.mark.parametrize(
        ("made", "real"),
        [(flat(1), flat(1, 2)), (flat(1, 2), flat(1)), (flat(1, 2), flat(5, 5))],
        ids=["one made", "one real", "real doubles"],
    )
    def test_where_nothing_can_be_compared(
        self, made: list[np.ndarray], real: list[np.ndarray]
    ) -> None:
        assert diversity(made, real) is None

    @given(st.lists(st.integers(0, 255), min_size=2, max_size=20))
    def test_does_not_depend_on_the_order(self, levels: list[int]) -> None:
        reals = flat(0, 50, 255)
        assert diversity(flat(*levels), reals) == diversity(flat(*reversed(levels)), reals)


def rows(*losses: float, **more: float) -> list[dict[str, float]]:
    return [{"discriminator_loss": loss, **more} for loss in losses]


class TestVictory:
    """Ten rows in a row with a loss of the discriminator near nothing."""

    def test_is_told_once(self) -> None:
        history = rows(1.0, *[0.01] * 20)
        told = [warnings_of(history[:length], saturates=True) for length in range(1, 22)]
        assert [bool(lines) for lines in told] == [length == 11 for length in range(1, 22)]
        assert told[10] == [
            "the discriminator has won: its loss was below 0.02 in the last 10 rows, so its logits"
            " are saturated and the generator learns next to nothing from it; a lower learning rate"
            " for it, or more updates of the generator, may help"
        ]

    def test_is_told_again_after_it_was_over(self) -> None:
        history = rows(*[0.01] * 10, 0.5, *[0.01] * 10)
        found = [bool(warnings_of(history[:length], saturates=True)) for length in range(1, 22)]
        assert [number for number, is_told in enumerate(found, 1) if is_told] == [10, 21]

    def test_is_no_single_lucky_batch(self) -> None:
        assert warnings_of(rows(*[0.01] * 9, 0.03), saturates=True) == []

    def test_is_99_percent(self) -> None:
        """Both losses −log p of the right answer."""
        assert warnings_of(rows(*[-2 * np.log(0.991)] * 10), saturates=True)
        assert not warnings_of(rows(*[-2 * np.log(0.989)] * 10), saturates=True)

    def test_has_no_meaning_where_logits_have_no_bounds(self) -> None:
        assert warnings_of(rows(*[-3.0] * 10), saturates=False) == []


class TestCollapse:
    """Two grids in a row."""

    def test_is_told_once_and_with_its_measure(self) -> None:
        values: list[float | None] = [0.9, None, 0.05, None, 0.04, None, 0.03, 0.5, 0.02, 0.02]
        history: list[dict[str, float]] = []
        told = {}
        for number, value in enumerate(values):
            history += rows(1.0) if value is None else rows(1.0, diversity=value)
            if found := warnings_of(history, saturates=True):
                told[number] = found
        assert list(told) == [4, 9]
        assert told[4] == [
            "the generator has collapsed: in the last two grids, images differ from those most like"
            " them by 4% of what real ones do; a lower learning rate, or an earlier checkpoint, may"
            " help"
        ]

    def test_needs_two(self) -> None:
        assert warnings_of(rows(1.0, diversity=0.0), saturates=True) == []
        assert warnings_of([], saturates=True) == []
