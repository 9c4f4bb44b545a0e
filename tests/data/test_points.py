"""Points in the plane: their sets, what networks see of them, and their pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gantool.data.drawing import scatter
from gantool.data.example import example_of
from gantool.data.loading import load_images
from gantool.data.pipeline import batches
from gantool.data.sources import open_images, open_source
from gantool.data.sources.choice import Choice
from gantool.errors import InputError
from gantool.recipe.data import Data

RECIPE = """\
name: ring
data: {source: ring, range: [-1.5, 1.5]}
latent: {size: 2}
generator: {layers: [{Dense: {units: 8, activation: relu}}, {Dense: {units: 2}}]}
discriminator: {layers: [{Dense: {units: 8, activation: relu}}, {Dense: {units: 1}}]}
loss: hinge
regularizers: [GradientPenalty]
optimizers: {generator: Adam, discriminator: Adam}
train: {steps: 4, batch_size: 16, average: 0.9}
output: {log_every: 2, grid: {every: 2, rows: 5, columns: 6}, checkpoint: {every: 2}}
"""


@pytest.mark.parametrize(
    ("name", "means", "deviation"),
    [
        ("ring", [(np.cos(k * np.pi / 4), np.sin(k * np.pi / 4)) for k in range(8)], 0.01),
        ("grid", [(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)], 0.05),
    ],
)
def test_a_set_is_a_mixture_of_equal_normal_distributions(
    name: str, means: list[tuple[float, float]], deviation: float
) -> None:
    data = Data(source=name, labels=True)
    source = open_source(data, None)
    points = load_images(source, data).read(np.arange(100_000))
    assert points.shape == (100_000, 2)
    assert points.dtype == np.float32
    assert source.labels is not None
    assert source.classes == tuple(map(str, range(len(means))))
    for label, mean in enumerate(means):
        own = points[source.labels == label]
        share = len(own) * len(means) / 100_000
        assert share == pytest.approx(1.0, abs=0.07)  # six standard deviations of the grid's
        np.testing.assert_allclose(own.mean(0), mean, atol=6 * deviation / len(own) ** 0.5)
        np.testing.assert_allclose(own.std(0), deviation, rtol=0.1)


def test_networks_see_points_as_they_are() -> None:
    data = Data(source="ring", range=(-3.0, 3.0))
    images = load_images(open_source(data, None), data)
    pairs = batches(images, data, batch_size=64, seed=1, first_batch=0)
    points, labels = next(iter(pairs))
    assert points.shape == (64, 2)
    assert labels.shape == (64,)
    all_points = {tuple(point) for point in images.read(np.arange(len(images))).tolist()}
    assert {tuple(point) for point in points.numpy().tolist()} <= all_points
    assert np.array_equal(images.example.from_network(points.numpy()), points)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"source": "ring", "size": (2, 2)},
            "ring is a set of points, which have no size: leave it out",
        ),
        ({"source": "mnist"}, "mnist is no set of points: give data.size, [height, width]"),
    ],
)
def test_a_size_is_of_images_alone(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as raised:
        open_source(Data(**keys), None)
    assert str(raised.value) == message


def test_what_takes_images_refuses_points() -> None:
    with pytest.raises(InputError) as raised:
        open_images("ring", Choice())
    assert str(raised.value) == "ring is a set of points that gantool draws: it has no images"


def test_a_picture_has_dots_where_points_lie() -> None:
    # Two points in the same place, one in the corner above on the right, one outside.
    points = np.array([[0.0, 0.0], [0.0, 0.0], [0.99, 0.99], [5.0, 0.0]])
    picture = scatter(points, (-1.0, 1.0))
    assert picture.shape == (384, 384, 1)
    dark = np.argwhere(picture[:, :, 0] < 255)
    assert len(dark) == 18  # two dots of 3×3
    centre = dark[np.abs(dark - 191.5).max(axis=1) < 3]
    assert len(centre) == 9
    assert {int(level) for level in picture[tuple(centre.T)][:, 0]} == {92}  # 255 · 0.6²
    corner = dark[dark[:, 0] < 10]
    assert len(corner) == 9
    assert (corner[:, 1] > 370).all()


def test_the_specification_follows_the_size() -> None:
    assert example_of(Data(source="ring")).shape == (2,)
    assert example_of(Data(source="x", size=(3, 4), channels=4)).shape == (3, 4, 4)


@pytest.mark.slow
def test_a_run_of_points_trains_resumes_and_is_sampled(
    tmp_path: Path, command: Callable[..., Any]
) -> None:
    recipe, run = tmp_path / "ring.yaml", tmp_path / "run"
    recipe.write_text(RECIPE)
    for arguments in (
        ["check", recipe],
        ["train", recipe, "--out", run, "--steps", 2],
        ["train", "--resume", run, "--steps", 4],
        ["sample", "--ckpt", run, "--seeds", "0-29", "--grid", "5x6", "--out", tmp_path / "a.png"],
    ):
        done = command(*arguments)
        assert done.code == 0, done.err
    with (
        Image.open(tmp_path / "a.png") as ours,
        Image.open(run / "samples" / "step-00000004.png") as drawn,
    ):
        assert ours.size == (384, 384)
        assert np.array_equal(np.asarray(ours), np.asarray(drawn))
    done = command("sample", "--ckpt", run, "--out", tmp_path / "folder")
    assert done.code == 2
    assert done.err == f"--out {tmp_path}/folder: points are shown together: name a .png\n"
