"""Figures of neighbours beside the authors' own package, and by hand."""

import numpy as np
import pytest
from prdc import compute_prdc

from gantool.statistics import neighbours
from gantool.statistics.neighbours import (
    density_coverage,
    nearest,
    nearest_few,
    nearness_to_copies,
    precision_recall,
    radii,
)

RANDOM = np.random.default_rng(7)
REAL = RANDOM.normal(size=(150, 8))
GENERATED = RANDOM.normal(0.4, 0.8, size=(120, 8))


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("block", [1 << 27, 4000])
def test_they_are_those_of_the_authors(
    k: int, block: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where few rows of the distances are in memory at a time."""
    monkeypatch.setattr(neighbours, "_BLOCK_BYTES", block)
    expected = compute_prdc(REAL, GENERATED, k)
    capsys.readouterr()
    shares = precision_recall(REAL, GENERATED, k)._asdict()
    shares |= density_coverage(REAL, GENERATED, k)._asdict()
    assert shares == pytest.approx(expected, abs=1e-12)
    assert 0.2 < shares["precision"] < 1


def test_a_mode_left_out_costs_recall_and_no_precision() -> None:
    modes = np.repeat([[0.0, 0], [50.0, 0], [0, 50.0], [50.0, 50.0]], 60, axis=0)
    real, again = (modes + RANDOM.normal(size=modes.shape) for _ in range(2))
    whole, part = precision_recall(real, again), precision_recall(real, again[:180])
    assert part.recall == pytest.approx(whole.recall * 0.75, abs=0.03)
    assert part.precision == pytest.approx(whole.precision, abs=0.03)
    assert density_coverage(real, again[:180]).coverage == pytest.approx(0.75, abs=0.03)


def test_equal_sets_have_all_four_at_one() -> None:
    assert precision_recall(REAL, REAL) == (1, 1)
    assert density_coverage(REAL, REAL).coverage == 1


def test_nearest_and_radii_by_hand() -> None:
    line = np.array([[0.0], [1.0], [3.0], [7.0]])
    assert radii(line, 1).tolist() == [1, 1, 2, 4]
    assert radii(line, 3).tolist() == [7, 6, 4, 7]
    found = nearest(np.array([[2.5], [-1.0]]), line)
    assert found.number.tolist() == [2, 0]
    assert nearest_few(np.array([[2.5]]), line, 3).tolist() == [[2, 1, 0]]
    assert radii(line, 1, of=np.array([3, 1])).tolist() == [4, 1]
    np.testing.assert_allclose(found.distance, [0.5, 1.0])


def test_a_double_is_a_neighbour_and_the_vector_itself_is_none() -> None:
    assert radii(np.array([[1.0], [1.0], [4.0]]), 1).tolist() == [0, 0, 3]


def test_copies_are_nearer_than_the_next_real_one() -> None:
    """Reals at 0, 10 and 12: the nearest others are 10, 2 and 2 away."""
    real = np.array([[0.0], [10.0], [12.0]])
    generated = np.array([[-9.0], [-11.0], [12.5], [15.0]])
    np.testing.assert_allclose(nearness_to_copies(generated, real), [0.9, 1.1, 0.25, 1.5])


def test_exact_copies_are_copies_also_of_images_that_are_there_twice() -> None:
    real = RANDOM.normal(100.0, size=(20, 300)).astype(np.float32)
    twice = np.concatenate([real, real[:1]])
    assert nearness_to_copies(real, twice).tolist() == [0] * 20


def test_of_new_vectors_of_the_same_kind_half_are() -> None:
    new, old = RANDOM.normal(size=(2, 3000, 4))
    assert (nearness_to_copies(new, old) <= 1).mean() == pytest.approx(0.5, abs=0.05)


def test_too_few_for_k_neighbours_are_refused() -> None:
    with pytest.raises(ValueError, match="of 3 vectors none has 3 others"):
        radii(REAL[:3], 3)
