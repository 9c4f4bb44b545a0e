"""Generators of other kinds: transparent images, no classes, uniform latents, no directions."""

from __future__ import annotations

import asyncio
import io
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gantool.errors import InputError
from gantool.explore.explorer import Explorer
from gantool.explore.page import page_of
from gantool.explore.server import app_of
from gantool.explore.wish import Wish
from gantool.runs.checkpoint import Checkpoint
from gantool.sampling.model import Model

RGBA = """\
name: rgba
data: {source: pictures, size: [9, 7], channels: 4, range: [0, 1]}
latent: {size: 6, distribution: uniform, bounds: [0, 2]}
generator:
  layers:
    - Reshape: {target_shape: [3, 2, 1]}
    - Conv2DTranspose: {filters: 4, kernel_size: 3, padding: same, activation: tanh}
    - Flatten
    - Dense: {units: 252, activation: sigmoid, kernel_initializer: {RandomNormal: {stddev: 1.0}}}
    - Reshape: {target_shape: [9, 7, 4]}
discriminator: {layers: [Flatten, Dense: {units: 1}]}
loss: non-saturating
optimizers: {generator: SGD, discriminator: SGD}
train: {steps: 1, batch_size: 4, precision: float32}
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory, forked: Any) -> Path:
    folder = tmp_path_factory.mktemp("rgba")
    (folder / "pictures").mkdir()
    pick = np.random.default_rng(0)
    for number in range(4):
        pixels = pick.integers(0, 256, (9, 7, 4), np.uint8)
        Image.fromarray(pixels).save(folder / "pictures" / f"{number}.png")
    (folder / "rgba.yaml").write_text(RGBA)
    ended = forked("train", folder / "rgba.yaml", "--out", folder / "run")
    assert ended.code == 0, ended.err
    path = folder / "<b>my.h5"
    shutil.copy(folder / "run/checkpoints/step-00000001.h5", path)
    return path


@pytest.fixture(scope="module")
def explorer(checkpoint: Path) -> Explorer:
    opened = Checkpoint(checkpoint)
    return Explorer(opened, Model(opened), [])


def pixels(content: Any) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image).astype(int)


def test_what_is_saved_is_transparent_as_sample_draws_it(
    explorer: Explorer, checkpoint: Path, command: Any, tmp_path: Path
) -> None:
    drawn = tmp_path / "drawn"
    assert command("sample", "--ckpt", checkpoint, "--seeds", 33, "--out", drawn).code == 0
    name, content = explorer.picture(Wish(seed=33))
    assert content == (drawn / name).read_bytes()
    assert pixels(content).shape == (9, 7, 4)


def test_what_is_shown_lies_over_a_checkerboard(
    explorer: Explorer, checkpoint: Path, command: Any, tmp_path: Path
) -> None:
    out = tmp_path / "over.png"
    assert command("sample", "--ckpt", checkpoint, "--seeds", 33, "--out", out).code == 0
    expected = pixels(out.read_bytes())
    assert expected.shape == (9, 7, 3)
    shown = pixels(explorer.shown(Wish(seed=33)))
    np.testing.assert_allclose(shown, expected, atol=2)  # rounding, of colours and of alpha


def test_uniform_latents_go_straight(explorer: Explorer) -> None:
    def latent(**wish: Any) -> np.ndarray:
        return np.load(io.BytesIO(explorer.latent(Wish(**wish)).content))

    way = latent(seed=1, end=2, share=0.25)
    np.testing.assert_allclose(way, 0.75 * latent(seed=1) + 0.25 * latent(seed=2), atol=1e-6)


@pytest.mark.parametrize(
    ("wish", "line"),
    [
        (Wish(seed=0, label=0), "label: 0 is none of them: there are no classes"),
        (Wish(seed=0, moves=(1.0,)), "moves: 1 are too many: there are 0 directions"),
    ],
)
def test_what_it_lacks_is_refused(explorer: Explorer, wish: Wish, line: str) -> None:
    for draw in (explorer.shown, explorer.sheet, explorer.picture, explorer.latent):
        with pytest.raises(InputError) as refused:
            draw(wish)
        assert str(refused.value) == line


def test_the_page_has_no_controls_for_what_it_lacks(explorer: Explorer) -> None:
    html = page_of(explorer).html
    assert 'id="labels"' not in html
    assert 'class="move"' not in html
    assert "None: its first layer with weights does not take the whole latent at once." in html
    assert "rgba, step 1" in html
    assert "<b>my.h5" not in html
    assert "&lt;b&gt;my.h5, raw weights" in html


def test_an_error_that_nobody_foresaw_is_a_line(
    explorer: Explorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no memory\nat all")

    monkeypatch.setattr(explorer, "_generate", fail)
    app, sent = app_of(explorer, "token"), []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "GET", "path": "/token/shown.png", "query_string": b"seed=1",
        "headers": [(b"host", b"localhost")],
    }  # fmt: skip
    with pytest.raises(RuntimeError):  # for the server, which tells nobody
        asyncio.run(app(scope, None, send))
    assert sent[0]["status"] == 500
    assert sent[1]["body"] == b"unexpected error: RuntimeError: no memory"
    assert explorer.sheet(Wish(seed=1))
