"""How good samples are after so many seconds of training.

    python benchmarks/equal_time.py [RECIPE ...] [--seconds 60 180 600] [--seeds 3]
                                    [--torch-python PYTHON [--torch-ways WAY ...]]
                                    [--out runs/equal-time]

Each recipe is trained as `gantool train` does, with the seeds 0, 1, 2, …, and stopped by Ctrl-C
when so much time has gone by; the time of a command is that of all of it, its start and its files
too. Told is the Fréchet distance between 10,000 samples and the real images, in the features of a
classifier of their labels (`gantool evaluate`): the mean of the seeds, and each. A run that has its
figures beside it is not made again.

With an interpreter that has PyTorch, `quickstart` is trained there as well, by the script
`peers/torch_training.py`, for the same seconds of its process.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
MNIST = HERE.parent / "data" / "mnist"
GANTOOL = (sys.executable, "-m", "gantool")
METRICS = "FrechetDistance: {samples: 10000}"
ENDLESS = 10_000_000
"""Steps that no run comes to."""


def train(recipe: str, seed: int, seconds: float, run: Path) -> None:
    """Train into `run`, or go on there, until so many seconds have gone by."""
    what = ("--resume", run) if run.exists() else (recipe, "--seed", seed, "--out", run)
    command = (*GANTOOL, "train", *map(str, what), "--steps", str(ENDLESS))
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
    if process.returncode != 128 + signal.SIGINT:
        raise SystemExit(f"{run}: gantool train ended with {process.returncode}")


def figure(run: Path) -> tuple[int, float]:
    """The step of a run's newest checkpoint, and its Fréchet distance."""
    command = (*GANTOOL, "evaluate", str(run), "--metrics", METRICS, "--json")
    told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    [distance] = [value for name, value in told.items() if name.startswith("frechet_distance")]
    return int(told["step"]), float(distance)


def found(recipe: str, seed: int, seconds: Sequence[int], out: Path) -> list[tuple[int, float]]:
    """Steps and distances of one seed after each of some times, which are kept beside the run."""
    run = out / f"{Path(recipe).stem}-{seed}"
    kept = run.with_suffix(".json")
    if kept.exists():
        known: list[tuple[int, float]] = json.loads(kept.read_text())
        return known
    if run.exists():
        raise SystemExit(f"{run}: was cut off, so its time is not known; remove it")
    figures = []
    for before, until in pairwise([0, *seconds]):
        train(recipe, seed, until - before, run)
        figures.append(figure(run))
    kept.write_text(json.dumps(figures))
    return figures


def train_in_torch(
    python: str, ways: Sequence[str], seed: int, seconds: Sequence[int], out: Path
) -> list[tuple[int, float]]:
    """Steps and distances of `quickstart` in PyTorch, which are kept like those of a run."""
    name = out.resolve() / "-".join(("pytorch", *ways, str(seed)))
    kept = name.with_suffix(".json")
    if not kept.exists():
        command = [python, "-m", "peers.torch_training", "quickstart", MNIST, name]
        command += ["--seed", seed, *(["--ways", *ways] if ways else []), "--seconds", *seconds]
        command += ["--begun", time.time()]
        environment = os.environ | {"TORCHINDUCTOR_COMPILE_THREADS": "1"}
        subprocess.run([*map(str, command)], check=True, cwd=HERE, env=environment)
        made = [np.load(f"{name}-{each}.npz") for each in seconds]
        distances = [distance_of(each["images"]) for each in made]
        steps = [int(each["step"]) for each in made]
        kept.write_text(json.dumps(list(zip(steps, distances, strict=True))))
    known: list[tuple[int, float]] = json.loads(kept.read_text())
    return known


def distance_of(images: np.ndarray[Any, Any]) -> float:
    """The same Fréchet distance of other samples of MNIST, uint8 [N, 28, 28, 1]."""
    from gantool.data.loading import load_images
    from gantool.data.sources import open_source
    from gantool.evaluation.reals import Reals
    from gantool.recipe.load import find_recipe, load
    from gantool.statistics.moments import frechet_distance, moments

    recipe = load(find_recipe("quickstart")).recipe
    real = load_images(open_source(recipe.data, None), recipe.data)
    reals = Reals(real, len(real.classes), recipe.seed, None)
    network = reals.network("classifier")
    blocks = np.array_split(images, -(-len(images) // 256))
    return frechet_distance(reals.moments(network), moments(map(network, blocks)))


def line_of(recipe: str, seconds: int, figures: Sequence[tuple[int, float]]) -> str:
    """A line of the table."""
    steps, distances = zip(*figures, strict=True)
    each = ", ".join(f"{distance:.3f}" for distance in distances)
    mean = statistics.mean(distances)
    return f"| {recipe} | {seconds} | {statistics.median(steps):,.0f} | {mean:.3f} ({each}) |"


def tell(name: str, times: Sequence[int], runs: Sequence[Sequence[tuple[int, float]]]) -> None:
    """Print a line for each of the times, of the figures of all seeds."""
    for seconds, figures in zip(times, zip(*runs, strict=True), strict=True):
        print(line_of(name, seconds, figures), flush=True)


def main() -> None:
    """Read the command line, train, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("recipes", nargs="*", default=["quickstart"], metavar="RECIPE")
    parser.add_argument("--seconds", type=int, nargs="+", default=[60, 180, 600])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--torch-python", help="interpreter with PyTorch")
    parser.add_argument("--torch-ways", nargs="+", default=[], help="how it runs there")
    parser.add_argument("--out", type=Path, default=Path("runs/equal-time"))
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    print("| recipe | seconds | steps | Fréchet distance: mean (each seed) |\n|---|---|---|---|")
    for recipe in asked.recipes:
        runs = [found(recipe, seed, asked.seconds, asked.out) for seed in range(asked.seeds)]
        tell(recipe, asked.seconds, runs)
    if asked.torch_python:
        runs = [
            train_in_torch(asked.torch_python, asked.torch_ways, seed, asked.seconds, asked.out)
            for seed in range(asked.seeds)
        ]
        tell(" ".join(("quickstart in PyTorch", *asked.torch_ways)), asked.seconds, runs)


if __name__ == "__main__":
    main()
