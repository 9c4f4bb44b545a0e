"""Collapse and a discriminator that has won, from pictures and rows worked out by hand."""

from __future__ import annotations

import numpy as np

from gantool.outputs.health import warnings_of


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
