"""The five reference recipes and quickstart in PyTorch: losses, optimizers and steps by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from . import torch_networks as networks
from .settings import Setting
from .torch_gan import (
    GAN,
    Loss,
    Losses,
    Variant,
    clip_discriminator,
    update_both,
    update_discriminator,
    update_generator,
    update_separately,
)

Batches = Iterator[tuple[Tensor, Tensor]]
"""Images [B, C, H, W] and labels int64 [B]."""
Draw = Callable[[], Tensor]
"""Gives latents [B, N]."""


@dataclass(frozen=True)
class Peer:
    """A recipe in PyTorch.

    Attributes:
        networks: Of a setting.
        initialize: Fills a kernel; biases start at 0.
        optimizers: Of generator and discriminator.
        loss: Of logits.
        draw: Latents [B, N] of B and N.
        step: All updates of one step.
    """

    networks: Callable[[Setting], tuple[nn.Module, nn.Module]]
    initialize: Callable[[Tensor], Any]
    optimizers: Callable[[nn.Module, nn.Module, Setting], tuple[torch.optim.Optimizer, ...]]
    loss: Loss
    draw: Callable[[int, int], Tensor]
    step: Callable[[GAN, Batches, Draw], Losses]

    def gan(self, setting: Setting, variant: Variant) -> GAN:
        """Networks at their first weights, and all that moves them."""
        pair = self.networks(setting)
        for network in pair:
            for layer in network.modules():
                if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
                    self.initialize(layer.weight)
                    if layer.bias is not None:
                        nn.init.zeros_(layer.bias)
            if variant.channels_last:
                network.to(memory_format=torch.channels_last)
        return GAN(*pair, self.optimizers(*pair, setting), self.loss, setting.clip, variant)


def wgan_celeba(gan: GAN, batches: Batches, draw: Draw) -> Losses:
    """The critic five times, clipped after each, then the generator."""
    for _ in range(5):
        images, labels = next(batches)
        loss = update_discriminator(gan, images, labels, draw())
        clip_discriminator(gan)
    return loss, update_generator(gan, labels, draw())


def dcgan_mnist(gan: GAN, batches: Batches, draw: Draw) -> Losses:
    """The discriminator from real images, then from generated ones, then the generator."""
    images, labels = next(batches)
    loss = update_separately(gan, images, labels, draw())
    return loss, update_generator(gan, labels, draw())


def one_each(gan: GAN, batches: Batches, draw: Draw) -> Losses:
    """The discriminator, then the generator."""
    images, labels = next(batches)
    return update_discriminator(gan, images, labels, draw()), update_generator(gan, labels, draw())


def cgan_mnist(gan: GAN, batches: Batches, draw: Draw) -> Losses:
    """The generator twice, then the discriminator, all from the same latents and labels."""
    images, labels = next(batches)
    latents = draw()
    update_generator(gan, labels, latents)
    loss = update_generator(gan, labels, latents)
    return update_discriminator(gan, images, labels, latents), loss


def dcgan_faces_96(gan: GAN, batches: Batches, draw: Draw) -> Losses:
    """Both at once."""
    images, labels = next(batches)
    return update_both(gan, images, labels, draw())


def cross_entropy(logits: Tensor, real: bool) -> Tensor:
    """Binary, of logits [B, 1]."""
    wanted = torch.ones_like(logits) if real else torch.zeros_like(logits)
    return functional.binary_cross_entropy_with_logits(logits, wanted)


def softmax_cross_entropy(logits: Tensor, real: bool) -> Tensor:
    """Of logits [B, 2], of generated and of real."""
    wanted = torch.full((len(logits),), int(real))
    return functional.cross_entropy(logits, wanted)


def wasserstein(logits: Tensor, real: bool) -> Tensor:
    """Of the critic's numbers [B, 1]."""
    return -logits.mean() if real else logits.mean()


def _adam(
    generator: nn.Module,
    discriminator: nn.Module,
    setting: Setting,
    rates: tuple[float, float],
    beta_1: float,
) -> tuple[torch.optim.Optimizer, ...]:
    # Weight decay joins the gradient here, as that of ½ w² in the loss does. ε, as large as
    # Keras's, stands beside the root of the unbiased second moment; Keras has the biased one.
    return tuple(
        torch.optim.Adam(
            network.parameters(),
            lr=rate,
            betas=(beta_1, 0.999),
            eps=1e-7,
            weight_decay=setting.decay,
            fused=True,
        )
        for network, rate in zip((generator, discriminator), rates, strict=True)
    )


def _rms_prop(
    generator: nn.Module, critic: nn.Module, _setting: Setting
) -> tuple[torch.optim.Optimizer, ...]:
    # ε stands beside the root; Keras has it inside.
    return tuple(
        torch.optim.RMSprop(network.parameters(), lr=rate, alpha=0.9, eps=1e-7, foreach=True)
        for network, rate in ((generator, 1e-5), (critic, 5e-5))
    )


def _around_zero(count: int, size: int) -> Tensor:
    return torch.empty(count, size).uniform_(-1.0, 1.0)


PEERS = {
    "wgan-celeba": Peer(
        networks.wgan_celeba,
        nn.init.xavier_uniform_,
        _rms_prop,
        wasserstein,
        _around_zero,
        wgan_celeba,
    ),
    "dcgan-mnist": Peer(
        networks.dcgan_mnist,
        nn.init.xavier_uniform_,
        partial(_adam, rates=(1e-3, 1e-3), beta_1=0.9),
        cross_entropy,
        torch.randn,
        dcgan_mnist,
    ),
    "dcgan-mnist-sigmoid": Peer(
        networks.dcgan_mnist_sigmoid,
        partial(nn.init.normal_, std=0.02),
        partial(_adam, rates=(2e-4, 2e-4), beta_1=0.5),
        cross_entropy,
        torch.rand,
        one_each,
    ),
    "cgan-mnist": Peer(
        networks.cgan_mnist,
        nn.init.xavier_uniform_,
        partial(_adam, rates=(2e-4, 2e-4), beta_1=0.5),
        cross_entropy,
        _around_zero,
        cgan_mnist,
    ),
    "dcgan-faces-96": Peer(
        networks.dcgan_faces_96,
        partial(nn.init.trunc_normal_, std=0.02, a=-0.04, b=0.04),
        partial(_adam, rates=(1e-4, 1e-4), beta_1=0.5),
        softmax_cross_entropy,
        _around_zero,
        dcgan_faces_96,
    ),
    "quickstart": Peer(
        networks.quickstart,
        partial(nn.init.normal_, std=0.02),
        partial(_adam, rates=(1e-3, 6e-4), beta_1=0.5),
        cross_entropy,
        torch.randn,
        one_each,
    ),
}
