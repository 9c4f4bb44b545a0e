"""The first digits that a user makes: readable, and those that were asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

STEPS = 200


def features(images: np.ndarray) -> np.ndarray:
    """Pixels and their gentle nonlinear mix, [N, F] float32."""
    flat = images.reshape(len(images), -1).astype(np.float32) / 255
    mix = np.random.default_rng(0).normal(0, 0.1, (flat.shape[1], 600)).astype(np.float32)
    return np.hstack([np.maximum(flat @ mix, 0), flat, np.ones((len(flat), 1), np.float32)])


@pytest.fixture(scope="module")
def classifier(mnist: Any) -> Any:
    """Ridge regression on real digits, to the ten classes."""
    inputs = features(mnist("train-images")[:20_000])
    targets = np.eye(10, dtype=np.float32)[mnist("train-labels")[:20_000]]
    gram = inputs.T @ inputs + 10 * np.eye(inputs.shape[1], dtype=np.float32)
    weights = np.linalg.solve(gram, inputs.T @ targets)
    return lambda images: np.argmax(features(images) @ weights, axis=1)


@pytest.mark.slow
def test_quickstart_draws_the_digits_that_are_asked_for(
    forked: Any, classifier: Any, mnist: Any, tmp_path: Path
) -> None:
    right = classifier(mnist("t10k-images")) == mnist("t10k-labels")
    assert right.mean() > 0.9

    ended = forked("train", "quickstart", "--steps", STEPS, "--out", tmp_path / "run", seconds=400)
    assert ended.code == 0, ended.err
    ended = forked("sample", "--ckpt", tmp_path / "run", "--seeds", "0-199", "--out", tmp_path)
    assert ended.code == 0, ended.err
    samples = np.stack(
        [np.asarray(Image.open(tmp_path / f"seed-{seed:08d}.png")) for seed in range(200)]
    )
    hits = (classifier(samples) == np.arange(200) % 10).reshape(20, 10)
    assert hits.mean() >= 0.6, f"{hits.mean():.0%} of the samples show their digit"
    assert hits.any(axis=0).all(), f"hits of each digit: {hits.sum(axis=0)}"
