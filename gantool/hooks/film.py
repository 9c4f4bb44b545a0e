from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

from gantool.engine.hook import Hook, Moment, Outcome
from gantool.recipe.types import Count, Every
from gantool.runs.run_folder import RunFolder
from gantool.sampling.films import write_animation


class Film(Hook):
    """film.gif in the run folder: the grids so far, one after the other.

    Args:
        every: How often it is written anew; with each grid where it is not given.
        frames: Number of grids that it shows, at most: the first, the last, and those at equal
            distances between.
        milliseconds: Time for which each is shown.
    """

    def __init__(
        self, every: Every | None = None, frames: Count = 100, milliseconds: Count = 200
    ) -> None:
        self.every = every
        self._frames = frames
        self._milliseconds = milliseconds

    def __call__(self, moment: Moment) -> Outcome:
        folder, step = moment.folder, moment.progress.step

        def write() -> None:
            # Later ones are of a run that was gone back from.
            grids = [path for at, path in RunFolder(folder).grids().items() if at <= step]
            grids = _spread(grids, self._frames)
            if grids:
                write_animation(folder / "film.gif", _opened(grids), self._milliseconds)

        return Outcome(job=write)


def _spread(paths: Sequence[Path], count: int) -> list[Path]:
    """At most so many, at equal distances, the last among them."""
    if len(paths) <= count:
        return list(paths)
    if count == 1:
        return [paths[-1]]
    return [paths[number * (len(paths) - 1) // (count - 1)] for number in range(count)]


def _opened(paths: Sequence[Path]) -> Iterator[Image.Image]:
    for path in paths:
        with Image.open(path) as image:
            yield image.copy()
