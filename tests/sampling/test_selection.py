"""Which images are drawn, in which order."""

from __future__ import annotations

from gantool.sampling.grid import Cell, Selection

SEEDS = (range(3, 5), range(9, 10))


def test_without_labels_each_seed_is_an_image() -> None:
    found = Selection(SEEDS)
    assert list(found.cells()) == [Cell(3), Cell(4), Cell(9)]
    assert found.count == 3


def test_each_label_is_shown_by_all_seeds() -> None:
    for layout in ("by-seed", "by-label"):
        found = Selection(SEEDS, (7, 0), layout)
        assert list(found.cells()) == [Cell(seed, label) for label in (7, 0) for seed in (3, 4, 9)]
        assert found.count == 6


def test_by_label_free_each_part_of_the_seeds_has_a_label() -> None:
    found = Selection((range(4), range(10, 12)), (7, 0, 1), "by-label-free")
    assert list(found.cells()) == [
        Cell(0, 7), Cell(1, 7), Cell(2, 0), Cell(3, 0), Cell(10, 1), Cell(11, 1),
    ]  # fmt: skip
    assert found.count == 6


def test_cells_come_one_by_one() -> None:
    cells = Selection((range(2**62),), (1, 2)).cells()
    assert [next(cells), next(cells)] == [Cell(0, 1), Cell(1, 1)]
