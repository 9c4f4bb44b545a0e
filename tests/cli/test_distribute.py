"""`train --distribute workers`: two processes, each a worker of one run."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import pytest

from ..nursery import Ended, Started

PLAIN = (
    "generator.layers=[ConcatLabel, Dense: {units: 784}, Reshape: {target_shape: [28, 28, 1]}]",
    "discriminator.layers=[ConcatLabel, Flatten, Dense: {units: 8}, Dense: {units: 1}]",
    "train.precision=float32",
    "output.log_every=1",
    "output.checkpoint={every: 3, keep: 1000000}",
)
"""Makes of the tiny recipe one without normalization, that compiles quickly."""


def settings(*given: str) -> list[str]:
    return [word for setting in given for word in ("--set", setting)]


class Pair(NamedTuple):
    """Both workers of a run, and what each is called."""

    processes: list[Started]
    names: list[str]

    def ended(self) -> list[Ended]:
        """How each ended, when both have."""
        return [process.end() for process in self.processes]


@pytest.fixture
def pair_of(start: Callable[..., Started]) -> Callable[..., Pair]:
    """Start `gantool train --distribute workers` twice, the second one with words of its own."""

    def start_both(*arguments: Any, second: list[Any] | None = None) -> Pair:
        addresses = [f"127.0.0.1:{port}" for port in free_ports()]
        processes, names = [], []
        for index, words in enumerate([list(arguments), second or list(arguments)]):
            task = {"type": "worker", "index": index}
            config = json.dumps({"cluster": {"worker": addresses}, "task": task})
            processes.append(start("train", *words, "--distribute", "workers", TF_CONFIG=config))
            names.append(f"worker {index} ({addresses[index]})")
        return Pair(processes, names)

    return start_both


def free_ports() -> list[int]:
    with socket.socket() as first, socket.socket() as second:
        for each in (first, second):
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in (first, second)]


def values(checkpoint: Path) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    with h5py.File(checkpoint) as file:
        file.visititems(
            lambda key, item: (
                found.update({key: item[()].astype(np.float64)})
                if isinstance(item, h5py.Dataset) and key != "recipe"
                else None
            )
        )
    return found


def assert_close(run: Path, other: Path, step: int) -> None:
    name = f"checkpoints/step-{step:08d}.h5"
    ours, theirs = values(run / name), values(other / name)
    assert ours.keys() == theirs.keys()
    for key, expected in theirs.items():
        distance = np.linalg.norm(ours[key] - expected)
        assert distance <= 1e-5 * np.linalg.norm(expected), (key, distance)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture(scope="module")
def alone(tiny: Path, tmp_path_factory: pytest.TempPathFactory, forked: Any) -> Path:
    """A run of five steps by one process, with a checkpoint of the third. Copy it to change it."""
    run = tmp_path_factory.mktemp("alone") / "run"
    ended = forked("train", tiny, "--out", run, "--steps", 5, *settings(*PLAIN))
    assert ended.code == 0, ended.err
    return run


@pytest.fixture
def third(alone: Path, tmp_path: Path) -> Path:
    """The same run as it was after its third step."""
    run = tmp_path / "third"
    shutil.copytree(alone, run)
    (run / "checkpoints" / "step-00000005.h5").unlink()
    (run / "samples" / "step-00000005.png").unlink()
    return run


def test_a_signal_for_one_of_two_workers_stops_both_and_one_process_goes_on_with_their_run(
    pair_of: Any, command: Any, tiny: Path, alone: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    pair = pair_of(tiny, "--out", run, *settings(*PLAIN, "train.steps=1000000"))
    first_lines = pair.processes[0].wait_for("step 5/")
    pair.processes[1].send_signal(signal.SIGTERM)
    first, second = pair.ended()
    assert first_lines[:3] == [
        f"{pair.names[0]} of 2: waiting for all of them",
        "2 replicas: 4 of each 8 images",
        f"{run}: 300 images, steps 1 to 1000000",
    ]
    lines = second[1].splitlines()
    assert lines[0] == f"{pair.names[1]} of 2: waiting for all of them"
    assert not any(line.startswith(("step", "2 replicas")) for line in lines)
    told = re.fullmatch(
        rf"stopped at step (\d+); go on with: gantool train --resume {run}"
        r" --distribute workers\n",
        first[2],
    )
    assert told, first
    assert second[2] == first[2]
    assert (first[0], second[0]) == (143, 143)
    checkpoints = sorted((run / "checkpoints").iterdir())
    assert checkpoints[-1].name == f"step-{int(told[1]):08d}.h5"
    assert_close(run, alone, 3)

    for later in checkpoints[1:]:
        later.unlink()
    assert command("train", "--resume", run, "--steps", 5).code == 0
    assert_close(run, alone, 5)


def test_two_workers_go_on_with_the_run_of_one_process(
    pair_of: Any, alone: Path, third: Path
) -> None:
    pair = pair_of("--resume", third, "--steps", 5)
    first, second = pair.ended()
    assert first[::2] == second[::2] == (0, "")
    assert first[1].splitlines()[-1] == f"done: {third}/samples/step-00000005.png"
    assert second[1].splitlines()[-1] == f"done: {third}"
    assert_close(third, alone, 5)
    assert files(third) == files(alone)
    rows = [json.loads(row) for row in (third / "metrics.jsonl").read_text().splitlines()]
    assert [(row["step"], row["images"]) for row in rows] == [(n, 8 * n) for n in range(1, 6)]


def test_the_death_of_one_worker_ends_the_other_and_the_run_goes_on(
    pair_of: Any, command: Any, third: Path
) -> None:
    step = 3
    for victim in (1, 0):
        pair = pair_of("--resume", third, "--steps", 1000000)
        pair.processes[0].wait_for(f"step {step + 6}/")
        pair.processes[victim].kill()
        killed = time.monotonic()
        survivor = pair.ended()[1 - victim]
        assert time.monotonic() - killed < 60
        newest = max((third / "checkpoints").iterdir())
        step = int(newest.stem.removeprefix("step-"))
        assert survivor[::2] == (
            1,
            f"{pair.names[victim]} is gone; its last lines may tell why\n"
            f"{newest} is saved; start all workers again, each with:"
            f" gantool train --resume {third} --distribute workers\n",
        )
    resumed = command("train", "--resume", third, "--steps", step + 2)
    assert resumed.code == 0, resumed.err
    assert resumed.out.startswith(f"{third}: 300 images, steps {step + 1} to {step + 2}\n")


def test_workers_that_would_do_different_things_are_refused(
    pair_of: Any, tiny: Path, tmp_path: Path
) -> None:
    words = [tiny, "--out", tmp_path / "run", *settings(*PLAIN)]
    pair = pair_of(*words, second=[*words, "--seed", 4, "--steps", 7])
    expected = (
        f"{pair.names[1]} and {pair.names[0]} differ in seed of the recipe, train of the recipe\n"
        "start all workers with the same gantool, command, recipe and data\n"
    )
    for ended in pair.ended():
        assert ended[::2] == (2, expected)


def test_two_workers_go_back_together(pair_of: Any, tiny: Path, tmp_path: Path) -> None:
    """Logits of about 1e30 are finite, their squares are not: both find that, again and again."""
    layers = "[ConcatLabel, Flatten, Dense: {units: 1}, Rescaling: {scale: 1.0e+30}]"
    huge = f"discriminator.layers={layers}"
    words = settings(*PLAIN, huge, "loss=least-squares", "train.retries=2")
    pair = pair_of(tiny, "--out", tmp_path / "run", *words)
    for ended in pair.ended():
        assert ended.code == 3
        *went_back, last, _ = ended.err.splitlines()
        told = "training diverged at step 1: the discriminator's loss is inf; first not finite: "
        assert last.startswith(told)
        back = "; going back to step 0, on from there with other random numbers"
        assert [line.removeprefix("warning: ").startswith(told) for line in went_back] == [True] * 2
        assert [line.partition(back)[2] for line in went_back] == [" (1 of 2)", " (2 of 2)"]


def test_what_the_first_worker_alone_finds_ends_both(
    pair_of: Any, tiny: Path, tmp_path: Path
) -> None:
    """It writes, and weights that are not finite are met where they would be written."""
    wild = "optimizers.generator={Adam: {learning_rate: 1.0e+39}}"
    words = settings(*PLAIN, wild, "train.retries=2", "output.checkpoint.every=1")
    pair = pair_of(tiny, "--out", tmp_path / "run", *words)
    first, second = pair.ended()
    assert (first.code, second.code) == (3, 1)
    assert "is no longer finite at step 1" in first.err
    assert second.err.splitlines()[0] == f"{pair.names[0]} is gone; its last lines may tell why"


@pytest.mark.slow
def test_mirrored_on_one_device_is_one_replica(command: Any, tiny: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    ended = command(
        *("train", tiny, "--out", run, "--steps", 1, "--distribute", "mirrored"), *settings(*PLAIN)
    )
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[:2] == [
        "one device: one replica",
        f"{run}: 300 images, steps 1 to 1",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("workers",),
            "--distribute workers needs --out DIR: all workers name the same run",
        ),
        (("mirrored", "--dry-run"), "--dry-run tries one device: leave --distribute out"),
        (
            ("mirrored", "--batch", "auto"),
            "--batch auto tries one device: name a batch for --distribute, as in --batch 64",
        ),
    ],
)
def test_what_does_not_go_together(
    words: tuple[str, ...], said: str, command: Any, tiny: Path
) -> None:
    ended = command("train", tiny, "--distribute", *words)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines()[-1] == f"Error: {said}"


def test_workers_without_tf_config(
    command: Any, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert command("train", tiny, "--out", tmp_path / "run", "--distribute", "workers") == (
        2,
        "",
        "TF_CONFIG: not set, but --distribute workers goes by it\n"
        "it names all workers, and which of them this one is, as in\n"
        '  export TF_CONFIG=\'{"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]},'
        ' "task": {"type": "worker", "index": 0}}\'\n',
    )
    assert not (tmp_path / "run").exists()
