"""PyTorch: the step of `torch_peers.py`, in one of the ways in which PyTorch can run it.

    python -m peers.in_torch RECIPE PRECISION [channels_last] [compiled]

is what `steps.py` starts; see `serving.py`. Needs neither gantool nor TensorFlow.
"""

from __future__ import annotations

import os
import sys
from itertools import cycle

from .serving import Advance, serve
from .settings import CLASSES, SETTINGS


def build(name: str, precision: str, *ways: str) -> Advance:
    """A recipe at its full size, fed with batches that are there; on a GPU where there is one."""
    import torch

    from .torch_peers import PEERS, Variant

    on_gpu = torch.cuda.is_available()
    if on_gpu:
        torch.set_default_device("cuda")
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    # As TensorFlow does: numbers below 1e-38 would be computed a hundred times slower.
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    setting, peer = SETTINGS[name], PEERS[name]
    variant = Variant("channels_last" in ways, "compiled" in ways, precision == "mixed_bfloat16")
    gan = peer.gan(setting, variant)
    layout = torch.channels_last if variant.channels_last else torch.contiguous_format
    shape = (setting.batch, setting.channels, setting.side, setting.side)
    made = [torch.empty(shape).uniform_(setting.black, setting.white) for _ in range(4)]
    batches = cycle(
        [(it.to(memory_format=layout), torch.randint(CLASSES, shape[:1])) for it in made]
    )

    def draw() -> torch.Tensor:
        return peer.draw(setting.batch, setting.latent)

    def advance(count: int) -> None:
        for _ in range(count):
            peer.step(gan, batches, draw)
        if on_gpu:
            torch.cuda.synchronize()

    return advance


if __name__ == "__main__":
    serve(lambda: build(*sys.argv[1:]), first_compiles="compiled" in sys.argv)
