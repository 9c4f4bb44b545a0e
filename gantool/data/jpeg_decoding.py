"""JPEG files decoded, cropped and resized by TensorFlow, to the pixels that Pillow would make."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from gantool.data.batch import Batch, Jpeg
from gantool.data.resampling import BLOCKS, Band

_Block = tuple[tf.Tensor, tf.Tensor, tf.Tensor]
"""First and last source pixel, and the weights."""


def decode(
    batch: Batch,
    size: int,
    shape: tuple[int, ...],
    to_floats: Callable[[tf.Tensor], tf.Tensor],
) -> tf.Tensor:
    """Decode, crop and resize JPEG files.

    Args:
        batch: of tensors; its `pixels` are left out.
        size: how many are taken together; N is a multiple of it.
        shape: height, width and channels of the result.
        to_floats: what is to be made of pixels 0 to 255; done here, on few images at a time, as
            each pass over a whole batch leaves the processor's cache.

    Returns:
        [N, height, width, channels] float32.
    """
    height, width, channels = shape
    # Taken apart once for all chunks: to take a block out of an array is to copy it.
    bands = _blocks(batch.columns, 1), _blocks(batch.rows, 2)

    def chunk(inputs: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        large = _decode_row_by_row(*inputs, channels)
        small = tf.cond(
            batch.fitting, lambda: tf.cast(large, tf.float32), lambda: _resize(large, *bands, shape)
        )
        small = tf.reshape(to_floats(small), [height, size, width * channels])
        return tf.reshape(tf.transpose(small, [1, 0, 2]), [size, *shape])

    chunks = tf.map_fn(
        chunk,
        (tf.reshape(batch.jpegs, [-1, size]), tf.reshape(batch.windows, [-1, size, 4])),
        fn_output_signature=tf.TensorSpec([size, *shape], tf.float32),
        parallel_iterations=2,
    )
    return tf.reshape(chunks, [-1, *shape])


def is_refused(jpeg: Jpeg, channels: int) -> bool:
    """Whether TensorFlow does not decode a file."""
    try:
        _decode(jpeg.content, jpeg.window, channels)
    except tf.errors.OpError:
        return True
    return False


def _decode(file: Any, window: Any, channels: int) -> tf.Tensor:
    return tf.io.decode_and_crop_jpeg(
        file, window, channels=channels, dct_method="INTEGER_ACCURATE"
    )


def _decode_row_by_row(files: tf.Tensor, windows: tf.Tensor, channels: int) -> tf.Tensor:
    """The windows of N files, [rows, N, columns, channels] uint8.

    Row by row of all of them, so that each product of matrices is one of large ones.
    """
    decoded = [
        _decode(file, window, channels)
        for file, window in zip(tf.unstack(files), tf.unstack(windows), strict=True)
    ]
    return tf.stack(decoded, axis=1)


def _resize(
    large: tf.Tensor,
    column_blocks: Sequence[_Block],
    row_blocks: Sequence[_Block],
    shape: tuple[int, ...],
) -> tf.Tensor:
    """Shrink or enlarge, [rows, N, columns, channels] to [height, N · width · channels].

    As in Pillow, what has been resized along rows is rounded before it is resized along columns.
    """
    height, width, channels = shape
    rows, count = tf.shape(large)[0], large.shape[1]
    flat = tf.reshape(large, [rows * count, -1])
    narrow = tf.concat(
        [tf.cast(flat[:, first:last], tf.float32) @ block for first, last, block in column_blocks],
        axis=1,
    )
    narrow = _rounded(narrow[:, : width * channels])
    narrow = tf.reshape(narrow, [rows, count * width * channels])
    small = tf.concat([block @ narrow[first:last] for first, last, block in row_blocks], axis=0)
    return _rounded(small[:height])


def _blocks(band: Band, axis: int) -> list[_Block]:
    """The blocks of a band whose source pixels lie along `axis`."""
    length = tf.shape(band.weights)[axis]
    blocks = zip(tf.unstack(band.starts, BLOCKS), tf.unstack(band.weights, BLOCKS), strict=True)
    return [(start, start + length, block) for start, block in blocks]


def _rounded(values: tf.Tensor) -> tf.Tensor:
    return tf.clip_by_value(tf.round(values), 0.0, 255.0)
