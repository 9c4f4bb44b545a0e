"""Operations of a step against numbers worked out by hand: two for each product, per image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gantool.engine.plan import make_plan
from gantool.measuring.operations import Operations, step_operations

BATCH = 8

DENSE = (
    "generator.layers=[Dense: {units: 784}, Reshape: {target_shape: [28, 28, 1]}]",
    "discriminator.layers=[Flatten, Dense: {units: 1}]",
    "data.labels=false",
)
G, D = 8 * 784, 784
"""Products of a pass through the dense networks, which is what either of its gradients has too."""
# A pass to generate; on real and generated: forward, the kernel's gradient.
DISCRIMINATOR = G + 2 * (D + D)
GENERATOR = G + D + D + G  # forward through both; back to the image, then to the generator's kernel

CONVOLUTIONS = (
    "generator.layers=[Dense: {units: 196}, BatchNormalization, Reshape: {target_shape: [7, 7, 4]},"
    " Conv2DTranspose: {filters: 4, kernel_size: 4, strides: 2, padding: same}, ReLU,"
    " Conv2DTranspose: {filters: 1, kernel_size: 5, strides: 2, padding: same}]",
    "discriminator.layers=[Conv2D: {filters: 4, kernel_size: 4, strides: 2, padding: same},"
    " LeakyReLU, Conv2D: {filters: 8, kernel_size: 3, padding: same}, Flatten, Dense: {units: 1}]",
    "data.labels=false",
)
OF_DENSE, *OF_TRANSPOSED = 8 * 196, (7 * 7 * 4) * (4 * 4 * 4), (14 * 14 * 4) * (5 * 5 * 1)
OF_FIRST, *OF_LATER = (14 * 14 * 4) * (4 * 4 * 1), (14 * 14 * 8) * (3 * 3 * 4), 14 * 14 * 8


def operations(load_tiny: Callable[..., Any], *settings: str) -> Operations:
    loaded = load_tiny(*settings)
    return step_operations(make_plan(loaded).state, loaded.recipe)


@pytest.mark.parametrize(
    ("updates", "step"),
    [
        ("{}", DISCRIMINATOR + GENERATOR),
        ("{discriminator: 5}", 5 * DISCRIMINATOR + GENERATOR),
        ("{generator: 2, order: generator-first, latents: shared}", DISCRIMINATOR + 2 * GENERATOR),
        ("{discriminator: 2, real_and_generated: separate}", 2 * DISCRIMINATOR + GENERATOR),
        ("{discriminator: 3, burst: {}}", 3 * DISCRIMINATOR + GENERATOR),
        # The images are made once; the way back through the discriminator is made for either.
        ("{order: simultaneous}", G + 2 * (D + D) + D + G),
    ],
)
def test_dense_layers_in_every_kind_of_step(
    updates: str, step: int, load_tiny: Callable[..., Any]
) -> None:
    found = operations(load_tiny, *DENSE, f"train.updates={updates}")
    one = step if "simultaneous" in updates else DISCRIMINATOR  # of both networks is one update
    assert found == Operations(2 * BATCH * step, 2 * BATCH * one, is_all=True)


def test_every_accumulated_batch_counts(load_tiny: Callable[..., Any]) -> None:
    found = operations(load_tiny, *DENSE, "train.accumulate=3", "train.updates.discriminator=2")
    step = 2 * BATCH * 3 * (2 * DISCRIMINATOR + GENERATOR)
    assert found == Operations(step, 2 * BATCH * 3 * DISCRIMINATOR, is_all=True)


@pytest.mark.slow
def test_the_number_grows_with_the_batch_and_not_with_the_precision(
    load_tiny: Callable[..., Any],
) -> None:
    for settings, batch in (
        (["train.batch_size=24"], 24),
        (["train.precision=mixed_bfloat16"], BATCH),
    ):
        found = operations(load_tiny, *DENSE, *settings)
        assert found.step == 2 * batch * (DISCRIMINATOR + GENERATOR)


def test_convolutions_and_their_transposes(load_tiny: Callable[..., Any]) -> None:
    generate = OF_DENSE + sum(OF_TRANSPOSED)
    judge = OF_FIRST + sum(OF_LATER)
    found = operations(load_tiny, *CONVOLUTIONS)
    discriminator = generate + 2 * (judge + judge + sum(OF_LATER))  # no gradient of the images
    generator = generate + judge + judge + generate + sum(OF_TRANSPOSED)  # nor of the latents
    assert found == Operations(
        2 * BATCH * (discriminator + generator), 2 * BATCH * discriminator, is_all=True
    )


def test_wide_convolutions_count_as_they_are_defined_however_they_are_computed(
    load_tiny: Callable[..., Any],
) -> None:
    """Where training takes Winograd's minimal filtering, which has fewer products."""
    from gantool.kernels.estimates import best_tiles
    from gantool.kernels.stride import Shapes

    assert best_tiles(Shapes(BATCH, (28, 28), 64, 64, 3, 1), worth=0.9)
    wide = (
        "discriminator.layers=[Conv2D: {filters: 64, kernel_size: 3, padding: same},"
        " Conv2D: {filters: 64, kernel_size: 3, padding: same}, Flatten, Dense: {units: 1}]"
    )
    first, second, last = 784 * 64 * 9, 784 * 64 * 9 * 64, 784 * 64
    judge = first + second + last
    found = operations(load_tiny, *DENSE, wide)
    assert found.discriminator_update == 2 * BATCH * (G + 2 * (2 * judge + second + last))


def test_labels_are_channels(load_tiny: Callable[..., Any]) -> None:
    generate = (8 + 10) * 196 + 2 * (7 * 7 * 4 * 4 * 4 * 4)
    first, last = 14 * 14 * 4 * 4 * 4 * (1 + 10), 14 * 14 * 4
    found = operations(load_tiny)
    discriminator = generate + 2 * (2 * (first + last) + last)
    assert found.discriminator_update == 2 * BATCH * discriminator


def test_a_gradient_penalty(load_tiny: Callable[..., Any]) -> None:
    first, last = 784 * 4, 4
    found = operations(
        load_tiny,
        *DENSE,
        "discriminator.layers=[Flatten, Dense: {units: 4}, LeakyReLU, Dense: {units: 1}]",
        "loss=wasserstein",
        "regularizers=[GradientPenalty]",
    )
    usual = G + 2 * (2 * (first + last) + last)
    # Forward, as far as the slopes of LeakyReLU need; back to the image; and of that the gradients
    # of both kernels, and of what came back to the first layer.
    penalty = first + (last + first) + (first + first) + last
    assert found.discriminator_update == 2 * BATCH * (usual + penalty)


@pytest.mark.slow
def test_a_loop_is_told(load_tiny: Callable[..., Any]) -> None:
    found = operations(
        load_tiny,
        *DENSE,
        "discriminator.layers=[Reshape: {target_shape: [28, 28]}, SimpleRNN: {units: 1}]",
    )
    assert not found.is_all
    assert found.step > 2 * BATCH * G
