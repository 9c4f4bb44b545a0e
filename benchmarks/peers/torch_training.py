"""PyTorch: a recipe of MNIST trained for so many seconds, as a script of its users does it.

    python -m peers.torch_training RECIPE FOLDER OUT [--seconds 60 180 600] [--seed 0]
        [--begun TIME] [--ways channels_last compiled bfloat16]

is what `equal_time.py` starts. The time is that of this process from its start, which the caller
tells, without what samples take. After each time it writes OUT-SECONDS.npz: `step`, and `images`,
uint8 [10000, 28, 28, 1], of a generator whose weights are averages. Needs neither gantool nor
TensorFlow.
"""

from __future__ import annotations

import argparse
import gzip
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from .settings import CLASSES, SETTINGS, Setting
from .torch_peers import PEERS, Variant

AVERAGE = 0.99
"""What stays of the averages at a step, as in `quickstart`."""
SAMPLES = 10_000
WAYS = ("channels_last", "compiled", "bfloat16")


def read_mnist(folder: Path) -> tuple[Tensor, Tensor]:
    """Images uint8 [60000, 1, 28, 28] and labels int64 of the training set."""
    images, labels = (
        np.frombuffer(gzip.decompress((folder / f"train-{name}-ubyte.gz").read_bytes()), np.uint8)
        for name in ("images-idx3", "labels-idx1")
    )
    return (
        torch.from_numpy(images[16:].reshape(-1, 1, 28, 28).copy()),
        torch.from_numpy(labels[8:].astype(np.int64)),
    )


def batches_of(
    images: Tensor, labels: Tensor, setting: Setting, layout: torch.memory_format
) -> Iterator[tuple[Tensor, Tensor]]:
    """Whole batches of one shuffled epoch after the other."""
    scale = (setting.white - setting.black) / 255.0
    while True:
        for chosen in torch.randperm(len(images)).split(setting.batch):
            if len(chosen) == setting.batch:
                batch = images[chosen].float().mul_(scale).add_(setting.black)
                yield batch.contiguous(memory_format=layout), labels[chosen]


@torch.no_grad()
def samples_of(generator: nn.Module, setting: Setting) -> np.ndarray:
    """Images uint8 [10000, 28, 28, 1], of all classes alike."""
    generator.eval()
    made = [
        generator(torch.randn(len(labels), setting.latent), labels)
        for labels in (torch.arange(SAMPLES) % CLASSES).split(500)
    ]
    generator.train()
    values = (torch.cat(made) - setting.black) * (255.0 / (setting.white - setting.black))
    return values.round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()


def main() -> None:
    """Read the command line, train, and write samples."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("recipe", choices=["quickstart"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--ways", nargs="+", default=[], choices=WAYS)
    parser.add_argument("--begun", type=float, default=time.time(), help="in seconds since 1970")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, nargs="+", default=[60, 180, 600])
    asked = parser.parse_args()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    torch.set_flush_denormal(True)  # as TensorFlow does
    torch.manual_seed(asked.seed)
    setting, peer = SETTINGS[asked.recipe], PEERS[asked.recipe]
    variant = Variant(**dict.fromkeys(asked.ways, True))
    layout = torch.channels_last if variant.channels_last else torch.contiguous_format
    gan = peer.gan(setting, variant)
    average = AveragedModel(
        gan.generator, multi_avg_fn=get_ema_multi_avg_fn(AVERAGE), use_buffers=True
    )
    batches = batches_of(*read_mnist(asked.folder), setting, layout)
    step, sampled = 0, 0.0
    for seconds in sorted(asked.seconds):
        while time.time() - asked.begun - sampled < seconds:
            peer.step(gan, batches, lambda: peer.draw(setting.batch, setting.latent))
            average.update_parameters(gan.generator)
            step += 1
        begun = time.time()
        path = asked.out.with_name(f"{asked.out.name}-{seconds:g}.npz")
        np.savez(path, step=step, images=samples_of(average.module, setting))
        sampled += time.time() - begun


if __name__ == "__main__":
    main()
