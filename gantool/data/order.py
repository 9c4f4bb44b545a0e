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


def batch_too_large(count: int, batch_size: int) -> str:
    """What is said of a batch that is larger than the set of `count` images."""
    return (
        f"batch_size {batch_size} is larger than the set of {count:,} images; the largest batch is"
        f" {count}, or data.repeat: true goes through the images again"
    )


def place(batch: int, per_epoch: int) -> tuple[int, int]:
    """The epoch that a batch belongs to, and its number in it, all counted from 0."""
    return divmod(batch, per_epoch)


def left_out(count: int, batch_size: int) -> str:
    """What is said of the images that fill no batch at the end of an epoch.

    Nothing where they are a tenth of the set at most.
    """
    left = count % batch_size if batch_size <= count else 0
    if left * 10 <= count:
        return ""
    sizes = range(batch_size // 2 + 1, batch_size + 1)
    better = min(sizes, key=lambda size: (count % size, -size))
    few = f"{count % better:,}" if count % better else "none"
    told = f"; a batch of {better} leaves out {few}" if better != batch_size else ""
    return (
        f"each epoch leaves out {left:,} of {count:,} images, others each time, as they fill no"
        f" batch of {batch_size}{told}"
    )
