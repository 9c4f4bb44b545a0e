"""An ACGAN of the command line: what `check` shows and refuses, and a short training."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.slow

RECIPE = """\
name: ac
data: {source: pictures, size: [8, 8], labels: true}
latent: {size: 4}
generator:
  layers:
    - ConcatLabel
    - Dense: {units: 192, activation: tanh}
    - Reshape: {target_shape: [8, 8, 3]}
discriminator:
  layers: [Flatten, AuxiliaryClassifier]
loss: {generator: Hinge, discriminator: {RelativisticAverage: {flip: 0.05}}}
regularizers: [ClassLoss, {GradientPenalty: {at: around-real, every: 2}}, {R1: {every: 3}}]
optimizers: {generator: Adam, discriminator: Adam}
train: {steps: 4, batch_size: 4}
output: {log_every: 2, grid: {every: 4, rows: 2, columns: 2}, metrics: []}
"""


@pytest.fixture
def recipe(tmp_path):
    random = np.random.default_rng(0)
    for kind in ("cat", "dog"):
        (tmp_path / "pictures" / kind).mkdir(parents=True)
        for number in range(4):
            picture = random.integers(0, 255, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(picture).save(tmp_path / "pictures" / kind / f"{number}.png")
    path = tmp_path / "r.yaml"
    path.write_text(RECIPE)
    return path


def test_is_shown_trained_and_refused_without_its_loss_or_labels(command, recipe, tmp_path):
    shown = command("check", recipe)
    assert shown.code == 0, shown.err
    assert "2  AuxiliaryClassifier  logit + 2 classes         579" in shown.out
    trained = command("train", recipe, "--out", tmp_path / "run")
    assert trained.code == 0, trained.err
    rows = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    last = json.loads(rows[-1])
    assert last["step"] == 4
    assert np.isfinite([last["generator_loss"], last["discriminator_loss"]]).all()
    for setting, message in (
        (
            "regularizers=[]",
            ":10:21: AuxiliaryClassifier learns nothing without ClassLoss among the regularizers",
        ),
        (
            "discriminator.layers.1={Dense: {units: 1}}",
            ":12:16: ClassLoss needs a discriminator that ends in AuxiliaryClassifier",
        ),
        (
            "loss.generator=Softmax",
            "--set loss.generator=Softmax: Softmax takes 2 of the discriminator's logits for an"
            " image, RelativisticAverage 1: take two losses of as many",
        ),
    ):
        refused = command("check", recipe, "--set", setting)
        assert refused.code == 2
        assert refused.err.strip().endswith(message)
