"""A picture a file: encoded and written on other cores while the next ones are drawn."""

from __future__ import annotations

import os
import threading
import zlib
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from gantool.data.pixels import from_range
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
    bounds = sampler.recipe.data.range
    # For small pictures more threads only take Python's lock from each other and the generator.
    threads = max(1, len(os.sched_getaffinity(0)) // 2)
    written: deque[Future[None]] = deque()
    with ThreadPoolExecutor(threads, "pictures") as pool:
        for run, images in sampler.draw_runs(cells):
            written.append(pool.submit(_write_run, folder, run, images, bounds))
            # Where files are slower than the generator it waits, and memory stays bounded.
            while len(written) > threads + _WAITING:
                written.popleft().result()
        for future in written:
            future.result()


def _write_run(
    folder: Path, run: list[Cell], images: np.ndarray, bounds: tuple[float, float]
) -> None:
    temporary = folder / f".{threading.get_native_id()}.part"
    try:
        for (seed, label), pixels in zip(run, from_range(images, bounds), strict=True):
            _write(temporary, pixels)
            ending = "" if label is None else f"-label-{label}"
            temporary.replace(folder / f"seed-{seed:08d}{ending}.png")
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _write(path: Path, pixels: np.ndarray) -> None:
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    # Of zlib's strategies Z_RLE "is designed to be almost as fast as Z_HUFFMAN_ONLY, but give
    # better compression for PNG image data" (zlib.h, deflateInit2). For pictures of 64×64 and
    # 96×96 it takes a third to a half of the time of Pillow's default; the files are as large.
    encoded = BytesIO()
    image.save(encoded, format="PNG", compress_type=zlib.Z_RLE)
    # Not by `Path.write_bytes`, nor by Pillow: what they do around the writing takes as long again.
    handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o666)
    try:
        left = encoded.getbuffer()
        while left:
            left = left[os.write(handle, left) :]
    finally:
        os.close(handle)
