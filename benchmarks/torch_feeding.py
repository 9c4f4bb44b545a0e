"""The other side of `feeding.py`: a PyTorch `DataLoader` with PIL, as fast as we could make it.

Run by the interpreter that has PyTorch; needs nothing of gantool. Two workers that stay, pages of
the files mapped into memory, records found by a table of offsets and neither parsed nor checked,
a batch collated and made floats in the worker. Prints images a second.
"""

from __future__ import annotations

import argparse
import json
import mmap
import time
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset


class Pictures(Dataset[Any]):
    """Pictures cropped around their centre and resized, read from spans of files or whole files."""

    def __init__(self, table: dict[str, Any]) -> None:
        self.paths, self.spans = table["paths"], table["spans"]
        self.window, self.size = tuple(table["window"]), tuple(table["size"])
        self.files: list[mmap.mmap] = []

    def __len__(self) -> int:
        return len(self.spans) or len(self.paths)

    def __getitems__(self, indices: list[int]) -> torch.Tensor:
        batch = np.empty((len(indices), *self.size, 3), np.uint8)
        for place, index in enumerate(indices):
            image = Image.open(BytesIO(self.content(index)), formats=("JPEG",))
            image = image.crop(self.window).resize(self.size[::-1], Image.Resampling.LANCZOS)
            batch[place] = np.asarray(image)
        return torch.from_numpy(batch)

    def content(self, index: int) -> bytes:
        if not self.spans:
            return Path(self.paths[index]).read_bytes()
        if not self.files:  # each worker maps them for itself
            for path in self.paths:
                with Path(path).open("rb") as file:
                    self.files.append(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        file, start, length = self.spans[index]
        return self.files[file][start : start + length]


def to_floats(batch: torch.Tensor) -> torch.Tensor:
    """[B, H, W, C] float32 in [-1, 1]."""
    return batch.to(torch.float32).div_(127.5).sub_(1.0)


def main() -> None:
    """Read the command line, feed and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("table", type=Path)
    parser.add_argument("--batches", type=int, required=True)
    parser.add_argument("--warm-up", type=int, required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    arguments = parser.parse_args()
    loader = DataLoader(
        Pictures(json.loads(arguments.table.read_text())),
        batch_size=arguments.batch_size,
        shuffle=True,
        drop_last=True,
        num_workers=2,
        persistent_workers=True,
        prefetch_factor=4,
        collate_fn=to_floats,
    )
    # Timed within one epoch: what happens between two would only cost this side time.
    batches = iter(loader)
    for _ in islice(batches, arguments.warm_up):
        pass
    begun = time.perf_counter()
    count = sum(len(batch) for batch in islice(batches, arguments.batches))
    print(count / (time.perf_counter() - begun))


if __name__ == "__main__":
    main()
