from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gantool.data.pixels import from_range, to_range

ALL = np.arange(256, dtype=np.uint8)


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ((0.0, 1.0), [0.0, 0.2, 1.0]),
        ((-1.0, 1.0), [-1.0, -0.6, 1.0]),
        ((-0.5, 0.5), [-0.5, -0.3, 0.5]),
        ((0.0, 255.0), [0.0, 51.0, 255.0]),
        ((2.0, 7.0), [2.0, 3.0, 7.0]),
    ],
)
def test_black_a_fifth_and_white(bounds, expected):
    values = to_range(np.array([0, 51, 255], np.uint8), bounds)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, expected, rtol=0, atol=3e-7)


@pytest.mark.parametrize("bounds", [(0.0, 1.0), (-1.0, 1.0), (-0.5, 0.5), (0.0, 255.0)])
def test_black_and_white_are_exact(bounds):
    values = to_range(ALL, bounds)
    assert (values[0], values[255]) == bounds


@pytest.mark.parametrize(
    "bounds", [(0.0, 1.0), (-1.0, 1.0), (-0.5, 0.5), (0.0, 255.0), (-3.7, 11.1), (100.0, 101.0)]
)
def test_all_256_values_come_back(bounds):
    np.testing.assert_array_equal(from_range(to_range(ALL, bounds), bounds), ALL)


@pytest.mark.parametrize("bounds", [(0.0, 1.0), (-1.0, 1.0), (-0.5, 0.5)])
def test_all_256_values_come_back_through_half_precision(bounds):
    halved = to_range(ALL, bounds).astype(np.float16)
    np.testing.assert_array_equal(from_range(halved, bounds), ALL)


@given(low=st.floats(-100, 100), width=st.floats(0.5, 1000))
def test_all_256_values_come_back_from_any_range(low, width):
    bounds = (low, low + width)
    np.testing.assert_array_equal(from_range(to_range(ALL, bounds), bounds), ALL)


def test_rounded_not_truncated_and_cut_off_outside():
    values = np.array([-1e30, -0.1, 0.0039, 0.0019, 0.5, 0.9999, 1.5, np.inf, -np.inf, np.nan])
    pixels = from_range(values, (0.0, 1.0))
    assert pixels.dtype == np.uint8
    assert pixels.tolist() == [0, 0, 1, 0, 128, 255, 255, 255, 0, 0]


def test_shape_stays():
    assert to_range(np.zeros((2, 3, 4, 1), np.uint8), (-1, 1)).shape == (2, 3, 4, 1)
    assert from_range(np.zeros((2, 3, 4, 1)), (-1, 1)).shape == (2, 3, 4, 1)
