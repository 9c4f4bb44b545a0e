"""An update from several batches, in the memory of one."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf

from gantool.gan.updates import GAN, Descent, Given


def accumulated(
    descend: Callable[[GAN, Given], Descent],
    networks: tuple[str, ...],
    gan: GAN,
    given: Given,
    count: int,
) -> Descent:
    """The mean of the descents of so many equal parts of what an update is given.

    The parts come one after the other, and all start from the same weights and moving statistics.
    So where losses are means over examples, it is the descent of the whole; where a loss or a layer
    compares the examples of a batch, each part is a batch.

    Args:
        descend: The descent of one part.
        networks: Whose it is.
        gan: The networks.
        given: Of all parts, with [count · B, …] examples.
        count: Number of parts.
    """

    def add(number: tf.Tensor, sums: Descent) -> tuple[tf.Tensor, Descent]:
        found = descend(gan.part(number, count), _part(given, number, count))
        return number + 1, tf.nest.map_structure(_sum, sums, found)

    _, sums = tf.while_loop(
        lambda number, _: number < count,
        add,
        (tf.constant(0), _nothing(gan, networks)),
        parallel_iterations=1,
    )
    mean: Descent = tf.nest.map_structure(
        lambda total: total / count if total.dtype.is_floating else total, sums
    )
    return mean


def parts(gan: GAN, given: Given, count: int) -> Iterator[tuple[GAN, Given]]:
    """The parts that `accumulated` takes, one after the other."""
    for number in range(count):
        yield gan.part(number, count), _part(given, number, count)


def _part(given: Given, number: tf.Tensor | int, count: int) -> Given:
    """One of several equal parts of the rows."""
    real, labels, latents = (
        tf.reshape(column, [count, column.shape[0] // count, *column.shape[1:]])[number]
        for column in (given.real, given.labels, given.latents)
    )
    return given._replace(real=real, labels=labels, latents=latents)


def _nothing(gan: GAN, networks: tuple[str, ...]) -> Descent:
    """A descent of zeros."""
    zero = {name: tf.zeros([]) for name in networks}
    moved = {name: gan.network(name) for name in networks}
    gradients = {name: _zeros_like(network.trainable) for name, network in moved.items()}
    state: dict[str, Sequence[tf.Tensor]] = {
        name: _zeros_like(network.state) for name, network in moved.items()
    }
    is_followed = gan.goes_by_signs and "discriminator" in networks
    return Descent(zero, zero, gradients, state, {"real": tf.zeros([])} if is_followed else {})


def _zeros_like(variables: Sequence[keras.Variable]) -> list[tf.Tensor]:
    return [tf.zeros_like(variable.value) for variable in variables]


def _sum(total: tf.Tensor, found: Any) -> tf.Tensor:
    """What is counted rather than measured is alike in all parts."""
    found = tf.convert_to_tensor(found)  # embeddings have gradients of some rows alone
    return total + found if total.dtype.is_floating else found
