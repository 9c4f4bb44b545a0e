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
from tests.metrics.given import RealsBeside, samples_of


def diversity(made: Sequence[np.ndarray], real: Sequence[np.ndarray]) -> float | None:
    return Diversity()(samples_of(made), RealsBeside(real)).get("diversity")


def flat(*levels: int) -> list[np.ndarray]:
    return [np.full((2, 3, 1), level, np.uint8) for level in levels]


class TestDiversity:
    """The median distance to the nearest other image, beside that of real ones."""

    def test_by_hand(self) -> None:
        # Nearest distances 10, 10, 20, 30, 40, 40, 10, 10 of made ones: the median is 15.
        made = flat(0, 10, 30, 60, 120, 160, 200, 210)
        # And 20, 20, 20, 20, 20, 20, 20, 60 of real ones.
        real = flat(0, 20, 40, 60, 80, 100, 120, 180)
        assert diversity(made, real) == pytest.approx(15 / 20, abs=1e-4)

    def test_equal_real_images_count_once_and_as_many_samples_are_compared(self) -> None:
        made, real = flat(0, 10, 30, 60, 120, 160, 200, 210), flat(0, 20, 40, 60, 80, 100, 120, 180)
        assert diversity(made + flat(*range(56)), (real * 8)) == pytest.approx(0.75, abs=1e-4)

    def test_forty_pictures_in_a_grid_of_sixty_four(self) -> None:
        draw = np.random.default_rng(1)
        pictures = [draw.integers(0, 256, (16, 16, 3), np.uint8) for _ in range(40)]
        others = [draw.integers(0, 256, (16, 16, 3), np.uint8) for _ in range(64)]
        assert diversity(others, (pictures * 2)[:64]) == pytest.approx(1.0, abs=0.05)
        value = diversity([others[0]] * 64, (pictures * 2)[:64])
        assert value == 0.0

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
        [
            (flat(1), flat(*range(64))),
            (flat(*range(7)), flat(*range(64))),
            (flat(*range(64)), flat(1)),
            (flat(*range(64)), flat(*range(7)) * 9),
            (flat(*range(64)), flat(5) * 64),
        ],
        ids=["one made", "few made", "one real", "seven real, repeated", "one real, repeated"],
    )
    def test_where_nothing_can_be_compared(
        self, made: list[np.ndarray], real: list[np.ndarray]
    ) -> None:
        assert diversity(made, real) is None

    @given(st.lists(st.integers(0, 255), min_size=8, max_size=20))
    def test_does_not_depend_on_the_order(self, levels: list[int]) -> None:
        reals = flat(*range(0, 240, 12))
        assert diversity(flat(*levels), reals) == diversity(flat(*reversed(levels)), reals)
