"""What a run in mixed precision has in common with one in float32."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gantool.data.loading import load_images
from gantool.data.pipeline import batches
from gantool.engine.plan import make_plan
from gantool.engine.step import TrainingStep
from gantool.recipe.edit import parse_override
from gantool.recipe.load import RecipeText, load

BATCH = 32
STEPS = 80
WINDOW = 40
SEEDS = range(4)
RECIPE = """\
name: curve
data: {source: mnist, size: [28, 28], channels: 1}
latent: {size: 16}
generator:
  layers:
    - Dense: {units: 784, use_bias: false}
    - BatchNormalization
    - ReLU
    - Reshape: {target_shape: [7, 7, 16]}
    - Conv2DTranspose: {filters: 16, kernel_size: 4, strides: 2, padding: same, use_bias: false}
    - BatchNormalization
    - ReLU
    - Conv2DTranspose: {filters: 1, kernel_size: 4, strides: 2, padding: same, activation: tanh}
discriminator:
  layers:
    - Conv2D: {filters: 16, kernel_size: 4, strides: 2, padding: same}
    - LeakyReLU: {negative_slope: 0.2}
    - Conv2D: {filters: 32, kernel_size: 4, strides: 2, padding: same}
    - BatchNormalization
    - LeakyReLU: {negative_slope: 0.2}
    - Flatten
    - Dense: {units: 1}
loss: non-saturating
optimizers:
  generator: {Adam: {learning_rate: 0.001, beta_1: 0.5}}
  discriminator: {Adam: {learning_rate: 0.001, beta_1: 0.5}}
train: {steps: 80, batch_size: 32}
"""


def curve(precision: str, seed: int, folder: Path) -> np.ndarray:
    """The losses of generator and discriminator, each a mean over a window: [windows, 2]."""
    overrides = [parse_override(f"train.precision={precision}"), parse_override(f"seed={seed}")]
    loaded = load(RecipeText(RECIPE, "curve.yaml", folder), overrides)
    plan = make_plan(loaded)
    data = plan.recipe.data
    assert plan.source is not None
    images = load_images(plan.source, data)
    feed = iter(batches(images, data, batch_size=BATCH, seed=seed, first_batch=0))
    step = TrainingStep(plan.state, plan.recipe)
    losses = [step.run(feed, 1) for _ in range(STEPS)]
    pairs = np.array([(it.generator, it.discriminator) for it in losses])
    return pairs.reshape(-1, WINDOW, 2).mean(axis=1)


@pytest.mark.slow
def test_losses_in_bfloat16_are_those_in_float32_within_noise(repository: Path) -> None:
    """From the same seed they part by less than a quarter of what seeds differ by."""
    wide, mixed = (
        np.array([curve(precision, seed, repository) for seed in SEEDS])
        for precision in ("float32", "mixed_bfloat16")
    )
    noise = wide.std(axis=0, ddof=1)
    assert (np.abs((mixed - wide).mean(axis=0)) < 0.25 * noise).all()
    assert (mixed != wide).all()  # it was another precision
