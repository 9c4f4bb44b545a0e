"""The mean of the descents of parts of a batch."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool.gan.accumulation import accumulated
from gantool.gan.latents import part_of, whole
from gantool.gan.updates import Given, descend_both, descend_discriminator, descend_generator

from .gans import BATCH, LABELS, REAL, gan_of, latents_of, rich_gan

PARTS = 2
DESCENTS = [
    (descend_discriminator, ("discriminator",)),
    (descend_generator, ("generator",)),
    (descend_both, ("discriminator", "generator")),
]


def rows_of(*parts: int) -> Given:
    """What an update is given: rows of one part or several, one below the other."""
    real = np.concatenate([REAL + part for part in parts])
    latents = tf.concat([latents_of(part) for part in parts], axis=0)
    return Given(
        tf.constant(real), tf.tile(LABELS, [len(parts)]), latents, tf.constant(3, tf.int64)
    )


def mean(found: list[Any]) -> Any:
    return tf.nest.map_structure(lambda *each: np.mean([np.array(it) for it in each], 0), *found)


@pytest.mark.parametrize(("descend", "networks"), DESCENTS)
def test_it_is_the_mean_of_what_each_part_gives_by_itself(descend: Any, networks: Any) -> None:
    """Statistics are those of each part, from what they were before the update."""
    gan = rich_gan()
    found = accumulated(descend, networks, gan, rows_of(1, 2), PARTS)
    alone = [descend(gan.part(number, PARTS), rows_of(number + 1)) for number in range(PARTS)]
    for ours, theirs in zip(tf.nest.flatten(found), tf.nest.flatten(mean(alone)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)
    assert len(found.state[networks[0]]) == 2  # of the mean and the variance


def test_no_pass_is_of_more_than_a_part() -> None:
    gan = gan_of()
    accumulated(descend_discriminator, ("discriminator",), gan, rows_of(1, 2, 3), 3)
    assert [len(inputs) for inputs in gan.discriminator.inputs] == [BATCH] * 6  # real, generated
    assert [len(inputs) for inputs in gan.generator.inputs] == [BATCH] * 3


def test_each_part_has_dropout_of_its_own() -> None:
    gan = rich_gan()
    given = rows_of(1)
    losses = [
        float(descend_discriminator(gan.part(number, PARTS), given).losses["discriminator"])
        for number in range(PARTS)
    ]
    assert losses[0] != losses[1]


def test_gradients_of_some_rows_alone_are_added_to_all() -> None:
    layers = [keras.layers.Flatten(), keras.layers.Lambda(lambda it: tf.cast(it > 1, tf.int32))]
    embedding = [keras.layers.Embedding(2, 3), keras.layers.Flatten(), keras.layers.Dense(1)]
    gan = gan_of(discriminator=[*layers, *embedding])
    found = accumulated(descend_discriminator, ("discriminator",), gan, rows_of(1, 2), PARTS)
    one = descend_discriminator(gan, rows_of(1, 2))
    for ours, theirs in zip(*(it.gradients["discriminator"] for it in (found, one)), strict=True):
        np.testing.assert_allclose(ours, tf.convert_to_tensor(theirs), rtol=0, atol=1e-6)


def test_parts_draw_the_rows_of_the_whole() -> None:
    def draw(count: int) -> tf.Tensor:
        return tf.random.stateless_uniform([count, 3], [1, 2], alg="philox")

    parts = [part_of(whole, number, 4)(draw, 5) for number in range(4)]
    assert np.array_equal(tf.concat(parts, axis=0), draw(20))
