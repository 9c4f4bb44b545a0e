"""Images of what lies between two classes.

A label is a whole number, and between two of them is none. But each layer that takes a label turns
it into numbers (a one-hot vector, an embedding, scales and offsets) and is linear in them. So
the mean of what it makes of two classes is what it would make of the mean of those numbers.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from gantool.networks.build import BuiltNetwork
from gantool.sampling.model import Model
from gantool.sampling.sampler import BLOCK, make_sampler
from gantool.steering.interpolation import Places

_PIECE = 4 * BLOCK
"""Images in memory at a time, as floats."""


class Mixtures(NamedTuple):
    """Of N images, the classes [N] that each lies between, and its share [N] of the second."""

    first: np.ndarray
    second: np.ndarray
    share: np.ndarray


def mixtures_of(labels: Sequence[int], places: Places) -> Mixtures:
    """The classes of frames between keys of these classes."""
    classes = np.asarray(labels)
    return Mixtures(classes[places.before], classes[places.after], places.share)


def draw_latents(
    sampler: Model, latents: np.ndarray, mixtures: Mixtures | None = None
) -> Iterator[np.ndarray]:
    """Give the example of each latent [N, size] as it is stored, in order.

    Args:
        sampler: Of the generator.
        latents: However many: few of their images are in memory at a time.
        mixtures: Their classes; None where the generator takes none.
    """
    labels = np.zeros(len(latents), np.int64)
    model, classes = sampler.generator, sampler.header.classes
    if mixtures is not None and (mixtures.first == mixtures.second).all():
        labels = mixtures.first
    elif mixtures is not None:
        model, labels = with_mixtures(model, classes, mixtures), classes + np.arange(len(latents))
    drawn = make_sampler(BuiltNetwork(model, sampler.takes_label, ()), sampler.recipe, classes)
    for start in range(0, len(latents), _PIECE):
        piece = slice(start, start + _PIECE)
        yield from sampler.example.from_network(drawn.images(latents[piece], list(labels[piece])))


def with_mixtures(model: keras.Model, classes: int, mixtures: Mixtures) -> keras.Model:
    """A generator that takes [latents, labels], with a label `classes + k` for mixture k.

    It shares its layers, and so its weights, with `model`; labels below `classes` mean the same.
    """
    pure = np.arange(classes, dtype=np.int32)
    firsts = np.concatenate([pure, np.asarray(mixtures.first, np.int32)])
    seconds = np.concatenate([pure, np.asarray(mixtures.second, np.int32)])
    shares = np.concatenate([np.zeros(classes), mixtures.share]).astype(np.float32)
    latents, label = (keras.Input(it.shape[1:], dtype=it.dtype) for it in model.inputs)
    first, second, share = (keras.ops.take(it, label) for it in (firsts, seconds, shares))

    def call(layer: Any, *inputs: Any, **keywords: Any) -> Any:
        if not any(it is label for it in inputs):
            return layer(*inputs, **keywords)
        of_first, of_second = (
            layer(*(number if it is label else it for it in inputs), **keywords)
            for number in (first, second)
        )
        ways = keras.ops.reshape(share, (-1, *[1] * (len(of_first.shape) - 1)))
        ways = keras.ops.cast(ways, of_first.dtype)
        return (1 - ways) * of_first + ways * of_second

    return keras.models.clone_model(
        model, [latents, label], clone_function=lambda layer: layer, call_function=call
    )
