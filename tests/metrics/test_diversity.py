"""The distance of images to those most like them, worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gantool.metrics.diversity import Diversity
from gantool.outputs.health import is_collapsed


def diversity(made: Sequence[np.ndarray], real: Sequence[np.ndarray]) -> float | None:
    return Diversity()(made, real).get("diversity")


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
