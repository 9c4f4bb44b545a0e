"""Latents towards the mean of their distribution."""

from __future__ import annotations

import numpy as np
import pytest

from gantool.recipe.model import Latent
from gantool.sampling.truncation import truncated

Z = np.array([[-1.0, 0.25, 3.0], [0.1, 0.0, -2.5]], np.float32)


def test_normal_latents_are_scaled() -> None:
    moved = truncated(Z, Latent(size=3), 0.5)
    assert moved.dtype == np.float32
    assert moved.tolist() == [[-0.5, 0.125, 1.5], [np.float32(0.1) / 2, 0.0, -1.25]]


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        (None, [-0.25, 0.0, 0.25]),
        ((0.0, 1.0), [0.125, 0.375, 0.625]),
        ((2.0, 6.0), [2.875, 3, 3.25]),
    ],
)
def test_uniform_latents_move_to_the_middle_of_their_bounds(
    bounds: tuple[float, float] | None, expected: list[float]
) -> None:
    """mean + 0.25 (z - mean), with the mean 0, 1/2 and 4 by hand."""
    latents = {None: [-1, 0, 1], (0.0, 1.0): [-1, 0, 1], (2.0, 6.0): [-0.5, 0, 1]}[bounds]
    latent = Latent(size=3, distribution="uniform", bounds=bounds)
    moved = truncated(np.array([latents], np.float32), latent, 0.25)
    assert moved.tolist() == [expected]


def test_of_0_only_the_mean_is_left() -> None:
    latent = Latent(size=3, distribution="uniform", bounds=(1.0, 4.0))
    assert (truncated(Z, latent, 0.0) == 2.5).all()
    assert (truncated(Z, Latent(size=3), 0.0) == 0.0).all()


def test_of_1_they_stay_bit_for_bit() -> None:
    latent = Latent(size=3, distribution="uniform", bounds=(0.1, 0.7))
    assert truncated(Z, latent, 1.0).tobytes() == Z.tobytes()
