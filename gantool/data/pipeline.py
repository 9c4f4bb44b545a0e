"""Batches of images as an endless data set of TensorFlow, its order a function of the seed.

Batch b is the same whatever was asked for before it: a run that starts at b goes on exactly as
one that came there from batch 0.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from gantool.data import order
from gantool.data.batch import Batch, chunk_size
from gantool.data.jpeg_decoding import decode, is_refused
from gantool.data.loading import Images
from gantool.data.preparing import Pixels
from gantool.data.resampling import Band
from gantool.data.shutdown import python_calls
from gantool.data.sources.classes import Labels
from gantool.device import cores
from gantool.recipe.data import Data
from gantool.recipe.randomness import key

_ENDLESS = tf.int64.max
# To convert functions that make graphs anyway takes time, and leaves files of a killed process.
_unconverted = tf.autograph.experimental.do_not_convert
_TYPES = Batch(
    jpegs=tf.string,
    windows=tf.int32,
    fitting=tf.bool,
    columns=Band(starts=tf.int32, weights=tf.float32),
    rows=Band(starts=tf.int32, weights=tf.float32),
    pixels=tf.uint8,
    places=tf.int32,
)
"""Of a batch on its way from Python, which gives a plain list."""
_HORIZONTAL, _VERTICAL = ("flip", 2), ("flip vertically", 1)
_FLIPS: dict[bool | str, list[tuple[str, int]]] = {
    False: [],
    True: [_HORIZONTAL],
    "horizontal": [_HORIZONTAL],
    "vertical": [_VERTICAL],
    "both": [_HORIZONTAL, _VERTICAL],
}
"""The purpose of the random numbers of each kind of mirroring, and its axis."""
_SIDE_BY_SIDE = min(cores(), 16)
"""As many batches are made at once; each of them takes memory."""


def batches(
    images: Images,
    data: Data,
    *,
    batch_size: int,
    seed: int,
    first_batch: int,
    share: tuple[int, int] = (0, 1),
) -> tf.data.Dataset:
    """All batches from number `first_batch` on, without end.

    Each epoch goes through a new permutation of all images; images that fill no whole batch at
    its end are left out. With `balance`, an epoch is an order of `balanced`. With `repeat`, a batch
    that is larger than the set goes through the order again and again until it is full.

    Args:
        images: what to draw from.
        data: the recipe's section; its `range`, `flip`, `balance` and `repeat`.
        batch_size: images a batch.
        seed: of the run.
        first_batch: the number of the first batch to give, counted from 0 at the run's start.
        share: which, from 0, of how many equal shares of each batch to give: its rows, in order,
            and no others are read. `batch_size` is a multiple of the second number.

    Returns:
        Of pairs: images [B, H, W, C] float32 in `data.range`, labels [B] int32 (zeros where the
        recipe asks for none), for the B images of the share. An image that cannot be read ends it
        with a `tf.errors.OpError`; `images.failure` is then the error to report.

    Raises:
        InputError: there are fewer images than a batch has, and `repeat` is false.
    """
    per_epoch = order.batches_per_epoch(len(images), batch_size, data.repeat)
    epoch, skipped = order.place(first_batch, per_epoch)
    ordered = partial(permutation, len(images), key(seed, "order"))
    if data.balance:
        turns = partial(permutation, len(images), key(seed, "classes"))
        ordered = partial(balanced, images.labels, ordered, turns)
    flips = [(key(seed, purpose), axis) for purpose, axis in _FLIPS[data.flip]]
    own, shares = share
    rows = slice(own * batch_size // shares, (own + 1) * batch_size // shares)
    read = _reader(images)
    labels = _on_host(images.labels)

    def indices_of_epoch(number: tf.Tensor) -> tf.data.Dataset:
        places = tf.range(per_epoch * batch_size) % len(images)
        kept = tf.gather(ordered(number), places)
        by_batch = tf.reshape(kept, [per_epoch, batch_size])
        return tf.data.Dataset.from_tensor_slices(by_batch[:, rows])

    def batch(number: tf.Tensor, indices: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        pixels = read(indices)
        for flip_key, axis in flips:
            pixels = flip(pixels, flip_key, number, share, axis)
        return pixels, tf.gather(labels, indices)

    epochs = tf.data.Dataset.range(epoch, _ENDLESS)
    return (
        epochs.flat_map(_unconverted(indices_of_epoch))
        .skip(skipped)
        .enumerate(start=first_batch)
        .map(_unconverted(batch), num_parallel_calls=_SIDE_BY_SIDE, deterministic=True)
        .prefetch(1)
        .with_options(_options())
    )


@contextmanager
def errors_of(images: Images) -> Iterator[None]:
    """Raise the error of an image as itself, where TensorFlow has made its own of it.

    To be entered around whatever iterates over `batches`.
    """
    try:
        yield
    except tf.errors.OpError:
        if images.failure is None:
            images.look_for_damage(lambda jpeg: is_refused(jpeg, images.data.channels))
        if images.failure is not None:
            raise images.failure from None
        raise


def _options() -> tf.data.Options:
    options = tf.data.Options()
    # Batches are made side by side, one on a core: to share one out among the cores as well only
    # takes time, from the training step too.
    options.threading.max_intra_op_parallelism = 1
    # An iterator that ends waits for the thread that tunes it, which sleeps for up to a minute.
    options.autotune.enabled = False
    return options


def permutation(count: int, order_key: int, epoch: tf.Tensor) -> tf.Tensor:
    """The order of an epoch: the numbers 0 to `count` − 1, [count] int32, shuffled."""
    drawn = tf.random.stateless_uniform(
        [count], _seed(order_key, epoch), minval=None, maxval=None, dtype=tf.int64, alg="philox"
    )
    return tf.argsort(drawn, stable=True)


def balanced(
    labels: Labels,
    ordered: Callable[[tf.Tensor], tf.Tensor],
    turns: Callable[[tf.Tensor], tf.Tensor],
    epoch: tf.Tensor,
) -> tf.Tensor:
    """The order of an epoch in which each class comes equally often, but for one time: [N] int32.

    Args:
        labels: [N], the class of each image.
        ordered: From an epoch to a permutation of all images.
        turns: Likewise, and another one: whose turn it is.
        epoch: Its number.
    """
    counts = np.bincount(labels).astype(np.int32)
    starts = (np.cumsum(counts, dtype=np.int32) - counts)[counts > 0]
    counts = counts[counts > 0]
    order = ordered(epoch)
    # The images of a class side by side, in the order of this epoch.
    by_class = tf.gather(order, tf.argsort(tf.gather(_on_host(labels), order), stable=True))
    turn = turns(epoch)
    chosen, number = turn % len(counts), turn // len(counts)
    return tf.gather(by_class, tf.gather(starts, chosen) + number % tf.gather(counts, chosen))


def flip(
    pixels: tf.Tensor,
    flip_key: int,
    batch: tf.Tensor,
    share: tuple[int, int] = (0, 1),
    axis: int = 2,
) -> tf.Tensor:
    """Mirror each image [B, H, W, C] of a share of a batch with probability ½.

    Left to right, or, by the axis of the rows, 1, top to bottom.
    """
    own, shares = share
    count = pixels.shape[0]
    mirrored = tf.random.stateless_uniform(
        [shares * count], _seed(flip_key, batch), 0, 2, tf.int32, alg="philox"
    )[own * count : (own + 1) * count]
    chosen = tf.cast(mirrored, tf.bool)[:, tf.newaxis, tf.newaxis, tf.newaxis]
    return tf.where(chosen, tf.reverse(pixels, axis=[axis]), pixels)


def _seed(purpose_key: int, step: tf.Tensor) -> tf.Tensor:
    return tf.stack([tf.constant(purpose_key, tf.int64), tf.cast(step, tf.int64)])


def _reader(images: Images) -> Any:
    """A function from numbers of examples [B] to what networks see of them, [B, …] float32."""
    # TensorFlow's way is for JPEG files, which have no fourth channel.
    by_tensorflow = images.pixels is None and images.example.shape[-1] < 4
    made = _decoding_reader if by_tensorflow else _ready_reader
    return made(images, lambda stored: images.example.to_network(tf.cast(stored, tf.float32)))


def _ready_reader(images: Images, to_floats: Any) -> Any:
    def read_in_python(indices: NDArray[np.signedinteger[Any]]) -> Pixels:
        with python_calls.entered() as closing:
            if closing:  # and nobody looks at the images any more
                return np.zeros((len(indices), *images.example.shape), images.example.dtype)
            return images.read(indices)

    def read(indices: tf.Tensor) -> tf.Tensor:
        # The pixels stay where they are: a constant would be a second copy of all.
        pixels = tf.numpy_function(read_in_python, [indices], images.example.dtype, stateful=False)
        return to_floats(tf.ensure_shape(pixels, [*indices.shape, *images.example.shape]))

    return read


def _decoding_reader(images: Images, to_floats: Any) -> Any:
    def read_in_python(indices: NDArray[np.signedinteger[Any]]) -> Any:
        with python_calls.entered() as closing:
            batch = images.blank(len(indices)) if closing else images.batch(indices)
            return tf.nest.flatten(batch)

    def read(indices: tf.Tensor) -> tf.Tensor:
        types = tf.nest.flatten(_TYPES)
        parts = tf.numpy_function(read_in_python, [indices], types, stateful=False)
        batch: Batch = tf.nest.pack_sequence_as(_TYPES, parts)
        decoded = decode(batch, chunk_size(indices.shape[0]), images.example.shape, to_floats)
        pixels = tf.ensure_shape(batch.pixels, [None, *images.example.shape])
        whole = tf.cond(
            tf.shape(pixels)[0] == 0,
            lambda: decoded[: indices.shape[0]],
            lambda: tf.gather(tf.concat([decoded, to_floats(pixels)], 0), batch.places),
        )
        return tf.ensure_shape(whole, [*indices.shape, *images.example.shape])

    return read


def _on_host(array: Any) -> tf.Tensor:
    # Pipelines run on the CPU; with a GPU in the machine, constants would go there first.
    with tf.device("CPU:0"):
        return tf.convert_to_tensor(array)
