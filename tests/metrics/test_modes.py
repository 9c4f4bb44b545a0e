"""Modes of points that samples find, worked out by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import entropy

from gantool.data.loading import load_images
from gantool.data.sources import open_source
from gantool.metrics.modes import Modes
from gantool.recipe.data import Data
from tests.metrics.given import RealsBeside, samples_of

RECIPE = """\
name: ring
data: {source: ring, range: [-2, 2]}
latent: {size: 2}
generator: {layers: [{Dense: {units: 2}}]}
discriminator: {layers: [{Dense: {units: 1}}]}
loss: hinge
optimizers: {generator: Adam, discriminator: Adam}
train: {steps: 4, batch_size: 16}
output: {metrics: [{Modes: {every: 2, samples: 300}}], log_every: 1}
"""


def figures(source: str, points: Any) -> Any:
    metric = Modes()
    metric.source = source
    return metric(samples_of(np.asarray(points, np.float32)), RealsBeside(()))


def test_by_hand() -> None:
    """Of a ring: two samples at mode 0, one 2.9 σ and one 3.1 σ from mode 2, none elsewhere."""
    points = [(1.0, 0.0), (1.0, 0.01), (0.0, 1.029), (0.0, 0.969)]
    expected = math.log(8 / 2)  # half of them at each of two modes
    assert figures("ring", points) == {
        "modes": 2,
        "high_quality": 0.75,
        "reverse_kl": pytest.approx(expected, abs=5e-5),
    }


def test_a_mode_with_distant_samples_alone_is_not_found_and_has_its_share() -> None:
    points = [(1.0, 0.0), (0.0, 1.2), (0.0, 1.2), (0.0, 1.2)]
    found = figures("ring", points)
    assert (found["modes"], found["high_quality"]) == (1, 0.25)
    assert found["reverse_kl"] == pytest.approx(math.log(8) - entropy([0.25, 0.75]), abs=5e-5)


@pytest.mark.parametrize(("source", "count"), [("ring", 8), ("grid", 25)])
def test_of_the_data_themselves_all_is_found(source: str, count: int) -> None:
    data = Data(source=source)
    found = figures(source, load_images(open_source(data, None), data).read(np.arange(2500)))
    assert found["modes"] == count
    # Within 3 σ of a normal distribution in the plane lie 1 − exp(−9 / 2) of it.
    assert found["high_quality"] == pytest.approx(1 - math.exp(-4.5), abs=0.008)
    # What chance alone leaves of 2,500 samples: about (modes − 1) / (2 · 2500).
    assert found["reverse_kl"] == pytest.approx((count - 1) / 5000, abs=0.004)


@pytest.mark.slow
def test_a_run_writes_them(command: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "ring.yaml").write_text(RECIPE)
    assert command("train", tmp_path / "ring.yaml", "--out", tmp_path / "run").code == 0
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["step"] for row in rows if "high_quality" in row] == [2, 4]
    assert 0 <= rows[-1]["modes"] <= 8
    assert rows[-1]["reverse_kl"] >= 0


def test_of_images_they_are_refused(command: Callable[..., Any], tmp_path: Path) -> None:
    text = RECIPE.replace("source: ring, range: [-2, 2]", "source: mnist, size: [28, 28]")
    (tmp_path / "r.yaml").write_text(text)
    ended = command("check", tmp_path / "r.yaml")
    assert ended.code == 2
    assert ended.err == (
        f"{tmp_path}/r.yaml:9:20: Modes is a figure of ring and grid, and the source is mnist:"
        " leave it out\n"
    )
