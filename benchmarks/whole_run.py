"""How near a whole run comes to its bare training step, and how long the step waits for data.

    python benchmarks/whole_run.py quickstart [--steps 500] [--pairs 3] [--set KEY=VALUE]

The bare step goes over batches that lie in memory. The whole run is `run_session`: it reads the
data, logs, draws grids and writes checkpoints at the recipe's own intervals, and is timed from its
first step, which compiles, until all of its files are there. They take turns in one process; the
median of the ratios of each turn is stated. That of processor time, which counts all threads, is
hardly moved by what else the machine does.

Then the step runs on a batch that does not change, and before each step the next batches are asked
for and timed: those of the data set, and, for what asking alone takes, some that lie in memory.
With --decode the pictures are decoded for each batch, as those of a set too large for memory are.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gantool.cli.loading import load_recipe, start_tensorflow
from gantool.recipe.load import find_recipe

if TYPE_CHECKING:
    from gantool.data.loading import Images
    from gantool.engine.step import TrainingStep
    from gantool.recipe.load import LoadedRecipe

CACHED = 16
"""Batches that the bare step goes over."""

SECONDS_A_CALL = 0.5
"""As in the training loop."""


def images_of(loaded: LoadedRecipe, decode: bool) -> Images:
    """The images of a recipe."""
    from gantool.data.loading import load_images
    from gantool.engine.plan import make_plan

    source = make_plan(loaded).source
    assert source is not None, "download the data set first"
    return load_images(source, loaded.recipe.data, at_most=0 if decode else None)


class Pace(NamedTuple):
    """What a step takes, in seconds."""

    wall: float
    processor: float


class Stopwatch:
    """Runs from where it is made."""

    def __init__(self) -> None:
        self._begun = time.perf_counter(), time.process_time()

    def pace(self, steps: int) -> Pace:
        """What each of the steps took that were made since."""
        wall, processor = self._begun
        taken = time.perf_counter() - wall, time.process_time() - processor
        return Pace(taken[0] / steps, taken[1] / steps)


class Bare:
    """The training step alone, on batches of its own."""

    def __init__(self, loaded: LoadedRecipe, feed: Any) -> None:
        from gantool.engine.plan import make_plan
        from gantool.engine.step import TrainingStep

        self.step: TrainingStep = TrainingStep(make_plan(loaded).state, loaded.recipe)
        self.feed = feed
        for _ in range(CACHED):
            next(feed)
        self.step.run(feed, 1)  # compiles

    def pace(self, steps: int) -> Pace:
        """What a step takes, on the average of so many."""
        stopwatch = Stopwatch()
        done, count = 0, 1
        while done < steps:
            count = min(count, steps - done)
            self.step.run(self.feed, count)
            done += count
            count = max(1, round(SECONDS_A_CALL / stopwatch.pace(done).wall))
        return stopwatch.pace(steps)


def whole_pace(loaded: LoadedRecipe, images: Images, folder: Path) -> Pace:
    """What a step takes in a whole run that ends with its files being there."""
    from gantool.engine.plan import make_plan
    from gantool.runs.run_folder import RunFolder
    from gantool.training.session import run_session

    run = RunFolder(folder)
    run.make()
    session = run_session(make_plan(loaded), images, run, lambda: False)
    first = next(session)
    stopwatch = Stopwatch()
    for _ in session:
        pass
    return stopwatch.pace(first.last - first.step)


def waited(loaded: LoadedRecipe, bare: Bare, feed: Any, steps: int) -> tuple[float, float]:
    """Seconds a step, and how many of them it stood still until its batches were there."""
    from gantool.engine.timetable import batches_before

    updates = loaded.recipe.train.updates
    for _ in range(CACHED):
        next(feed)
    begun, waiting = time.perf_counter(), 0.0
    for number in range(steps):
        asked = time.perf_counter()
        for _ in range(batches_before(updates, number + 1) - batches_before(updates, number)):
            next(feed)
        waiting += time.perf_counter() - asked
        bare.step.run(bare.feed, 1)
    return (time.perf_counter() - begun) / steps, waiting / steps


def main() -> None:
    """Read the command line, take turns and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe")
    parser.add_argument("--steps", type=int, default=500, help="of each run (500)")
    parser.add_argument("--pairs", type=int, default=3, help="of turns (3)")
    parser.add_argument("--set", dest="settings", action="append", default=[])
    parser.add_argument("--decode", action="store_true", help="pictures anew for each batch")
    arguments = parser.parse_args()
    loaded = load_recipe(find_recipe(arguments.recipe), arguments.settings, arguments.steps, None)
    start_tensorflow()
    from gantool.data.pipeline import batches

    recipe, images = loaded.recipe, images_of(loaded, arguments.decode)
    feed = batches(
        images, recipe.data, batch_size=recipe.train.batch_size, seed=recipe.seed, first_batch=0
    )
    in_memory = feed.take(CACHED).cache().repeat()
    bare = Bare(loaded, iter(in_memory))
    ratios = []
    with tempfile.TemporaryDirectory() as scratch:
        for pair in range(arguments.pairs):
            alone = bare.pace(arguments.steps)
            whole = whole_pace(loaded, images, Path(scratch) / str(pair))
            ratios.append((alone.wall / whole.wall, alone.processor / whole.processor))
            print(
                f"bare step {alone.wall * 1000:.1f} ms, whole run {whole.wall * 1000:.1f} ms a"
                f" step: {ratios[-1][0]:.1%} of the bare rate; of processor time"
                f" {alone.processor * 1000:.1f} and {whole.processor * 1000:.1f} ms:"
                f" {ratios[-1][1]:.1%}",
                flush=True,
            )
    if ratios:
        wall, processor = (statistics.median(ratio) for ratio in zip(*ratios, strict=True))
        print(f"median: {wall:.1%} of the bare rate, {processor:.1%} by processor time")
    for name, asked in (("in memory", in_memory), ("of the data set", feed)):
        pace, waiting = waited(loaded, bare, iter(asked), min(arguments.steps, 200))
        print(
            f"batches {name} waited for: {waiting * 1000:.2f} ms of {pace * 1000:.1f} ms,"
            f" {waiting / pace:.2%}",
            flush=True,
        )


if __name__ == "__main__":
    main()
