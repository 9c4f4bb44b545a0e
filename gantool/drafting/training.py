"""What networks are trained with, in which batches and for how long."""

import math
from typing import NamedTuple

from gantool.data.inspection.survey import Size, Survey
from gantool.data.order import left_out
from gantool.drafting.means import Means
from gantool.memory import amount

FEW = 10_000
"""Pictures below which a discriminator soon knows them by heart. Karras et al. 2020 (ADA, section
4.3) train on sets of 1,336 (MetFaces) to some 5,000 (each of AFHQ): this is twice as many."""

_BATCH, _BATCH_GPU, _UPDATE = 16, 64, 256
"""Pictures in a batch, and in an update of R3GAN, which has several."""

_IMAGES, _IMAGES_GPU, _IMAGES_R3GAN = 400_000, 4_000_000, 10_000_000
"""Pictures that a run sees, over and over."""

_GRIDS = 25
"""In a run."""

_AT_REST, _OF_FREE = 1 << 30, 0.5
"""Bytes that TensorFlow takes before any training, and the share of free memory that a drafted
recipe may take: the rest is for whatever else goes on."""

_COPIES = {"dcgan": 40, "r3gan": 100}
"""How many numbers a step keeps at a time for each of a picture's pixels and channels of the widest
layer. That of dcgan is measured on a processor, from batches of 16 and 32 at 64×64; that of r3gan,
whose penalties are in every step, is a cautious guess."""

_FEWEST = 4
"""Pictures in a batch, for figures of how much they differ."""


class Training(NamedTuple):
    """How networks are trained.

    Attributes:
        method: dcgan, plain networks for few pictures or a processor; or r3gan.
        is_few: Whether there are so few pictures that they are changed at random.
        width: Channels of the discriminator's first layer.
        batch: Pictures in a batch.
        reason: Of the batch.
        accumulate: Batches in an update.
        repeats: Whether a batch is larger than the set.
        steps: In all.
        images: That the run sees.
        every: Steps from one grid and checkpoint to the next.
    """

    method: str
    is_few: bool
    width: int
    batch: int
    reason: str
    accumulate: int
    repeats: bool
    steps: int
    images: int
    every: int


def training_of(found: Survey, means: Means, size: Size) -> Training:
    """The training that suits pictures and a machine."""
    count = found.images - len(found.unreadable)
    is_few = count < FEW
    method = "r3gan" if means.is_gpu and not is_few else "dcgan"
    width = 64 if means.is_gpu else 32
    usual = _BATCH_GPU if means.is_gpu else _BATCH
    batch = usual
    numbers = _COPIES[method] * width * math.prod(size) * 4
    while batch > _FEWEST and _AT_REST + batch * numbers > _OF_FREE * means.memory:
        batch //= 2
    reason = "it keeps a GPU busy" if means.is_gpu else "more would take a processor as much longer"
    if batch < usual:
        reason = f"{amount(means.memory)} of memory are free, of which half are not to be taken"
    fitting = _fitting(count, batch)
    if fitting < batch:
        reason = f"of {count:,} pictures hardly any is left out of an epoch then"
    elif count < batch:
        reason = f"of {count:,} pictures, each comes several times"
    accumulate = _UPDATE // fitting if method == "r3gan" else 1
    images = _IMAGES_R3GAN if method == "r3gan" else _IMAGES_GPU if means.is_gpu else _IMAGES
    steps = _round(images / (fitting * accumulate))
    return Training(
        method=method,
        is_few=is_few,
        width=width,
        batch=fitting,
        reason=reason,
        accumulate=accumulate,
        repeats=count < fitting,
        steps=steps,
        images=steps * fitting * accumulate,
        every=_round(steps / _GRIDS),
    )


def _fitting(count: int, batch: int) -> int:
    """The largest batch up to one of which an epoch leaves hardly any picture out."""
    if count < _FEWEST:
        return _FEWEST
    sizes = range(min(batch, count), _FEWEST - 1, -1)
    return next((size for size in sizes if not left_out(count, size)), min(batch, count))


def _round(number: float) -> int:
    """A number of two digits and zeros, of at least 10."""
    unit = 10 ** max(0, math.floor(math.log10(max(number, 10))) - 1)
    return int(max(10, round(number / unit) * unit))
