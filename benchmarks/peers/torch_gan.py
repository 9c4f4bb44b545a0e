"""Two networks in PyTorch that learn from each other, and their updates, as PyTorch's users write.

What an update computes is what ours computes, in the mirror that `torch_networks.py` tells of. Two
things are not plain at first sight: moving statistics stay where they are in a pass that trains
another network, and the discriminator's weights want no gradients while the generator learns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from .torch_networks import BesideLabel

Loss = Callable[[Tensor, bool], Tensor]
"""The mean over a batch's logits [B, N] of what is lost where they are to say "real", or not."""
Losses = tuple[Tensor, Tensor]
"""Of discriminator and generator."""


@dataclass(frozen=True)
class Variant:
    """How PyTorch runs a step.

    Attributes:
        channels_last: Whether weights and images lie in memory as [B, H, W, C].
        compiled: Whether `torch.compile` has made something of the networks.
        bfloat16: Whether passes are run under `torch.autocast`.
    """

    channels_last: bool = False
    compiled: bool = False
    bfloat16: bool = False


class GAN:
    """Two networks that learn from each other.

    Attributes:
        generator: Learns; `generate` calls it.
        discriminator: Learns; `judge` calls it.
        optimizers: Of generator and discriminator.
        steps: What moves each by its gradients.
        loss: Of logits.
        clip: The bound of the critic's variables, where there is one.
        gradients_of_both: `_gradients_of_both` of this gan.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        optimizers: Sequence[torch.optim.Optimizer],
        loss: Loss,
        clip: float,
        variant: Variant,
    ) -> None:
        self.generator, self.discriminator = generator, discriminator
        self.optimizers, self.loss, self.clip = optimizers, loss, clip
        self.steps: list[Callable[[], Any]] = [optimizer.step for optimizer in optimizers]
        self.gradients_of_both: Callable[..., Any] = partial(_gradients_of_both, self)
        self._generate, self._judge = generator, discriminator
        self._bfloat16 = variant.bfloat16
        self._device = torch.get_default_device().type  # not asked for within what is compiled
        self._takes_label = isinstance(generator, BesideLabel)
        if variant.compiled:
            self._compile()

    def _compile(self) -> None:
        self._generate, self._judge = map(torch.compile, (self.generator, self.discriminator))
        # Two gradients of one pass are compiled with it: a compiled network goes backward once.
        torch._dynamo.config.trace_autograd_ops = True
        self.gradients_of_both = torch.compile(self.gradients_of_both)
        if not self.optimizers[0].defaults.get("fused"):
            self.steps = [torch.compile(step) for step in self.steps]

    def precision(self) -> AbstractContextManager[Any]:
        """Is around the passes of an update, and left before it: weights are rounded once."""
        return torch.autocast(self._device, torch.bfloat16, enabled=self._bfloat16)

    def generate(self, latents: Tensor, labels: Tensor) -> Tensor:
        """Images [B, C, H, W] of latents [B, N]."""
        images: Tensor = self._generate(latents, *self._given(labels))
        return images

    def judge(self, images: Tensor, labels: Tensor) -> Tensor:
        """Logits float32 [B, N]."""
        logits: Tensor = self._judge(images, *self._given(labels))
        return logits.float()

    def _given(self, labels: Tensor) -> tuple[Tensor, ...]:
        return (labels,) if self._takes_label else ()


def update_discriminator(gan: GAN, images: Tensor, labels: Tensor, latents: Tensor) -> Tensor:
    """One update from real and generated images together; the loss."""
    generated = _generated_for_discriminator(gan, labels, latents)
    with gan.precision():
        loss = gan.loss(gan.judge(images, labels), True)
        loss = loss + gan.loss(gan.judge(generated, labels), False)
    _descend(gan, 1, loss)
    return loss.detach()


def update_separately(gan: GAN, images: Tensor, labels: Tensor, latents: Tensor) -> Tensor:
    """One update from real images, then one from generated ones; the sum of both losses."""
    generated = _generated_for_discriminator(gan, labels, latents)
    losses = []
    for inputs, real in ((images, True), (generated, False)):
        with gan.precision():
            losses.append(gan.loss(gan.judge(inputs, labels), real))
        _descend(gan, 1, losses[-1])
    return losses[0].detach() + losses[1].detach()


def update_generator(gan: GAN, labels: Tensor, latents: Tensor) -> Tensor:
    """One update through a discriminator that stays as it is; the loss."""
    gan.discriminator.requires_grad_(False)
    _track(gan.discriminator, False)
    with gan.precision():
        loss = gan.loss(gan.judge(gan.generate(latents, labels), labels), True)
    _descend(gan, 0, loss)
    _track(gan.discriminator, True)
    gan.discriminator.requires_grad_(True)
    return loss.detach()


def update_both(gan: GAN, images: Tensor, labels: Tensor, latents: Tensor) -> Losses:
    """One update of both from one forward pass; the losses of discriminator and generator."""
    losses, *gradients = gan.gradients_of_both(images, labels, latents)
    for network, own in zip((gan.generator, gan.discriminator), gradients, strict=True):
        for weight, gradient in zip(network.parameters(), own, strict=True):
            weight.grad = gradient
    for step in gan.steps:
        step()
    return losses


def clip_discriminator(gan: GAN) -> None:
    """Bring all the discriminator has, scale, offset and statistics too, within its bound."""
    with torch.no_grad():
        for value in (*gan.discriminator.parameters(), *gan.discriminator.buffers()):
            if value.is_floating_point():
                value.clamp_(-gan.clip, gan.clip)


def _gradients_of_both(gan: GAN, images: Tensor, labels: Tensor, latents: Tensor) -> Any:
    """Both losses, then the gradients of each network's weights."""
    with gan.precision():
        generated = gan.generate(latents, labels)
        on_real, on_generated = gan.judge(images, labels), gan.judge(generated, labels)
        of_discriminator = gan.loss(on_real, True) + gan.loss(on_generated, False)
        of_generator = gan.loss(on_generated, True)
    return (
        (of_discriminator.detach(), of_generator.detach()),
        torch.autograd.grad(of_generator, list(gan.generator.parameters()), retain_graph=True),
        torch.autograd.grad(of_discriminator, list(gan.discriminator.parameters())),
    )


def _generated_for_discriminator(gan: GAN, labels: Tensor, latents: Tensor) -> Tensor:
    _track(gan.generator, False)
    with torch.no_grad(), gan.precision():
        generated = gan.generate(latents, labels)
    _track(gan.generator, True)
    return generated


def _track(network: nn.Module, whether: bool) -> None:
    """Whether passes move the moving statistics."""
    for layer in network.modules():
        if isinstance(layer, _BatchNorm):
            layer.track_running_stats = whether


def _descend(gan: GAN, which: int, loss: Tensor) -> None:
    """One step of the generator's optimizer (0) or the discriminator's (1)."""
    gan.optimizers[which].zero_grad(set_to_none=True)
    loss.backward()
    gan.steps[which]()
