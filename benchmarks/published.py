"""Published figures, and what gantool reaches on the same networks, batch and evaluation.

    python benchmarks/published.py ring|grid|stacked-quarter|stacked-half [--rows NAME ...]
                                   [--seeds 5] [--out runs/published]

A row of a table is a recipe, trained to its last step with the seeds 0, 1, 2, … and told by the
figures of that step: no step is chosen afterwards, and no seed is left out. A run that is there is
not made again, and one that was cut off goes on, so the command can be stopped at any time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
POINTS = HERE / "recipes" / "points.yaml"
STACKED = HERE / "recipes" / "stacked-mnist.yaml"
FIGURES = {"modes": 1, "high_quality": 3, "reverse_kl": 3}
"""Those that a table has, with the number of decimals."""

Settings = Mapping[str, object]


@dataclass(frozen=True)
class Row:
    """A recipe of a table.

    Attributes:
        recipe: A file, or the name of a recipe of gantool's.
        settings: Values that differ from the recipe's.
        published: What was published of it, as a line; empty where nothing was.
        seeds: With how many seeds it is trained at most.
    """

    recipe: str
    settings: Settings = field(default_factory=dict)
    published: str = ""
    seeds: int = 5


def packed(examples: int, batch: int) -> Settings:
    """So many examples a discriminator input, and so many inputs a batch."""
    return {
        "discriminator.layers.0.Pack.examples": examples,
        "train.batch_size": examples * batch,
    }


def points(source: str, limit: float, published: Sequence[str]) -> Mapping[str, Row]:
    """The rows of one of the two sets of points."""
    of_set: Settings = {"data.source": source, "data.range": f"[-{limit}, {limit}]"}
    gan, pac2, pac4 = published
    return {
        "GAN, 400,000 steps": Row(str(POINTS), of_set | {"train.steps": 400_000}, gan, 1),
        "GAN, 40,000 steps": Row(str(POINTS), of_set),
        "PacGAN2, 40,000 steps": Row(str(POINTS), of_set | packed(2, 100), f"{pac2} (400,000)"),
        "PacGAN4, 40,000 steps": Row(str(POINTS), of_set | packed(4, 100), f"{pac4} (400,000)"),
        f"gantool {source}, 40,000 steps": Row(source),
    }


def channels(*counts: int) -> Settings:
    """The numbers of the channels of the discriminator's convolutions."""
    return {
        f"discriminator.layers.{place}.Conv2D.filters": count
        for place, count in zip((1, 4, 7), counts, strict=True)
    }


def ours(*counts: int) -> Settings:
    """The same numbers, in the recipe of gantool's, whose discriminator is not normalised."""
    return {
        f"discriminator.layers.{place}.Conv2D.filters": count
        for place, count in zip((0, 2, 4), counts, strict=True)
    }


TABLES: Mapping[str, Mapping[str, Row]] = {
    "ring": points(
        "ring",
        1.5,
        ("6.3 modes, high quality 0.982", "7.9 modes", "7.8 modes"),
    ),
    "grid": points(
        "grid",
        5,
        (
            "17.3 modes, high quality 0.948, KL 0.70",
            "23.8 modes",
            "24.8 modes, high quality 0.936, KL 0.04",
        ),
    ),
    "stacked-quarter": {
        "DCGAN, 50,000 steps": Row(
            str(STACKED), published="78.5 modes, KL 5.21 (500,000)", seeds=1
        ),
        "PacDCGAN4, 50,000 steps": Row(
            str(STACKED), packed(4, 128), "667 modes, KL 1.81 (500,000)", 1
        ),
        "gantool, 50,000 steps": Row("stacked-mnist", ours(2, 4, 8), seeds=1),
    },
    "stacked-half": {
        "DCGAN, 50,000 steps": Row(
            str(STACKED), channels(4, 8, 16), "487.7 modes, KL 2.24 (500,000)", 1
        ),
        "PacDCGAN3, 50,000 steps": Row(
            str(STACKED),
            channels(4, 8, 16) | packed(3, 128),
            "867 modes, KL 0.90 (500,000)",
            1,
        ),
        "gantool stacked-mnist, 50,000 steps": Row("stacked-mnist", seeds=1),
    },
}


def trained(row: Row, seed: int, folder: Path) -> tuple[Mapping[str, float], float]:
    """The figures of a run's last step, and its steps a second; trained where it is not there."""
    if not (folder / "recipe.yaml").exists():
        given = [f"--set={key}={value}" for key, value in row.settings.items()]
        _gantool("train", row.recipe, "--seed", seed, "--out", folder, *given)
    elif not _rows(folder) or "modes" not in _rows(folder)[-1]:
        _gantool("train", "--resume", folder)
    last = _rows(folder)[-1]
    return last, last["step"] / last["seconds"]


def _gantool(*arguments: object) -> None:
    command = [sys.executable, "-m", "gantool", *map(str, arguments)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _rows(folder: Path) -> list[dict[str, float]]:
    path = folder / "metrics.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def line_of(name: str, row: Row, found: Sequence[tuple[Mapping[str, float], float]]) -> str:
    """A line of the table: what was published, the mean of the seeds' figures, and each."""
    told = []
    for figure, decimals in FIGURES.items():
        if all(figure in figures for figures, _ in found):
            values = [figures[figure] for figures, _ in found]
            places = 0 if figure == "modes" else decimals
            each = ", ".join(f"{value:.{places}f}" for value in values)
            told.append(f"{figure} {statistics.mean(values):.{decimals}f} ({each})")
    pace = statistics.median(pace for _, pace in found)
    return f"| {name} | {row.published or '–'} | {'; '.join(told)} | {pace:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("table", choices=TABLES)
    parser.add_argument("--rows", nargs="*", help="Names, or what they begin with.")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("runs/published"))
    asked = parser.parse_args()
    print("| networks and objective | published | ours: mean (each seed) | steps/s |")
    print("|---|---|---|---|", flush=True)
    for number, (name, row) in enumerate(TABLES[asked.table].items()):
        if asked.rows and not name.startswith(tuple(asked.rows)):
            continue
        folder = asked.out / f"{asked.table}-{number}"
        seeds = range(min(asked.seeds, row.seeds))
        found = [trained(row, seed, folder / str(seed)) for seed in seeds]
        print(line_of(name, row, found), flush=True)


if __name__ == "__main__":
    main()
