"""Consistency of the discriminator, plain and balanced, against NumPy in float64."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.gan.network import TrainableNetwork
from gantool.gan.seen import Seen
from gantool.terms.balanced_consistency import BalancedConsistency
from gantool.terms.consistency import Consistency
from gantool.terms.moved import moved

RANDOM = np.random.default_rng(4)
COUNT, SHAPE = 6, (5, 7, 2)
EXAMPLES = dict(zip(("real", "generated"), RANDOM.normal(size=(2, COUNT, *SHAPE)), strict=True))
KERNEL = RANDOM.normal(scale=0.3, size=(70, 1))


def seen_and_network() -> tuple[Seen, TrainableNetwork]:
    """D(x) = tanh(w·x)."""
    inputs = keras.Input(SHAPE)
    dense = keras.layers.Dense(1, use_bias=False, activation="tanh")
    model = keras.Model(inputs, dense(keras.layers.Flatten()(inputs)))
    dense.kernel.assign(KERNEL)
    network = TrainableNetwork(model, keras.optimizers.SGD(0.1), takes_label=False)
    seen = Seen(
        network,
        tf.constant(EXAMPLES["real"], tf.float32),
        lambda: tf.constant(EXAMPLES["generated"], tf.float32),
        tf.zeros([COUNT], tf.int32),
        tf.constant(0, tf.int64),
        lambda purpose: tf.constant([sum(map(ord, purpose)), 2], tf.int64),
        {"real": "real", "generated": "generated"},
    )
    return seen, network


def by_hand(image: np.ndarray, mirror: bool, down: int, right: int) -> np.ndarray:
    """Mirrored first, then continued by reflection and cut out beside where it lay."""
    image, margin = image[:, :: -1 if mirror else 1], 30
    wide = np.pad(image, ((margin, margin), (margin, margin), (0, 0)), mode="reflect")
    height, width = image.shape[:2]
    top, left = margin - down, margin - right
    return wide[top : top + height, left : left + width]


def drawn(seen: Seen, side: str, shift: int) -> list[tuple[bool, int, int]]:
    """What becomes of each image, from the numbers of the update."""
    mirror, down, right = (
        np.asarray(seen.uniform(f"consistency/{side}/{it}"), np.float64).ravel()
        for it in ("mirror", "down", "right")
    )
    offsets = (np.floor(it * (2 * shift + 1)).astype(int) - shift for it in (down, right))
    return list(zip(mirror < 0.5, *offsets, strict=True))


def expected(kernel: np.ndarray, seen: Seen, side: str, shift: int) -> float:
    pairs = zip(EXAMPLES[side], drawn(seen, side, shift), strict=True)
    images = np.stack([by_hand(image, *how) for image, how in pairs])
    logits = (np.tanh(it.reshape(COUNT, -1) @ kernel) for it in (images, EXAMPLES[side]))
    first, second = logits
    return float(np.mean((first - second) ** 2))


@pytest.mark.parametrize("shift", [1, 4, 20])
def test_images_are_mirrored_and_shifted_within_mirrors(shift: int) -> None:
    seen, _ = seen_and_network()
    how = drawn(seen, "real", shift)
    assert len(set(how)) > 2
    columns = [np.reshape(it, (COUNT, 1, 1)) for it in zip(*how, strict=True)]
    mirror, down, right = columns
    found = moved(
        tf.constant(EXAMPLES["real"]),
        tf.constant(mirror),
        *(tf.constant(it, tf.int32) for it in (down, right)),
    )
    wanted = [by_hand(image, *it) for image, it in zip(EXAMPLES["real"], how, strict=True)]
    assert np.array_equal(found, wanted)


def check(term: Any, value: Any) -> None:
    seen, network = seen_and_network()
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        network.watch(tape)
        found = term(seen, network)
    [gradient] = network.gradients(tape, found)
    assert found.shape == []
    np.testing.assert_allclose(found, value(KERNEL, seen), rtol=1e-5)
    steps = 1e-6 * np.eye(70)[:, :, None]
    differences = [(value(KERNEL + it, seen) - value(KERNEL - it, seen)) / 2e-6 for it in steps]
    np.testing.assert_allclose(gradient[:, 0], differences, rtol=0, atol=1e-4)


@pytest.mark.slow
def test_consistency_is_that_of_real_images() -> None:
    check(Consistency(), lambda kernel, seen: 10.0 * expected(kernel, seen, "real", 4))


@pytest.mark.slow
def test_balanced_consistency_is_that_of_both_sides() -> None:
    check(
        BalancedConsistency(real=3.0, generated=5.0, shift=2),
        lambda kernel, seen: (
            3.0 * expected(kernel, seen, "real", 2) + 5.0 * expected(kernel, seen, "generated", 2)
        ),
    )


def test_the_published_weights() -> None:
    assert (Consistency().weight, Consistency().shift) == (10.0, 4)
    balanced = BalancedConsistency()
    assert (balanced.real, balanced.generated, balanced.shift) == (10.0, 10.0, 4)


def test_of_several_logits_all_count() -> None:
    """Squares are summed over the logits of an image: twice the same logit costs twice."""
    values = []
    for count in (1, 2):
        inputs = keras.Input(SHAPE)
        dense = keras.layers.Dense(count, use_bias=False)
        model = keras.Model(inputs, dense(keras.layers.Flatten()(inputs)))
        dense.kernel.assign(np.repeat(KERNEL, count, axis=1))
        seen, _ = seen_and_network()
        network = TrainableNetwork(model, keras.optimizers.SGD(0.1), takes_label=False)
        seen.discriminator = network
        values.append(float(Consistency()(seen, network)))
    assert values[1] == pytest.approx(2 * values[0], rel=1e-5)
