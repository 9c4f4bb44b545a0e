"""How fast a training step is beside the same step in PyTorch and in Keras.

    python benchmarks/steps.py [RECIPE ...] [--torch-python PYTHON] [--json FILE]

For each reference recipe and precision, ours, PyTorch in its fastest ways and Keras run the same
step at the published batch, each in a process of its own, on the same cores, fed with batches that
are there. They take turns, and while one runs the others sleep, so that what else the machine does
hurts all. What is stated is the median of the rounds' ratios, with the smallest and the largest.

PyTorch runs in every way that its users know (`TORCH_WAYS`); the two fastest of a first turn take
part in the rounds, and in each round the faster of them counts. The Keras side is the loop of the
articles where Keras articles made the recipe known, and plain Keras 3 else. For fewer cores than
the machine has: `taskset --cpu-list 0,1 python …`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
RECIPES = ("wgan-celeba", "dcgan-mnist", "dcgan-mnist-sigmoid", "cgan-mnist", "dcgan-faces-96")
PRECISIONS = ("float32", "mixed_bfloat16")
TORCH_WAYS = {
    "eager": (),
    "channels_last": ("channels_last",),
    "compile": ("compiled",),
    "compile, channels_last": ("compiled", "channels_last"),
}
SLOW = 20.0
"""Seconds of a step that warming up has measured well enough to choose by."""
BUSY = 0.5
"""Processes that run on average before anything is timed, from which on there is a warning."""

_ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "KERAS_BACKEND": "tensorflow",
    "TORCHINDUCTOR_COMPILE_THREADS": "1",  # else processes of its own stay beside the others
}


class SideError(Exception):
    """A process ended where an answer was due."""


class Worker:
    """A process of `peers/` that runs steps when told to; see `peers/serving.py`.

    Attributes:
        name: For tables.
        seconds: Of a step, in the last turn; at first, at the end of warming up.
    """

    def __init__(self, name: str, python: str, module: str, *arguments: str) -> None:
        self.name = name
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - stays as long as the process
        self._process = subprocess.Popen(
            [python, "-m", f"peers.{module}", *arguments],
            cwd=HERE,
            env=os.environ | _ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self.seconds = self._answer()

    def turn(self, seconds: float) -> float:
        """Run whole steps for about so long, at least one; the seconds a step took."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # then there is no answer, either
            print(seconds, file=self._process.stdin, flush=True)
        self.seconds = self._answer()
        return self.seconds

    def end(self) -> None:
        """End the process, if it has not ended by itself."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            assert stream is not None
            with suppress(BrokenPipeError):
                stream.close()

    def _answer(self) -> float:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line:
            return float(line)
        self._process.wait()
        self._errors.seek(0)
        told = [line for line in self._errors.read().splitlines() if line.strip()]
        self.end()
        raise SideError(f"{self.name}: {told[-1] if told else 'ended without a word'}")


@dataclass(frozen=True)
class Compared:
    """What the rounds of a recipe and a precision gave.

    Attributes:
        recipe: Its name.
        precision: As recipes name it.
        rounds: Seconds a step by the side's name, in each round.
    """

    recipe: str
    precision: str
    rounds: tuple[dict[str, float], ...]

    def best_torch(self) -> list[str]:
        """The way in which PyTorch was fastest, in each round."""
        return [
            min((name for name in times if name.startswith("PyTorch")), key=times.__getitem__)
            for times in self.rounds
        ]

    def ratios(self, other: str) -> list[float]:
        """How many times as long as ours a step takes in each round: `PyTorch` or `Keras`."""
        names = self.best_torch() if other == "PyTorch" else [other] * len(self.rounds)
        return [times[name] / times["ours"] for name, times in zip(names, self.rounds, strict=True)]


def compare(recipe: str, precision: str, torch_python: str, pairs: int, seconds: float) -> Compared:
    """Start all sides, let them take turns, and end them.

    Raises:
        SideError: Ours, Keras or every way of PyTorch could not be run.
    """
    workers: list[Worker] = []
    try:
        workers += _fastest_torch(recipe, precision, torch_python, seconds)
        workers.insert(0, Worker("ours", sys.executable, "ours", recipe, precision))
        workers.append(Worker("Keras", sys.executable, "in_keras", recipe, precision))
        rounds = []
        for number in range(1, pairs + 1):
            rounds.append({worker.name: worker.turn(seconds) for worker in workers})
            print(f"  round {number}: {_listed(rounds[-1].items())}", flush=True)
    finally:
        for worker in workers:
            worker.end()
    return Compared(recipe, precision, tuple(rounds))


def _fastest_torch(recipe: str, precision: str, python: str, seconds: float) -> list[Worker]:
    """The two fastest ways of PyTorch, after one turn of each."""
    fastest: list[Worker] = []
    for way, words in TORCH_WAYS.items():
        try:
            worker = Worker(f"PyTorch {way}", python, "in_torch", recipe, precision, *words)
            if worker.seconds < SLOW:
                worker.turn(seconds)
        except SideError as failure:
            print(f"  {failure}", flush=True)
            continue
        print(f"  {_listed([(worker.name, worker.seconds)])}", flush=True)
        *fastest, slower = sorted([*fastest, worker], key=lambda it: it.seconds)
        if len(fastest) < 2:
            fastest.append(slower)
        else:
            slower.end()
    if not fastest:
        raise SideError(
            f"PyTorch: {python} runs it in no way; --torch-python names an interpreter that does"
        )
    return fastest


def _listed(times: Iterable[tuple[str, float]]) -> str:
    return ", ".join(f"{name} {_milliseconds(seconds)}" for name, seconds in times)


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:,.{0 if seconds >= 0.1 else 1}f} ms"


def table(results: Sequence[Compared]) -> str:
    """A row for each recipe and precision."""
    head = ("recipe", "precision", "ours", "PyTorch", "Keras", "PyTorch / ours", "Keras / ours")
    rows: list[tuple[str, ...]] = [head]
    for it in results:
        best = statistics.mode(it.best_torch())
        middles = [
            _milliseconds(statistics.median(times[name] for times in it.rounds))
            for name in ("ours", best, "Keras")
        ]
        middles[1] += f" ({best.removeprefix('PyTorch ')})"
        ratios = [_spread(it.ratios(other)) for other in ("PyTorch", "Keras")]
        rows.append((it.recipe, it.precision, *middles, *ratios))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _spread(ratios: Sequence[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def main() -> None:
    """Read the command line, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipes", metavar="RECIPE", nargs="*", help="reference recipes (all five)")
    parser.add_argument("--precision", choices=PRECISIONS, help="one alone (both)")
    parser.add_argument("--torch-python", default=sys.executable, help="interpreter with PyTorch")
    parser.add_argument("--pairs", type=int, default=5, help="rounds of turns (5)")
    parser.add_argument("--seconds", type=float, default=3.0, help="of a turn, about (3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where all times go, too")
    arguments = parser.parse_args()
    unknown = set(arguments.recipes) - set(RECIPES)
    if unknown:
        parser.error(
            f"{', '.join(sorted(unknown))}: none of the reference recipes ({', '.join(RECIPES)})"
        )
    if os.getloadavg()[0] > BUSY:
        print("other work keeps the cores busy: threads that wait for each other lose most by it")
    results = []
    for recipe in arguments.recipes or RECIPES:
        for precision in [arguments.precision] if arguments.precision else PRECISIONS:
            print(f"{recipe}, {precision}, {len(os.sched_getaffinity(0))} cores", flush=True)
            try:
                results.append(
                    compare(
                        recipe,
                        precision,
                        arguments.torch_python,
                        arguments.pairs,
                        arguments.seconds,
                    )
                )
            except SideError as failure:
                print(f"  {failure}", file=sys.stderr)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps([vars(it) for it in results], indent=1) + "\n")
    if results:
        print(table(results))
    sys.exit(0 if results else 1)


if __name__ == "__main__":
    main()
