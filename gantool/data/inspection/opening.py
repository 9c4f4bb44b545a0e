"""Opens every image of a source, as training does, and finds those that cannot be used."""

from collections.abc import Callable

from gantool.data.decoding import UnreadableImageError
from gantool.data.preparing import Failures, look_at, side_by_side
from gantool.data.sources import ImageSource
from gantool.recipe.data import Data


def unusable_images(
    source: ImageSource, data: Data, progress: Callable[[int, int], None]
) -> Failures:
    """Which images of a source cannot be brought to a recipe's size, and why; on all cores.

    Args:
        source: Of the images; none of them is kept.
        data: The recipe's section.
        progress: Told of the images done and of all.
    """
    numbers = range(len(source))

    def failure(number: int) -> UnreadableImageError | None:
        outcome = look_at(source, number, data).outcome
        return outcome if isinstance(outcome, UnreadableImageError) else None

    found: Failures = {}
    for number, error in zip(numbers, side_by_side(failure, numbers), strict=True):
        if error is not None:
            found[number] = error
        progress(number + 1, len(source))
    return found
