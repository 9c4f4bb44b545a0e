"""PyTorch: the step of one of the small networks of PacGAN's tables.

    python -m peers.in_torch_small points|stacked-mnist [compiled]

is what `small.py` starts; see `serving.py`. Needs neither gantool nor TensorFlow.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from .serving import Advance, serve
from .torch_gan import GAN, Variant, update_both, update_discriminator, update_generator
from .torch_peers import cross_entropy

BATCH = {"points": 100, "stacked-mnist": 128}
LATENT = {"points": 2, "stacked-mnist": 256}
SHAPE = {"points": (2,), "stacked-mnist": (3, 28, 28)}


class Maxout(nn.Module):
    """The largest of each unit's pieces (Goodfellow et al. 2013)."""

    def __init__(self, inputs: int, units: int, pieces: int) -> None:
        super().__init__()
        self.units, self.pieces = units, pieces
        self.linear = nn.Linear(inputs, units * pieces)

    def forward(self, values: Tensor) -> Tensor:
        return self.linear(values).view(-1, self.units, self.pieces).amax(2)


def points() -> tuple[nn.Module, nn.Module]:
    """Generator and discriminator of table 1."""
    generator, width = nn.Sequential(), LATENT["points"]
    for _ in range(4):
        generator.extend(
            [
                nn.Linear(width, 400, bias=False),
                nn.BatchNorm1d(400, eps=1e-4, momentum=0.05),
                nn.ReLU(inplace=True),
            ]
        )
        width = 400
    generator.append(nn.Linear(width, 2))
    pieces = [Maxout(inputs, 200, 5) for inputs in (2, 200, 200)]
    return generator, nn.Sequential(*pieces, nn.Linear(200, 1))


def stacked_mnist() -> tuple[nn.Module, nn.Module]:
    """Generator and the discriminator of a quarter of its channels, of table 3."""
    normal = partial(nn.BatchNorm2d, eps=1e-5, momentum=0.1)
    grow = partial(nn.ConvTranspose2d, kernel_size=3, stride=2, padding=1)
    generator = nn.Sequential(
        nn.Linear(LATENT["stacked-mnist"], 1024),
        nn.BatchNorm1d(1024, eps=1e-5, momentum=0.1),
        nn.ReLU(inplace=True),
        nn.Unflatten(1, (64, 4, 4)),
        *(grow(64, 32), normal(32), nn.ReLU(inplace=True)),
        *(grow(32, 16, output_padding=1), normal(16), nn.ReLU(inplace=True)),
        *(grow(16, 8, output_padding=1), normal(8), nn.ReLU(inplace=True)),
        nn.Conv2d(8, 3, 3, padding=1),
        nn.Tanh(),
    )
    discriminator, width = nn.Sequential(), 3
    for filters in (2, 4, 8):
        discriminator.extend(
            [
                nn.Conv2d(width, filters, 3, stride=2, padding=1),
                normal(filters),
                nn.LeakyReLU(0.3, inplace=True),
            ]
        )
        width = filters
    discriminator.extend([nn.Flatten(), nn.Linear(8 * 4 * 4, 1)])
    return generator, discriminator


def one_after_the_other(gan: GAN, images: Tensor, labels: Tensor, latents: Tensor) -> None:
    """The discriminator, then the generator, from the same latents."""
    update_discriminator(gan, images, labels, latents)
    update_generator(gan, labels, latents)


NETWORKS: dict[str, Callable[[], tuple[nn.Module, nn.Module]]] = {
    "points": points,
    "stacked-mnist": stacked_mnist,
}
STEPS: dict[str, Callable[..., Any]] = {
    "points": update_both,
    "stacked-mnist": one_after_the_other,
}
RATES = {"points": (1e-4, 1e-4, 0.8, 0.999), "stacked-mnist": (1e-4, 2e-4, 0.5, 0.99)}
"""Of generator and discriminator, and the betas of Adam."""


def build(name: str, *ways: str) -> Advance:
    """Networks at their full size, fed with a batch that is there."""
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    pair = NETWORKS[name]()
    *rates, beta_1, beta_2 = RATES[name]
    optimizers = [
        torch.optim.Adam(
            network.parameters(), lr=rate, betas=(beta_1, beta_2), eps=1e-8, fused=True
        )
        for network, rate in zip(pair, rates, strict=True)
    ]
    gan = GAN(*pair, optimizers, cross_entropy, 0.0, Variant(compiled="compiled" in ways))
    images = torch.empty(BATCH[name], *SHAPE[name]).uniform_(-1.0, 1.0)
    labels = torch.zeros(BATCH[name], dtype=torch.int64)

    def advance(count: int) -> None:
        for _ in range(count):
            STEPS[name](gan, images, labels, torch.randn(BATCH[name], LATENT[name]))

    return advance


if __name__ == "__main__":
    serve(lambda: build(*sys.argv[1:]), first_compiles="compiled" in sys.argv)
