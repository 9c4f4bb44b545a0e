"""Which batch of which epoch a batch is, and which images an epoch leaves out."""

from gantool.errors import InputError


def batches_per_epoch(count: int, batch_size: int, repeat: bool = False) -> int:
    """Whole batches in one pass over `count` images; what is left over is left out.

    With `repeat`, a batch that is larger than the set is an epoch by itself.

    Raises:
        InputError: there are fewer images than a batch has, and they are not to be repeated.
    """
    if batch_size > count and not repeat:
        raise InputError(f"train.{batch_too_large(count, batch_size)}")
    return max(1, count // batch_size)


def batch_too_large(count: int, batch_size: int, accumulate: int = 1) -> str:
    """What is said of batches that together are larger than the set of `count` images."""
    times = f" × accumulate {accumulate}" if accumulate > 1 else ""
    return (
        f"batch_size {batch_size}{times} is larger than the set of {count:,} images; the largest"
        f" batch is {count // accumulate}, or data.repeat: true goes through the images again"
    )


def place(batch: int, per_epoch: int) -> tuple[int, int]:
    """The epoch that a batch belongs to, and its number in it, all counted from 0."""
    return divmod(batch, per_epoch)


def left_out(count: int, batch_size: int, accumulate: int = 1) -> str:
    """What is said of the images that fill no update, of one batch or several, of an epoch.

    Nothing where they are a tenth of the set at most.
    """
    together = batch_size * accumulate
    left = count % together if together <= count else 0
    if left * 10 <= count:
        return ""
    sizes = range(batch_size // 2 + 1, batch_size + 1)
    better = min(sizes, key=lambda size: (count % (size * accumulate), -size))
    fewest = count % (better * accumulate)
    few = f"{fewest:,}" if fewest else "none"
    told = f"; a batch of {better} leaves out {few}" if better != batch_size else ""
    batches = f"{accumulate} batches" if accumulate > 1 else "batch"
    return (
        f"each epoch leaves out {left:,} of {count:,} images, others each time, as they fill no"
        f" {batches} of {batch_size}{told}"
    )
