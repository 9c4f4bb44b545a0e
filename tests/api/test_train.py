"""Training for programs."""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import yaml

import gantool
from gantool.errors import InputError
from gantool.runs.checkpoint import Checkpoint


@pytest.fixture
def recipe(tiny: Path) -> dict[str, Any]:
    """tiny.yaml as a program has it."""
    data: dict[str, Any] = yaml.safe_load(tiny.read_text())
    data["data"] |= {"source": tiny.parent / "digits", "size": (28, 28)}
    data["output"]["log_every"] = np.int64(10)
    return data


def weights(run: Path, step: int) -> dict[str, np.ndarray]:
    checkpoint = Checkpoint(run / "checkpoints" / f"step-{step:08d}.h5")
    return {name: checkpoint.numbers(at) for name, at in checkpoint.index.variables.items()}


def losses(run: Path) -> list[tuple[int, float, float]]:
    rows = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    return [(row["step"], row["generator_loss"], row["discriminator_loss"]) for row in rows]


def same(ours: Path, theirs: Path, step: int) -> None:
    first, second = weights(ours, step), weights(theirs, step)
    assert first.keys() == second.keys()
    for name, numbers in first.items():
        np.testing.assert_array_equal(numbers, second[name], name)
    assert losses(ours) == losses(theirs)


@pytest.mark.slow
def test_it_trains_what_the_command_trains(
    recipe: dict[str, Any], tiny: Path, tmp_path: Path, command: Any
) -> None:
    asked = ("--steps", 30, "--seed", 5, "--set", "output.log_every=10")
    assert command("train", tiny, *asked, "--out", tmp_path / "command").code == 0
    seen = []
    model = gantool.train(
        recipe, out=tmp_path / "ours", steps=30, seed=5, on_progress=lambda it: seen.append(it.step)
    )
    same(tmp_path / "ours", tmp_path / "command", 30)
    assert model.header.step == 30
    assert [step for step in seen if step % 10 == 0] == [10, 20, 30]
    sampled = tmp_path / "it.npz"
    command("sample", "--ckpt", tmp_path / "command", "--seeds", "0-3", "--out", sampled)
    with np.load(sampled) as arrays:
        np.testing.assert_array_equal(model.sample(range(4)), arrays["images"])


@pytest.mark.slow
def test_an_interrupted_run_goes_on(tiny: Path, tmp_path: Path) -> None:
    usual = signal.getsignal(signal.SIGINT)
    settings = {"output.log_every": 10}
    gantool.train(tiny, out=tmp_path / "whole", steps=30, settings=settings)

    def interrupt(progress: Any) -> None:
        if progress.step == 10:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt) as raised:
        gantool.train(
            tiny, out=tmp_path / "cut", steps=30, settings=settings, on_progress=interrupt
        )
    assert str(raised.value) == f"stopped; gantool.resume('{tmp_path / 'cut'}') goes on"
    assert signal.getsignal(signal.SIGINT) is usual
    assert gantool.load(tmp_path / "cut").header.step < 30
    assert gantool.resume(tmp_path / "cut").header.step == 30
    same(tmp_path / "cut", tmp_path / "whole", 30)


@pytest.mark.slow
def test_threads_train_one_after_the_other_in_numbered_folders(
    recipe: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    models: list[Any] = []
    recipe["data"]["size"] = np.array([28, 28])
    threads = [
        threading.Thread(
            target=lambda: models.append(gantool.train(recipe, steps=np.int64(2), seed=np.int64(6)))
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [model.header.step for model in models] == [2, 2]
    same(Path("runs/00000-tiny"), Path("runs/00001-tiny"), 2)
    assert gantool.resume("runs/00000-tiny", settings={"train.steps": 3}).header.step == 3
    with pytest.warns(UserWarning, match="^runs/00000-tiny: step 3 of 2 is done$"):
        assert gantool.resume("runs/00000-tiny", steps=2).header.step == 3


@pytest.mark.slow
def test_while_it_trains_tensorflow_does_not_warn_of_tracing(tiny: Path, tmp_path: Path) -> None:
    told: list[str] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(record.getMessage())

    def trace(function: Callable[[Any], Any]) -> None:
        traced = tf.function(function)
        for count in range(10):
            traced(tf.zeros(count))

    logger, listening = tf.get_logger(), Listening()
    logger.addHandler(listening)
    logger.setLevel("WARNING")
    try:
        gantool.train(
            tiny, out=tmp_path / "run", steps=1, on_progress=lambda _: trace(lambda it: it + 1)
        )
        assert told == []
        trace(lambda it: it - 1)
        assert "retracing" in told[0]
    finally:
        logger.removeHandler(listening)


def test_what_is_wrong_is_told_and_nothing_is_written(
    recipe: dict[str, Any], tmp_path: Path, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    wrong = recipe | {"loss": "Hinged"}
    for ask, says in (
        (lambda: gantool.train("quickstat"), "quickstat: no such file, and no built-in recipe of"),
        (lambda: gantool.train(wrong), "recipe:30:7: unknown loss 'Hinged'; did you mean 'hinge'?"),
        (lambda: gantool.train(recipe | {"name": object}), "recipe: <class 'object'> is no text,"),
        (
            lambda: gantool.train(recipe, settings={"train.batch": 3}),
            "--set train.batch=3: unknown key 'batch' in train; did you mean 'batch_size'?",
        ),
        (lambda: gantool.train(recipe, out=trained), f"{trained}: holds a run already; go on"),
        (lambda: gantool.train(recipe, out=""), "out: is empty; name a folder"),
        (lambda: gantool.resume(tmp_path), f"{tmp_path}: no run folder (it has no recipe.yaml)"),
        (lambda: gantool.resume("gone"), "gone: no such run folder"),
    ):
        with pytest.raises(InputError) as raised:
            ask()  # type: ignore[no-untyped-call]
        assert str(raised.value).startswith(says)
    assert not list(tmp_path.iterdir())
