"""The peers in PyTorch compute what the recipes compute. `make test-peers` runs this."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from gantool.networks.components import make
from gantool.recipe.load import find_recipe, load

from ...peers.settings import SETTINGS
from ...peers.torch_gan import Variant
from ...peers.torch_peers import PEERS
from ..agreement import RATES, STEPS, assert_agree, assert_losses_agree, match, values
from ..mirror import mirrored, mirrored_images

EACH = pytest.mark.parametrize("name", PEERS)


def descent(generator, discriminator, setting):
    return tuple(
        torch.optim.SGD(network.parameters(), lr=rate, weight_decay=setting.decay)
        for network, rate in zip((generator, discriminator), RATES.values(), strict=True)
    )


def tensors(network):
    """Weights and moving statistics, in the order in which Keras has them."""
    words = "weight", "bias", "running_mean", "running_var"
    found = []
    for layer in network.modules():
        own = dict(layer.named_parameters(recurse=False)) | dict(layer.named_buffers(recurse=False))
        found += [own[word] for word in words if word in own]
    return found


def fill(network, start):
    with torch.no_grad():
        for tensor, value in zip(tensors(network), start.values(), strict=True):
            tensor.copy_(torch.from_numpy(value.copy()))


def keep_the_batchs_variance(network):
    """Let it go into the moving one as Keras has it: PyTorch makes it n / (n − 1) times that."""

    def before(layer, _inputs):
        layer.before = layer.running_var.clone()

    def after(layer, inputs, _outputs):
        if layer.track_running_stats:
            count = inputs[0].numel() // inputs[0].shape[1]
            kept = layer.before * (1.0 - layer.momentum)
            layer.running_var.data.sub_(kept).mul_((count - 1) / count).add_(kept)

    for layer in network.modules():
        if isinstance(layer, _BatchNorm):
            layer.register_forward_pre_hook(before)
            layer.register_forward_hook(after)


@EACH
def test_steps_agree(name, real_batches):
    assert_steps_agree(name, real_batches, Variant())


def test_steps_agree_with_channels_last(real_batches):
    assert_steps_agree("dcgan-mnist-sigmoid", real_batches, Variant(channels_last=True))


def assert_steps_agree(name, real_batches, variant):
    ours = match(name, real_batches)
    starts = [mirrored(network, values(network)) for network in ours.networks()]
    peer = replace(PEERS[name], optimizers=descent)
    gan = peer.gan(ours.setting, variant)
    for network, start in zip((gan.generator, gan.discriminator), starts, strict=True):
        fill(network, start)
        keep_the_batchs_variance(network)
    batches = iter(
        (torch.from_numpy(mirrored_images(images)), torch.from_numpy(labels).long())
        for images, labels in ours.batches
    )
    latents = iter(ours.latents)
    for _ in range(STEPS):
        losses = peer.step(gan, batches, lambda: torch.from_numpy(next(latents)))
    assert_losses_agree(ours.run(), [float(it) for it in losses])
    pairs = zip((gan.generator, gan.discriminator), ours.networks(), starts, strict=True)
    for network, built, start in pairs:
        arrays = [it.detach().numpy() for it in tensors(network)]
        theirs = dict(zip(start, arrays, strict=True))
        assert_agree(start, mirrored(built, values(built)), theirs)


@EACH
def test_optimizers_are_the_recipes(name):
    """Three updates of a weight from given gradients, beside which no ε is seen."""
    loaded = load(find_recipe(name))
    parts = loaded.specs.generator_optimizer, loaded.specs.discriminator_optimizer
    # Weight decay is made so large that it is seen.
    setting = replace(SETTINGS[name], decay=0.5 if SETTINGS[name].decay else 0.0)
    modules = nn.Linear(4, 3, bias=False), nn.Linear(4, 3, bias=False)
    random = np.random.default_rng(0)
    for part, module, optimizer in zip(
        parts, modules, PEERS[name].optimizers(*modules, setting), strict=True
    ):
        start = random.normal(size=(3, 4)).astype(np.float32)
        variable = keras.Variable(start.copy())
        reference = make(part)
        reference.build([variable])
        with torch.no_grad():
            module.weight.copy_(torch.from_numpy(start.copy()))
        for _ in range(3):
            gradient = random.choice([-1.0, 1.0], (3, 4)) * random.uniform(0.5, 2.0, (3, 4))
            module.weight.grad = torch.tensor(gradient, dtype=torch.float32)
            optimizer.step()
            decayed = gradient + setting.decay * variable.numpy()
            reference.apply([keras.ops.convert_to_tensor(decayed.astype(np.float32))])
        change = variable.numpy() - start
        theirs = module.weight.detach().numpy() - start
        # Of a weight near 1, float32 keeps a change to 1e-7.
        np.testing.assert_allclose(theirs, change, rtol=5e-4, atol=2e-7)
        assert np.median(np.abs(change)) > 2e-5
