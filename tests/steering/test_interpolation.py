"""Ways between latents."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import geometric_slerp

from gantool.recipe.model import Latent
from gantool.steering.interpolation import interpolate, lerp, places_of, slerp

RANDOM = np.random.default_rng(0)


def of(share: float) -> np.ndarray:
    return np.array([share])


@pytest.mark.parametrize(
    ("keys", "frames", "loop", "before", "after", "share"),
    [
        (2, 2, False, [0, 0], [1, 1], [0, 1]),
        (2, 5, False, [0] * 5, [1] * 5, [0, 0.25, 0.5, 0.75, 1]),
        (3, 5, False, [0, 0, 1, 1, 1], [1, 1, 2, 2, 2], [0, 0.5, 0, 0.5, 1]),
        (3, 6, False, [0, 0, 1, 1, 1, 1], [1, 1, 2, 2, 2, 2], [0, 1 / 2, 0, 1 / 3, 2 / 3, 1]),
        (2, 4, True, [0, 0, 1, 1], [1, 1, 0, 0], [0, 0.5, 0, 0.5]),
        (3, 3, True, [0, 1, 2], [1, 2, 0], [0, 0, 0]),
    ],
)
def test_places_by_hand(
    keys: int, frames: int, loop: bool, before: list[int], after: list[int], share: list[float]
) -> None:
    places = places_of(keys, frames, loop)
    assert (places.before.tolist(), places.after.tolist()) == (before, after)
    np.testing.assert_allclose(places.share, share, rtol=0, atol=1e-15)


@given(st.integers(2, 12), st.integers(0, 100), st.booleans())
def test_each_key_is_a_frame_and_steps_are_nearly_even(keys: int, more: int, loop: bool) -> None:
    frames = keys + more
    places = places_of(keys, frames, loop)
    position = places.before + places.share
    assert len(position) == frames
    assert set(range(keys)) <= set(position.tolist())
    steps = np.diff(position)
    last = keys if loop else keys - 1
    # A way has one frame more or less than another one has.
    assert (steps > 0).all()
    assert steps.max() <= 1 / (((frames - (not loop)) // last) or 1) + 1e-12
    assert position[-1] + (steps[-1] if loop else 0) == pytest.approx(last)


def test_arcs_are_those_of_scipy() -> None:
    start, end = (vector / np.linalg.norm(vector) for vector in RANDOM.normal(size=(2, 7)))
    shares = np.linspace(0, 1, 9)
    expected = 3.0 * geometric_slerp(start, end, shares)
    found = slerp(np.tile(3.0 * start, (9, 1)), np.tile(3.0 * end, (9, 1)), shares)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_a_quarter_turn_by_hand() -> None:
    """From 2 along x to 4 along y: a third of the angle is 30°, of the norm 2⅔."""
    [found] = slerp(np.array([[2.0, 0.0]]), np.array([[0.0, 4.0]]), of(1 / 3))
    np.testing.assert_allclose(found, 8 / 3 * np.array([0.75**0.5, 0.5]), rtol=0, atol=1e-15)


vectors = st.lists(st.floats(-4, 4), min_size=2, max_size=9)


@given(vectors, st.data(), st.floats(0, 1))
def test_norm_angle_and_ends(first: list[float], data: st.DataObject, share: float) -> None:
    second = data.draw(st.lists(st.floats(-4, 4), min_size=len(first), max_size=len(first)))
    start, end = np.array([first]), np.array([second])
    norms = np.linalg.norm(start), np.linalg.norm(end)
    if min(norms) < 1e-3:
        return
    [found] = slerp(start, end, of(share))
    assert np.linalg.norm(found) == pytest.approx(norms[0] + share * (norms[1] - norms[0]))

    def angle(a: np.ndarray, b: np.ndarray) -> float:
        a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
        return 2 * float(np.arctan2(np.linalg.norm(a - b), np.linalg.norm(a + b)))

    whole = angle(start[0], end[0])
    assert angle(start[0], found) == pytest.approx(share * whole, abs=1e-6)
    assert angle(found, end[0]) == pytest.approx((1 - share) * whole, abs=1e-6)
    np.testing.assert_allclose(slerp(start, end, of(0.0)), start, rtol=0, atol=1e-12)
    np.testing.assert_allclose(slerp(start, end, of(1.0)), end, rtol=0, atol=1e-9)


def test_between_opposite_vectors_the_norm_stays_and_the_arc_is_always_the_same() -> None:
    start = np.tile(RANDOM.normal(size=(1, 5)), (5, 1))
    shares = np.linspace(0, 1, 5)
    found = slerp(start, -start, shares)
    np.testing.assert_allclose(
        np.linalg.norm(found, axis=1), np.linalg.norm(start, axis=1), rtol=1e-12
    )
    cosines = np.sum(found * start, axis=1) / np.sum(start**2, axis=1)
    np.testing.assert_allclose(cosines, np.cos(np.pi * shares), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(found, slerp(start, -start, shares))


def test_between_equal_vectors_nothing_moves() -> None:
    vector = RANDOM.normal(size=(1, 5))
    np.testing.assert_allclose(slerp(vector, vector, of(0.3)), vector, rtol=1e-12)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [([0.0, 0.0], [4.0, 2.0], [1.0, 0.5]), ([4.0, 2.0], [0.0, 0.0], [3.0, 1.5])],
)
def test_from_and_to_zero_the_way_is_straight(
    start: list[float], end: list[float], expected: list[float]
) -> None:
    [found] = slerp(np.array([start]), np.array([end]), of(0.25))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-15)


def test_a_single_number_goes_straight() -> None:
    np.testing.assert_array_equal(slerp(np.array([[-1.0]]), np.array([[3.0]]), of(0.5)), [[1.0]])


def test_straight_lines() -> None:
    start, end = np.tile([0.0, 1.0], (2, 1)), np.tile([4.0, -1.0], (2, 1))
    found = lerp(start, end, np.array([0.25, 1.0]))
    np.testing.assert_array_equal(found, [[1.0, 0.5], [4.0, -1.0]])


def test_normal_latents_take_arcs_and_uniform_ones_lines() -> None:
    keys = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
    places = places_of(2, 3)
    arc = interpolate(keys, places, Latent(size=2))
    line = interpolate(keys, places, Latent(size=2, distribution="uniform"))
    assert arc.dtype == line.dtype == np.float32
    np.testing.assert_allclose(arc[1], [0.5**0.5] * 2, rtol=1e-7)
    np.testing.assert_array_equal(line[1], [0.5, 0.5])
    for found in (arc, line):
        np.testing.assert_allclose(found[[0, 2]], keys, rtol=0, atol=1e-15)


@given(st.integers(0, 2**31))
def test_uniform_latents_stay_within_their_bounds(seed: int) -> None:
    keys = np.random.default_rng(seed).uniform(0, 3, (4, 6)).astype(np.float32)
    latent = Latent(size=6, distribution="uniform", bounds=(0.0, 3.0))
    found = interpolate(keys, places_of(4, 11, loop=True), latent)
    assert found.min() >= 0.0
    assert found.max() <= 3.0
