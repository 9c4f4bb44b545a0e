from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gantool.engine.plan import make_plan
from gantool.engine.step import TrainingStep
from gantool.kernels import convolution_ways
from gantool.kernels.switch import plain_kernels
from gantool.recipe.edit import parse_override
from gantool.recipe.load import RecipeText, load

BATCH = 16
RECIPE = """\
name: wide
data: {source: digits, size: [28, 28], channels: 1}
latent: {size: 8}
generator:
  layers:
    - Dense: {units: 784, use_bias: false}
    - BatchNormalization
    - ReLU
    - Reshape: {target_shape: [7, 7, 16]}
    - Conv2DTranspose: {filters: 16, kernel_size: 4, strides: 2, padding: same, use_bias: false}
    - BatchNormalization
    - ReLU
    - Conv2DTranspose: {filters: 1, kernel_size: 5, strides: 2, padding: same, activation: tanh}
discriminator:
  layers:
    - Conv2D: {filters: 16, kernel_size: 4, strides: 2, padding: same}
    - LeakyReLU: {negative_slope: 0.2}
    - Conv2D: {filters: 16, kernel_size: 5, strides: 2, padding: same}
    - LeakyReLU: {negative_slope: 0.2}
    - Flatten
    - Dense: {units: 512}
    - LeakyReLU: {negative_slope: 0.2}
    - Dense: {units: 1}
loss: wasserstein
regularizers: [{GradientPenalty: {weight: 10}}]
optimizers:
  generator: {SGD: {learning_rate: 1.0}}
  discriminator: {SGD: {learning_rate: 1.0}}
train: {steps: 1, batch_size: 16, precision: float32}
"""

SLOW = "{SGD: {learning_rate: 0.001}}"
"""Moves the discriminator so little that the generator's loss hardly feels its rounding."""


def one_step(
    images: np.ndarray, folder, *settings: str
) -> tuple[tuple[float, float], dict[str, np.ndarray]]:
    """The losses of a step, and by how much it has moved each variable: its gradient."""
    overrides = [parse_override(setting) for setting in settings]
    loaded = load(RecipeText(RECIPE, "wide.yaml", folder), overrides)
    state = make_plan(loaded).state
    groups = ("generator", "discriminator")
    before = {group: copied(state.variables()[group]) for group in groups}
    batches = tf.data.Dataset.from_tensors((images, np.zeros(BATCH, np.int32)))
    losses = TrainingStep(state, loaded.recipe).run(iter(batches), 1)
    moved = {
        f"{group}/{key}": value - before[group][key]
        for group in groups
        for key, value in copied(state.variables()[group]).items()
    }
    return (losses.generator, losses.discriminator), moved


def copied(variables) -> dict[str, np.ndarray]:
    return {key: variable.numpy().copy() for key, variable in variables.items()}


@pytest.fixture
def digits(mnist) -> np.ndarray:
    return (mnist("train-images")[:BATCH, ..., np.newaxis] / 127.5 - 1.0).astype(np.float32)


@pytest.mark.slow
def test_a_step_with_gradient_penalty_is_the_plain_one(monkeypatch, tiny, digits):
    with plain_kernels():
        plain_losses, plain = one_step(digits, tiny.parent)
    monkeypatch.setattr(
        convolution_ways,
        "_expected",
        lambda shapes, _: "tiles of 4" if shapes.channels > 1 else "patches to the image",
    )
    losses, fast = one_step(digits, tiny.parent)
    np.testing.assert_allclose(losses, plain_losses, rtol=1e-5)
    for key, expected in plain.items():
        assert np.linalg.norm(fast[key] - expected) <= 1e-5 * np.linalg.norm(expected), key
    # Another way of computing is rounded elsewhere: it has been taken.
    assert any((fast[key] != expected).any() for key, expected in plain.items())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("precision", "tolerance"),
    [("float32", 2e-5), ("mixed_float16", 0.08)],
)
def test_a_step_compiled_by_xla_is_the_plain_one(tiny, digits, precision, tolerance):
    """In float16 within its rounding, which XLA leaves out inside of what it fuses.

    Without the penalty: XLA mixes real and generated images by other random numbers.
    """
    settings = f"train.precision={precision}", "regularizers=[]", f"optimizers.discriminator={SLOW}"
    plain_losses, plain = one_step(digits, tiny.parent, *settings)
    losses, compiled = one_step(digits, tiny.parent, *settings, "train.jit_compile=true")
    np.testing.assert_allclose(losses, plain_losses, rtol=tolerance)
    for key, expected in plain.items():
        assert np.linalg.norm(compiled[key] - expected) <= tolerance * np.linalg.norm(expected), key
    assert any((compiled[key] != expected).any() for key, expected in plain.items())
