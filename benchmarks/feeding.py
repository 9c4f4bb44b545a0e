"""Feed 64×64 batches from TFRecord files of CelebA's shape: gantool beside a PyTorch DataLoader.

    python benchmarks/celeba_shaped.py /tmp/celeba
    python benchmarks/feeding.py /tmp/celeba [--torch-python PYTHON] [--pairs 5]

Both sides decode 178×218 JPEG, crop the centred 108×108, resize it to 64×64 by Pillow's LANCZOS and
give shuffled batches of 64 as float32 in [-1, 1], each on the same two cores and in a process of
its own. They take turns, so that what else the machine does hurts both; the ratio stated is the
median of the pairs'. PyTorch reads the TFRecord files and, if that is faster for it, the folder.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any

from gantool.data import records

WIDTH, HEIGHT, CROP, SIZE = 178, 218, 108, 64
BATCH_SIZE, BATCHES, WARM_UP = 64, 240, 40
SHARDS = 8
HERE = Path(__file__).resolve().parent


def write_shards(folder: Path) -> list[Path]:
    """The pictures of the set as TFRecord files, bytes unchanged."""
    pictures = sorted((folder / "img_align_celeba").iterdir())
    shards = [folder / f"celeba.tfrecord-{part:05}-of-{SHARDS:05}" for part in range(SHARDS)]
    for part, shard in enumerate(shards):
        if not shard.exists():
            examples = (records.encode_example(p.read_bytes()) for p in pictures[part::SHARDS])
            shard.write_bytes(b"".join(map(records.frame, examples)))
    return shards


def write_tables(folder: Path, shards: list[Path]) -> dict[str, Path]:
    """Where PyTorch finds the pictures: in spans of the shards, or in files of their own."""
    left, top = (WIDTH - CROP) // 2, (HEIGHT - CROP) // 2
    common = {"window": [left, top, left + CROP, top + CROP], "size": [SIZE, SIZE]}
    spans = []
    for number, shard in enumerate(shards):
        content = shard.read_bytes()
        for start, length in records.index(shard).tolist():
            features = records.decode_example(content[start : start + length])
            assert features is not None
            image = features[records.IMAGE].values[0]
            spans.append([number, content.index(image, start), len(image)])
    pictures = sorted((folder / "img_align_celeba").iterdir())
    tables = {
        "TFRecord": {"paths": [str(shard) for shard in shards], "spans": spans, **common},
        "folder": {"paths": [str(picture) for picture in pictures], "spans": [], **common},
    }
    for name, table in tables.items():
        (folder / f"{name}.json").write_text(json.dumps(table))
    return {name: folder / f"{name}.json" for name in tables}


def feed(folder: Path) -> float:
    """Images a second of gantool, in this process."""
    from gantool.data.loading import load_images
    from gantool.data.pipeline import batches
    from gantool.data.sources import open_source
    from gantool.recipe.data import Data

    data = Data(
        source=str(folder / "celeba.tfrecord-*"),
        size=(SIZE, SIZE),
        crop=(CROP, CROP),
        range=(-1, 1),
    )
    images = load_images(open_source(data, None), data, at_most=0)
    feed = iter(batches(images, data, batch_size=BATCH_SIZE, seed=0, first_batch=0))
    for _ in islice(feed, WARM_UP):
        pass
    begun = time.perf_counter()
    for _ in islice(feed, BATCHES):
        pass
    return BATCHES * BATCH_SIZE / (time.perf_counter() - begun)


def ask(*command: Any) -> float:
    """Run a process that prints images a second."""
    done = subprocess.run(
        [str(part) for part in command], stdout=subprocess.PIPE, text=True, check=True
    )
    return float(done.stdout)


def main() -> None:
    """Read the command line, take turns and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where celeba_shaped.py has made its set")
    parser.add_argument("--torch-python", default=sys.executable, help="interpreter with PyTorch")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--ours-alone", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.ours_alone:
        print(feed(arguments.folder))
        return
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])  # processes started inherit it
    tables = write_tables(arguments.folder, write_shards(arguments.folder))

    def theirs(table: Path) -> float:
        counts = ["--batches", BATCHES, "--warm-up", WARM_UP, "--batch-size", BATCH_SIZE]
        return ask(arguments.torch_python, HERE / "torch_feeding.py", table, *counts)

    def ours() -> float:
        return ask(sys.executable, __file__, arguments.folder, "--ours-alone")

    rates = {name: theirs(table) for name, table in tables.items()}
    best = max(rates, key=lambda name: rates[name])
    both = ", ".join(f"{rate:,.0f} images/s from {name}" for name, rate in rates.items())
    print(f"PyTorch: {both}; the pairs use {best}")
    ratios = []
    for pair in range(arguments.pairs):
        mine, other = ours(), theirs(tables[best])
        ratios.append(mine / other)
        print(f"pair {pair + 1}: gantool {mine:,.0f}, PyTorch {other:,.0f}, {ratios[-1]:.2f} times")
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    print(f"median {statistics.median(ratios):.2f} times ({spread}, {len(ratios)} pairs)")


if __name__ == "__main__":
    main()
