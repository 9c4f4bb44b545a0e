"""A picture a file: encoded and written on other cores while the next ones are drawn."""

import os
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from gantool.data.drawing import write_png
from gantool.data.example import Example
from gantool.sampling.checkpoint_sampler import CheckpointSampler
from gantool.sampling.grid import Cell

_WAITING = 8
"""Runs of pictures that wait at most, so that the generator need not as soon as a disk does."""


def write_pictures(sampler: CheckpointSampler, cells: Iterable[Cell], folder: Path) -> None:
    """Write the picture of each cell into `folder`, as seed-00000007.png or with its label.

    Each file is whole or not there, however the command ends. They are not flushed to disk one by
    one, which would take longer than to draw them: after a power cut, draw them again.

    Raises:
        OSError: A file cannot be written.
    """
    example = sampler.example
    # For small pictures more threads only take Python's lock from each other and the generator.
    threads = max(1, len(os.sched_getaffinity(0)) // 2)
    written: deque[Future[None]] = deque()
    with ThreadPoolExecutor(threads, "pictures") as pool:
        for run, images in sampler.draw_runs(cells):
            written.append(pool.submit(_write_run, folder, run, images, example))
            # Where files are slower than the generator it waits, and memory stays bounded.
            while len(written) > threads + _WAITING:
                written.popleft().result()
        for future in written:
            future.result()


def _write_run(folder: Path, run: list[Cell], images: np.ndarray, example: Example) -> None:
    for (seed, label), pixels in zip(run, example.from_network(images), strict=True):
        ending = "" if label is None else f"-label-{label}"
        write_png(folder / f"seed-{seed:08d}{ending}.png", pixels, flushed=False)
