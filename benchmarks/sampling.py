"""How fast `gantool sample` fills a folder, beside its generator alone.

    gantool train quickstart --steps 500 --out /tmp/quickstart
    python benchmarks/sampling.py /tmp/quickstart [--count 10000] [--pairs 5]

Three timings take turns in one process, after everything is loaded and compiled: the generator a
block of 32 images a call, the generator as `sample` calls it, several blocks at once, and all that
`sample` does, with pixels, PNG and files. The median of the ratios of each turn is stated.

Some file systems take several times as long to make a file when many were deleted just before:
TMPDIR=/dev/shm leaves that out. TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 holds the
generator to one core, so that on two the files are made on the other.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gantool.cli.loading import start_tensorflow


class Sampling:
    """What is timed, of one checkpoint: each method draws `count` images."""

    def __init__(self, place: Path, count: int) -> None:
        from gantool.runs.resume import find_checkpoint
        from gantool.sampling.model import Model

        checkpoint = find_checkpoint(place, print)
        self.sampler, self.sha256 = Model(checkpoint), checkpoint.sha256
        self.count = count

    def a_block_a_call(self, _folder: Path) -> None:
        """The generator alone, as a loop over batches would call it."""
        from gantool.sampling.sampler import BLOCK

        for first in range(0, self.count, BLOCK):
            self._draw(range(self.count)[first : first + BLOCK])

    def several_blocks_a_call(self, _folder: Path) -> None:
        """The generator alone, as `sample` calls it."""
        self._draw(range(self.count))

    def with_files(self, folder: Path) -> None:
        """All that `sample` does."""
        from gantool.data.export.pictures import write_folder
        from gantool.sampling.grid import Cell
        from gantool.sampling.picture_files import pictures_of
        from gantool.sampling.provenance import Provenance

        provenance = Provenance(
            checkpoint=self.sha256, weights="average", truncation=1.0, latents=None, seeds="0",
            labels=None, grid=None, scale=1,
        )  # fmt: skip
        cells = map(Cell, range(self.count))
        write_folder(folder, pictures_of(self.sampler, cells, None, provenance), "png")

    def _draw(self, seeds: range) -> None:
        from gantool.sampling.grid import Cell

        for _ in self.sampler.draw_runs(map(Cell, seeds)):
            pass


def main() -> None:
    """Read the command line, take turns and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("place", type=Path, help="a checkpoint or a run folder")
    parser.add_argument("--count", type=int, default=10_000, help="of images (10,000)")
    parser.add_argument("--pairs", type=int, default=5, help="of turns (5)")
    arguments = parser.parse_args()
    start_tensorflow()
    work = Sampling(arguments.place, arguments.count)
    cores = len(os.sched_getaffinity(0))
    print(f"{work.sampler.recipe.name}, {arguments.count:,} images, {cores} cores", flush=True)
    shares = []
    # Folders are deleted in the end: ext4 makes files slowly where many were just deleted.
    with tempfile.TemporaryDirectory() as scratch:

        def rate(timed: Callable[[Path], None]) -> float:
            folder = Path(tempfile.mkdtemp(dir=scratch))
            begun = time.perf_counter()
            timed(folder)
            return arguments.count / (time.perf_counter() - begun)

        work.several_blocks_a_call(Path())  # compiles
        for _ in range(arguments.pairs):
            one, several, whole = map(
                rate, (work.a_block_a_call, work.several_blocks_a_call, work.with_files)
            )
            shares.append((whole / one, whole / several))
            print(
                f"generator {one:,.0f} images/s a block a call, {several:,.0f} several;"
                f" with files {whole:,.0f}: {whole / one:.2f} and {whole / several:.2f} of them",
                flush=True,
            )
    medians = [statistics.median(share) for share in zip(*shares, strict=True)]
    print(f"median: {medians[0]:.2f} of a block a call, {medians[1]:.2f} of several")


if __name__ == "__main__":
    main()
