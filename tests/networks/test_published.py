"""The examples of docs/networks.md, built, and their first weights."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import yaml

from gantool.engine.plan import make_plan
from gantool.engine.smoke_test import trace
from gantool.recipe.load import RecipeText, load

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "networks.md").read_text(encoding="utf-8")
EXAMPLES = {
    section.splitlines()[0].split(": ")[-1]: example
    for section in TEXT.split("\n## ")
    for example in re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
}
BASE = {
    "name": "example",
    "data": {"source": "mnist", "size": [32, 32], "channels": 3, "labels": True},
    "latent": {"size": 16},
    "optimizers": {"generator": "Adam", "discriminator": "Adam"},
    "train": {"steps": 2000, "batch_size": 4, "precision": "float32"},
}


@pytest.fixture
def plan_of(monkeypatch):
    """A plan by the part of a recipe that an example is."""
    monkeypatch.setenv("GANTOOL_DATA", str(ROOT / "data"))

    def plan(name):
        data = BASE | yaml.safe_load(EXAMPLES[name])
        loaded = load(RecipeText(yaml.safe_dump(data), name, ROOT))
        loaded.raise_problems()
        return make_plan(loaded)

    return plan


def test_there_are_three_examples():
    assert list(EXAMPLES) == ["SNGAN", "R3GAN", "PacGAN"]


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_it_runs_forwards_and_backwards(name, plan_of):
    traced = trace(plan_of(name))
    assert np.isfinite(traced.images).all()
    assert traced.logits.shape == (2, 1)


def test_first_weights_of_r3gan_are_those_of_its_authors(plan_of):
    plan = plan_of("R3GAN")
    for network in (plan.state.generator, plan.state.discriminator):
        kernels = {key: it for key, it in network.weights().items() if key.endswith("kernel")}
        thirds = [it.numpy() for key, it in kernels.items() if "body/04_Conv2D" in key]
        assert len(thirds) == 2
        assert not np.any(thirds)
        grouped = [it.numpy() for key, it in kernels.items() if "body/02_Conv2D" in key]
        for kernel in grouped:
            assert kernel.shape == (3, 3, 16, 64)
            wanted = np.sqrt(2 / (1 + 0.2**2)) * 2 ** (-1 / 4) / np.sqrt(3 * 3 * 16)
            assert kernel.std() == pytest.approx(wanted, rel=0.03)


def test_a_block_without_its_last_kernel_is_its_shortcut(plan_of):
    """As R3GAN begins: what its generator makes is linear in the latent vector."""
    model = plan_of("R3GAN").state.generator.model
    latents = tf.random.stateless_normal([2, 16], [1, 2])
    np.testing.assert_allclose(model(2.0 * latents), 2.0 * model(latents), atol=1e-5)
