"""A convolution of stride 2 as one of stride 1: the pixels of a square become channels."""

from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow as tf

from gantool.kernels.linear import BothWays


@dataclass(frozen=True)
class Shapes:
    """Of a convolution with padding SAME, a square kernel and one stride.

    Attributes:
        batch: Images.
        sides: Height and width of the side with `channels`: the input of a convolution.
        channels: There.
        filters: Channels of the other side, whose sides are ⌈side / stride⌉.
        kernel: Its side, above the stride; the kernel is [kernel, kernel, channels, filters].
        stride: 1 or 2.
    """

    batch: int
    sides: tuple[int, int]
    channels: int
    filters: int
    kernel: int
    stride: int

    @property
    def outputs(self) -> tuple[int, int]:
        """The sides with `filters`."""
        height, width = (-(-side // self.stride) for side in self.sides)
        return height, width

    @property
    def taps(self) -> int:
        """The side of the kernel at stride 1."""
        return -(-self.kernel // self.stride)

    @property
    def depth(self) -> int:
        """Channels at stride 1."""
        return self.stride**2 * self.channels

    @property
    def lacking(self) -> bool:
        """Whether an odd kernel leaves its last tap without that of a square's second pixel."""
        return self.kernel % self.stride > 0

    @property
    def before(self) -> tuple[int, int]:
        """Rows and columns of zeros that SAME puts before the first pixel."""
        top, left = (
            max((output - 1) * self.stride + self.kernel - side, 0) // 2
            for output, side in zip(self.outputs, self.sides, strict=True)
        )
        return top, left


def space_to_depth(shapes: Shapes, sides: Sequence[int]) -> BothWays:
    """Images [B, H, W, C], padded, as cells [B, *sides, depth] of stride × stride pixels."""
    stride, (top, left), (height, width) = shapes.stride, shapes.before, shapes.sides
    rows, columns = sides
    split = [shapes.batch, rows, stride, columns, stride, shapes.channels]

    def gather(images: tf.Tensor) -> list[tf.Tensor]:
        padding = [
            [before, max(stride * cells - before - side, 0)]
            for before, side, cells in zip(shapes.before, shapes.sides, sides, strict=True)
        ]
        padded = tf.pad(images, [[0, 0], *padding, [0, 0]])
        # Pixels behind the last that an output sees are left out.
        seen = tf.reshape(padded[:, : stride * rows, : stride * columns], split)
        ordered = tf.transpose(seen, [0, 1, 3, 2, 4, 5])
        return [tf.reshape(ordered, [shapes.batch, rows, columns, -1])]

    def scatter(cells: tf.Tensor) -> list[tf.Tensor]:
        ordered = tf.reshape(cells, [shapes.batch, rows, columns, stride, stride, shapes.channels])
        padded = tf.reshape(
            tf.transpose(ordered, [0, 1, 3, 2, 4, 5]),
            [shapes.batch, stride * rows, stride * columns, shapes.channels],
        )
        images = padded[:, top : top + height, left : left + width]
        unseen = [[0, height - images.shape[1]], [0, width - images.shape[2]]]
        return [tf.pad(images, [[0, 0], *unseen, [0, 0]])]

    return gather, scatter


def taps_of(shapes: Shapes) -> BothWays:
    """A kernel [k, k, C, filters], padded, as [taps, taps, depth, filters]."""
    stride, kernel, taps = shapes.stride, shapes.kernel, shapes.taps
    side = taps * stride
    rest = [0, side - kernel]

    def gather(weights: tf.Tensor) -> list[tf.Tensor]:
        padded = tf.pad(weights, [rest, rest, [0, 0], [0, 0]])
        split = tf.reshape(padded, [taps, stride, taps, stride, shapes.channels, shapes.filters])
        ordered = tf.transpose(split, [0, 2, 1, 3, 4, 5])
        return [tf.reshape(ordered, [taps, taps, -1, shapes.filters])]

    def scatter(cells: tf.Tensor) -> list[tf.Tensor]:
        ordered = tf.reshape(cells, [taps, taps, stride, stride, shapes.channels, shapes.filters])
        split = tf.transpose(ordered, [0, 2, 1, 3, 4, 5])
        padded = tf.reshape(split, [side, side, shapes.channels, shapes.filters])
        return [padded[:kernel, :kernel]]

    return gather, scatter


def first_pixels(axis: int, inner: int) -> BothWays:
    """Of two pixels that are channels of one, the first.

    Args:
        axis: That of the depth [outer × 2 × inner]; outer is 1 or more.
        inner: How many numbers a pixel has there.
    """

    def narrow(whole: tf.Tensor) -> list[tf.Tensor]:
        lead, trail = whole.shape[:axis], whole.shape[axis + 1 :]
        pixels = tf.reshape(whole, [*lead, -1, 2, inner, *trail])
        first = pixels[(slice(None),) * (axis + 1) + (0,)]
        return [tf.reshape(first, [*lead, -1, *trail])]

    def widen(first: tf.Tensor) -> list[tf.Tensor]:
        lead, trail = first.shape[:axis], first.shape[axis + 1 :]
        pixels = tf.reshape(first, [*lead, -1, 1, inner, *trail])
        padding = [[0, 0]] * pixels.shape.rank
        padding[axis + 1] = [0, 1]
        return [tf.reshape(tf.pad(pixels, padding), [*lead, -1, *trail])]

    return narrow, widen
