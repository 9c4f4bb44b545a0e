"""Images of what lies between two classes."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from gantool.layers.concat_label import ConcatLabel
from gantool.layers.conditional_batch_normalization import ConditionalBatchNormalization
from gantool.layers.embed_label import EmbedLabel
from gantool.recipe.model import Latent
from gantool.sampling.sampler import Sampler
from gantool.steering.interpolation import places_of
from gantool.steering.mixed_labels import Mixtures, mixtures_of, with_mixtures

CLASSES = 3
LATENTS = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
MIXTURES = Mixtures(np.array([0, 2]), np.array([1, 0]), np.array([0.25, 0.5]))
SHARES = np.array([[0.75, 0.25, 0.0], [0.5, 0.0, 0.5]])
"""Of the classes in each of the mixtures."""
LABELS = np.array([0, 1, 2, CLASSES, CLASSES + 1], np.int32)
OF_CLASSES = np.concatenate([np.eye(CLASSES), SHARES])
"""[label, class]: what stands for a one-hot vector."""


def model_with(layer: Any) -> keras.Model:
    keras.utils.set_random_seed(1)
    latents, labels = keras.Input((4,)), keras.Input((), dtype="int32")
    return keras.Model([latents, labels], keras.layers.ReLU()(layer(latents, labels)))


def images(model: keras.Model) -> np.ndarray:
    return with_mixtures(model, CLASSES, MIXTURES)([LATENTS, LABELS]).numpy()


def test_one_hot_vectors_are_mixed() -> None:
    found = images(model_with(ConcatLabel(classes=CLASSES)))
    expected = np.concatenate([np.maximum(LATENTS, 0), OF_CLASSES], axis=1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("merge", ["concatenate", "multiply"])
def test_embeddings_are_mixed(merge: str) -> None:
    layer = EmbedLabel(classes=CLASSES, merge=merge)
    found = images(model_with(layer))
    vectors = OF_CLASSES @ layer.embeddings.numpy()
    whole = LATENTS * vectors if merge == "multiply" else np.concatenate([LATENTS, vectors], axis=1)
    np.testing.assert_allclose(found, np.maximum(whole, 0), rtol=0, atol=1e-6)


def test_scales_and_offsets_of_a_normalization_are_mixed() -> None:
    layer = ConditionalBatchNormalization(classes=CLASSES, epsilon=1.0)
    model = model_with(layer)
    layer.scales.assign(np.random.default_rng(1).normal(size=(CLASSES, 4)))
    layer.offsets.assign(np.random.default_rng(2).normal(size=(CLASSES, 4)))
    expected = LATENTS / 2**0.5 * (OF_CLASSES @ layer.scales.numpy())
    expected += OF_CLASSES @ layer.offsets.numpy()
    np.testing.assert_allclose(images(model), np.maximum(expected, 0), rtol=0, atol=1e-6)


def test_layers_are_shared_with_the_generator() -> None:
    model = model_with(EmbedLabel(classes=CLASSES))
    mixed = with_mixtures(model, CLASSES, MIXTURES)
    assert [id(it) for it in mixed.variables] == [id(it) for it in model.variables]


@pytest.mark.slow
def test_statistics_of_a_fixed_batch_are_those_of_the_classes_alone() -> None:
    keras.utils.set_random_seed(1)
    latents, labels = keras.Input((4,)), keras.Input((), dtype="int32")
    layer = ConditionalBatchNormalization(classes=CLASSES)
    outputs = layer(ConcatLabel(classes=CLASSES)(latents, labels), labels)
    model = keras.Model([latents, labels], outputs)
    plain, mixed = (
        Sampler(it, True, Latent(size=4), CLASSES, reference=6)
        for it in (model, with_mixtures(model, CLASSES, MIXTURES))
    )
    expected = plain.images(LATENTS[:3], [0, 1, 2])
    assert not np.allclose(expected, model([LATENTS[:3], LABELS[:3]]))
    np.testing.assert_allclose(mixed.images(LATENTS[:3], [0, 1, 2]), expected, rtol=0, atol=1e-6)


def test_frames_between_keys_are_mixtures_of_their_classes() -> None:
    mixtures = mixtures_of([7, 7, 2], places_of(3, 5))
    assert mixtures.first.tolist() == [7, 7, 7, 7, 7]
    assert mixtures.second.tolist() == [7, 7, 2, 2, 2]
    assert mixtures.share.tolist() == [0, 0.5, 0, 0.5, 1]
