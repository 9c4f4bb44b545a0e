"""The losses and updates of a GAN in NumPy and float64."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .reference import ReferenceNetwork, Through
from .reference_layers import Array

LOSS_NOISE = 3e-6
"""What float32 may lose of a loss, for the size of its terms."""


class Term(NamedTuple):
    """The mean of a loss over a batch, its gradient by the logits, and the mean of its size."""

    value: float
    by_logits: Array
    size: float


Loss = Callable[[Array, bool], Term]
"""Of logits, and whether they are to be taken for real."""


def cross_entropy(logits: Array, real: bool) -> Term:
    """−log σ(l) for what is to be real, −log(1 − σ(l)) for what is not."""
    probability = 1.0 / (1.0 + np.exp(-logits))
    terms = -np.log(probability if real else 1.0 - probability)
    return Term(terms.mean(), (probability - float(real)) / len(logits), terms.mean())


def softmax_cross_entropy(logits: Array, real: bool) -> Term:
    """−log of the softmax over [B, 2] at class 1 for what is to be real, else at class 0."""
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    terms = -np.log(probabilities[:, int(real)])
    return Term(terms.mean(), (probabilities - np.eye(2)[int(real)]) / len(logits), terms.mean())


def wasserstein(logits: Array, real: bool) -> Term:
    """−l for what is to be real, l for what is not: the critic's number rises towards real."""
    sign = -1.0 if real else 1.0
    by_logits = np.full_like(logits, sign / len(logits))
    return Term(sign * logits.mean(), by_logits, np.abs(logits).mean())


@dataclass
class ReferenceGAN:
    """Two networks and what they learn by. Each update gives its loss: a value and its noise."""

    generator: ReferenceNetwork
    discriminator: ReferenceNetwork
    loss: Loss
    decay: float = 0.0
    clip: float | None = None

    def update_discriminator(self, images: Array, labels: Array, latents: Array) -> Array:
        """One update from real and generated images together, normalised apart."""
        generated = self.generator.forward(latents, labels).outputs
        terms = self._forward_both(images, generated, labels)
        self._move_discriminator(_sum(terms.gradients), terms.on_generated.statistics)
        return _reported(*terms.losses)

    def update_separately(self, images: Array, labels: Array, latents: Array) -> Array:
        """One update from real images, then one from generated ones that were there before it."""
        generated = self.generator.forward(latents, labels).outputs
        losses = []
        for inputs, real in ((images, True), (generated, False)):
            passed = self.discriminator.forward(inputs, labels)
            losses.append(self.loss(passed.outputs, real))
            gradients = passed.backward(losses[-1].by_logits)[1]
            self._move_discriminator(gradients, passed.statistics)
        return _reported(*losses)

    def update_generator(self, labels: Array, latents: Array) -> Array:
        """One update through a discriminator that stays as it is, statistics too."""
        made = self.generator.forward(latents, labels)
        passed = self.discriminator.forward(made.outputs, labels)
        loss = self.loss(passed.outputs, True)
        by_images, _ = passed.backward(loss.by_logits)
        self.generator.move(made.backward(by_images)[1], made.statistics, self.decay)
        return _reported(loss)

    def update_both(self, images: Array, labels: Array, latents: Array) -> tuple[Array, Array]:
        """One update of both at their weights before it; the discriminator's loss first."""
        made = self.generator.forward(latents, labels)
        terms = self._forward_both(images, made.outputs, labels)
        loss = self.loss(terms.on_generated.outputs, True)
        by_images, _ = terms.on_generated.backward(loss.by_logits)
        of_generator = made.backward(by_images)[1]
        self._move_discriminator(_sum(terms.gradients), terms.on_generated.statistics)
        self.generator.move(of_generator, made.statistics, self.decay)
        return _reported(*terms.losses), _reported(loss)

    def _forward_both(self, images: Array, generated: Array, labels: Array) -> _Passes:
        on_real = self.discriminator.forward(images, labels)
        on_generated = self.discriminator.forward(generated, labels, on_real.statistics)
        losses = self.loss(on_real.outputs, True), self.loss(on_generated.outputs, False)
        gradients = tuple(
            passed.backward(loss.by_logits)[1]
            for passed, loss in zip((on_real, on_generated), losses, strict=True)
        )
        return _Passes(on_generated, losses, gradients)

    def _move_discriminator(
        self, gradients: dict[str, Array], statistics: dict[str, Array]
    ) -> None:
        self.discriminator.move(gradients, statistics, self.decay)
        if self.clip is not None:
            self.discriminator.clip(self.clip)


class _Passes(NamedTuple):
    on_generated: Through
    losses: tuple[Term, Term]
    gradients: tuple[dict[str, Array], ...]


def _sum(parts: Sequence[dict[str, Array]]) -> dict[str, Array]:
    return {key: np.sum([part[key] for part in parts], axis=0) for key in parts[0]}


def _reported(*terms: Term) -> Array:
    """A loss, [2]: the sum of its terms, and what float32 may lose of it."""
    return np.array(
        [sum(term.value for term in terms), LOSS_NOISE * sum(term.size for term in terms)]
    )
