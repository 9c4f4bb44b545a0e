"""How many steps a second small networks train, beside the same loop in PyTorch.

    python benchmarks/small.py [points stacked-mnist] [--pairs 5] [--seconds 3]

The networks and objectives of PacGAN's tables 1 and 3 (`recipes/` here): ours without XLA and with
losses and gradients compiled by it, PyTorch eager and compiled. They take turns as in `steps.py`.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

from steps import Worker

RECIPES = Path(__file__).resolve().parent / "recipes"
NAMES = ("points", "stacked-mnist")


def workers_of(name: str, python: str) -> list[Worker]:
    """A process for each way."""
    ours = ("ours", str(RECIPES / f"{name}.yaml"), "float32")
    return [
        Worker("ours", sys.executable, *ours, "train.jit_compile=false"),
        Worker("ours, XLA", sys.executable, *ours, "train.jit_compile=true"),
        Worker("PyTorch", python, "in_torch_small", name),
        Worker("PyTorch, compiled", python, "in_torch_small", name, "compiled"),
    ]


def main() -> None:
    """Read the command line, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help="networks (both)")
    parser.add_argument("--torch-python", default=sys.executable, help="interpreter with PyTorch")
    parser.add_argument("--pairs", type=int, default=5, help="rounds of turns (5)")
    parser.add_argument("--seconds", type=float, default=3.0, help="of a turn, about (3)")
    asked = parser.parse_args()
    for name in asked.names or NAMES:
        workers = workers_of(name, asked.torch_python)
        rounds = [{it.name: it.turn(asked.seconds) for it in workers} for _ in range(asked.pairs)]
        for worker in workers:
            worker.end()
            pace = statistics.median(1 / times[worker.name] for times in rounds)
            print(f"{name:14} {worker.name:18} {pace:6.1f} steps/s")
        ratios = [_best(times, "PyTorch") / _best(times, "ours") for times in rounds]
        print(
            f"{name:14} PyTorch / ours, the faster way of each:"
            f" {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        )


def _best(times: dict[str, float], side: str) -> float:
    """Seconds a step of the faster of a side's ways."""
    return min(seconds for name, seconds in times.items() if name.startswith(side))


if __name__ == "__main__":
    main()
