"""Which batch of which epoch a batch is, counted from the start of training."""

from gantool.errors import InputError


def batches_per_epoch(count: int, batch_size: int) -> int:
    """Whole batches in one pass over `count` images; what is left over is left out.

    Raises:
        InputError: there are fewer images than a batch has.
    """
    if batch_size > count:
        raise InputError(
            f"train.batch_size is {batch_size:,}, but the data set has only {count:,} images;"
            " make the batch smaller"
        )
    return count // batch_size


def place(batch: int, per_epoch: int) -> tuple[int, int]:
    """The epoch that a batch belongs to, and its number in it, all counted from 0."""
    return divmod(batch, per_epoch)
