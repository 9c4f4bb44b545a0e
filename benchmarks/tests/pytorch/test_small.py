"""The small networks in PyTorch have the shapes of the recipes', and learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from gantool.engine.plan import make_plan
from gantool.recipe.load import find_recipe, load

from ...peers import in_torch_small

RECIPES = Path(in_torch_small.__file__).parents[1] / "recipes"


@pytest.mark.parametrize("name", in_torch_small.NETWORKS)
def test_networks_have_the_recipes_weights_and_outputs(name):
    state = make_plan(load(find_recipe(str(RECIPES / f"{name}.yaml")))).state
    pair = in_torch_small.NETWORKS[name]()
    for network, ours in zip(pair, (state.generator, state.discriminator), strict=True):
        sizes = sorted(weight.numel() for weight in network.parameters())
        assert sizes == sorted(int(np.prod(it.shape)) for it in ours.model.trainable_variables)
    batch, latent = in_torch_small.BATCH[name], in_torch_small.LATENT[name]
    images = pair[0](torch.randn(batch, latent))
    assert images.shape == (batch, *in_torch_small.SHAPE[name])
    assert pair[1](images).shape == (batch, 1)


@pytest.mark.parametrize("name", in_torch_small.NETWORKS)
def test_steps_move_both_networks(name, monkeypatch):
    made = {}
    build = in_torch_small.NETWORKS[name]
    monkeypatch.setitem(in_torch_small.NETWORKS, name, lambda: made.setdefault("pair", build()))
    advance = in_torch_small.build(name)
    before = [[weight.detach().clone() for weight in it.parameters()] for it in made["pair"]]
    advance(2)
    for network, weights in zip(made["pair"], before, strict=True):
        moved = [(a != b).any() for a, b in zip(network.parameters(), weights, strict=True)]
        assert all(moved)
