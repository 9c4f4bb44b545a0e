"""The networks of the five reference recipes and of quickstart in PyTorch, as its users write them.

Convolutions have PyTorch's own padding, the same on both sides. TensorFlow's "same" puts the odd
zero of a stride of 2 after the last pixel, where PyTorch's leaves it out there and has it before
the first one. So with kernels of 3 and 5 these networks are the recipes' in a mirror: they compute
the same from images and kernels that are flipped in height and width, and lose no time on padding.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from .settings import CLASSES, Setting

# Keras's `momentum` is what stays of the old statistics, PyTorch's what comes of the new ones.
_usual_2d = partial(nn.BatchNorm2d, eps=1e-3, momentum=0.01)
_usual_1d = partial(nn.BatchNorm1d, eps=1e-3, momentum=0.01)
_of_cgan = partial(nn.BatchNorm2d, eps=1e-5, momentum=0.1)
_of_faces = partial(nn.BatchNorm2d, eps=1e-5, momentum=0.01, affine=False)
_relu = partial(nn.ReLU, inplace=True)


class BesideLabel(nn.Module):
    """The one-hot label beside a vector, or as planes behind the channels of an image."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Inputs [B, …] and labels int64 [B]."""
        one_hot = functional.one_hot(labels, CLASSES).to(inputs.dtype)
        if inputs.dim() == 4:
            one_hot = one_hot[:, :, None, None].expand(-1, -1, *inputs.shape[2:])
        outputs: Tensor = self.network(torch.cat([inputs, one_hot], dim=1))
        return outputs


def wgan_celeba(setting: Setting) -> tuple[nn.Module, nn.Module]:
    """Generator and critic."""
    first, *filters = setting.generator
    generator = nn.Sequential(
        nn.Linear(setting.latent, first * setting.base**2),
        _usual_1d(first * setting.base**2),
        _relu(),
        nn.Unflatten(1, (first, setting.base, setting.base)),
    )
    for width in filters:
        generator.extend([_grow(first, width, 4), _usual_2d(width), _relu()])
        first = width
    generator.extend([_grow(first, setting.channels, 4), nn.Tanh()])
    first, *filters = setting.discriminator
    critic = nn.Sequential(_shrink(setting.channels, first, 4), _leaky(0.2))
    for width in filters:
        critic.extend([_shrink(first, width, 4), _usual_2d(width), _leaky(0.2)])
        first = width
    critic.extend([nn.Flatten(), nn.Linear(first * (setting.side // 16) ** 2, 1)])
    return generator, critic


def dcgan_mnist(setting: Setting) -> tuple[nn.Module, nn.Module]:
    """Generator and discriminator."""
    first, second, third = setting.generator
    generator = nn.Sequential(
        nn.Linear(setting.latent, first * setting.base**2),
        nn.Unflatten(1, (first, setting.base, setting.base)),
        _grow(first, second, 3),
        _usual_2d(second),
        _leaky(0.01),
        nn.ConvTranspose2d(second, third, 3, padding=1),
        _usual_2d(third),
        _leaky(0.01),
        _grow(third, setting.channels, 3),
        nn.Tanh(),
    )
    first, second, third = setting.discriminator
    discriminator = nn.Sequential(
        _shrink(setting.channels, first, 3),
        _leaky(0.01),
        _shrink(first, second, 3),
        _usual_2d(second),
        _leaky(0.01),
        _shrink(second, third, 3),
        _usual_2d(third),
        _leaky(0.01),
        nn.Flatten(),
        nn.Linear(third * 4**2, 1),
    )
    return generator, discriminator


def dcgan_mnist_sigmoid(setting: Setting) -> tuple[nn.Module, nn.Module]:
    """Generator and discriminator, which gives logits: the loss has the sigmoid in it."""
    units, first, second = setting.generator
    generator = nn.Sequential(
        nn.Linear(setting.latent, units),
        _usual_1d(units),
        _relu(),
        nn.Linear(units, first * setting.base**2),
        _usual_1d(first * setting.base**2),
        _relu(),
        nn.Unflatten(1, (first, setting.base, setting.base)),
        _grow(first, second, 4),
        _usual_2d(second),
        _relu(),
        _grow(second, setting.channels, 4),
        nn.Sigmoid(),
    )
    first, second, units = setting.discriminator
    discriminator = nn.Sequential(
        _shrink(setting.channels, first, 4),
        _leaky(0.2),
        _shrink(first, second, 4),
        _usual_2d(second),
        _leaky(0.2),
        nn.Flatten(),
        nn.Linear(second * (setting.side // 4) ** 2, units),
        _usual_1d(units),
        _leaky(0.2),
        nn.Linear(units, 1),
    )
    return generator, discriminator


def cgan_mnist(setting: Setting) -> tuple[nn.Module, nn.Module]:
    """Generator and discriminator, each of (inputs, labels)."""
    first, second, third = setting.generator
    generator = nn.Sequential(
        nn.Linear(setting.latent + CLASSES, first * setting.base**2),
        _relu(),
        nn.Unflatten(1, (first, setting.base, setting.base)),
        nn.ConvTranspose2d(first, second, 5, stride=2, padding=2),  # 4×4 to 7×7
        _of_cgan(second),
        _relu(),
        _grow(second, third, 5),
        _of_cgan(third),
        _relu(),
        _grow(third, setting.channels, 5),
        nn.Tanh(),
    )
    inputs = setting.channels + CLASSES
    discriminator = nn.Sequential()
    for filters in setting.discriminator:
        discriminator.extend([_shrink(inputs, filters, 5), _of_cgan(filters), _leaky(0.1)])
        inputs = filters
    discriminator.extend([nn.Flatten(), nn.Linear(inputs * 4**2, 1)])
    return BesideLabel(generator), BesideLabel(discriminator)


def dcgan_faces_96(setting: Setting) -> tuple[nn.Module, nn.Module]:
    """Generator and discriminator, which gives two logits: of generated and of real."""
    first, *filters = setting.generator
    generator = nn.Sequential(
        nn.Linear(setting.latent, first * setting.base**2),
        nn.Unflatten(1, (first, setting.base, setting.base)),
        _of_faces(first),
        _relu(),
    )
    for width in filters:
        generator.extend([_grow(first, width, 5), _of_faces(width), _relu()])
        first = width
    generator.extend([_grow(first, setting.channels, 5), nn.Tanh()])
    inputs = setting.channels
    discriminator = nn.Sequential()
    for width in setting.discriminator:
        discriminator.extend([_shrink(inputs, width, 5), _of_faces(width), _leaky(0.2)])
        inputs = width
    discriminator.extend([nn.Flatten(), nn.Linear(inputs * (setting.side // 16) ** 2, 2)])
    return generator, discriminator


def quickstart(setting: Setting) -> tuple[nn.Module, nn.Module]:
    """Generator and discriminator, each of (inputs, labels)."""
    first, second = setting.generator
    generator = nn.Sequential(
        nn.Linear(setting.latent + CLASSES, first * setting.base**2, bias=False),
        _usual_1d(first * setting.base**2),
        _relu(),
        nn.Unflatten(1, (first, setting.base, setting.base)),
        _grow(first, second, 4, bias=False),
        _usual_2d(second),
        _relu(),
        _grow(second, setting.channels, 4),
        nn.Tanh(),
    )
    first, second = setting.discriminator
    discriminator = nn.Sequential(
        _shrink(setting.channels + CLASSES, first, 4),
        _leaky(0.2),
        _shrink(first, second, 4, bias=False),
        _usual_2d(second),
        _leaky(0.2),
        nn.Flatten(),
        nn.Linear(second * (setting.side // 4) ** 2, 1),
    )
    return BesideLabel(generator), BesideLabel(discriminator)


def _shrink(inputs: int, filters: int, size: int, bias: bool = True) -> nn.Module:
    """To half the side, rounded up."""
    return nn.Conv2d(inputs, filters, size, stride=2, padding=(size - 1) // 2, bias=bias)


def _grow(inputs: int, filters: int, size: int, bias: bool = True) -> nn.Module:
    """To twice the side."""
    return nn.ConvTranspose2d(
        inputs,
        filters,
        size,
        stride=2,
        padding=(size - 1) // 2,
        output_padding=size % 2,
        bias=bias,
    )


def _leaky(slope: float) -> nn.Module:
    return nn.LeakyReLU(slope, inplace=True)
