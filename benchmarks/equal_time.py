"""How good samples are after so many seconds of training.

    python benchmarks/equal_time.py [RECIPE ...] [--seconds 60 180 600] [--seeds 3]
                                    [--out runs/equal-time]

Each recipe is trained as `gantool train` does, with the seeds 0, 1, 2, …, and stopped by Ctrl-C
when so much time has gone by; the time of a command is that of all of it, its start and its files
too. Told is the Fréchet distance between 10,000 samples and the real images, in the features of a
classifier of their labels (`gantool evaluate`): the mean of the seeds, and each. A run that has its
figures beside it is not made again.
"""

from __future__ import annotations

import argparse
import json
import signal
import statistics
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

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


def line_of(recipe: str, seconds: int, figures: Sequence[tuple[int, float]]) -> str:
    """A line of the table."""
    steps, distances = zip(*figures, strict=True)
    each = ", ".join(f"{distance:.3f}" for distance in distances)
    mean = statistics.mean(distances)
    return f"| {recipe} | {seconds} | {statistics.median(steps):,.0f} | {mean:.3f} ({each}) |"


def main() -> None:
    """Read the command line, train, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("recipes", nargs="*", default=["quickstart"], metavar="RECIPE")
    parser.add_argument("--seconds", type=int, nargs="+", default=[60, 180, 600])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("runs/equal-time"))
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    print("| recipe | seconds | steps | Fréchet distance: mean (each seed) |\n|---|---|---|---|")
    for recipe in asked.recipes:
        runs = [found(recipe, seed, asked.seconds, asked.out) for seed in range(asked.seeds)]
        for seconds, figures in zip(asked.seconds, zip(*runs, strict=True), strict=True):
            print(line_of(recipe, seconds, figures), flush=True)


if __name__ == "__main__":
    main()
