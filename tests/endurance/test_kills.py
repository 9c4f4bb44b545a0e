"""Killed at any moment, a run goes on and ends in the bytes of one that never was.

In CI two recipes are killed a few times. The long form kills each of all of them so often::

    GANTOOL_KILLS=30 python -m pytest tests/endurance/test_kills.py -s
"""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import signal
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from gantool.data import records
from gantool.recipe.edit import parse_override
from gantool.recipe.load import find_recipe, load
from gantool.runs.checkpoint import Checkpoint
from gantool.runs.run_folder import RunFolder

from ..nursery import Nursery
from ..reference.tiny import override, tiny_copy

KILLS = int(os.environ.get("GANTOOL_KILLS", "0"))
IN_CI = 2
"""Kills of each recipe that CI kills."""

CLOCKS = ("seconds", "images_per_second")
OUTPUT = {
    "log_every": 3,
    "grid": {"every": 10, "rows": 2, "columns": 5},
    "checkpoint": {"every": 7, "keep": 2},
}
MUCH = {
    "train.steps": None,
    "train.epochs": 9,
    "train.updates": {
        "discriminator": 2,
        "latents": "shared",
        "burst": {"discriminator": 5, "first": 4, "every": 11},
    },
    "discriminator.layers.3": {"Dropout": {"rate": 0.3}},
    "output.grid.layouts": ["by-seed", "by-label"],
}
"""Labels, flips and a moving average are in tiny.yaml itself; 300 images are 37 batches."""

REFERENCE = {
    "dcgan-mnist": "digits",
    "dcgan-mnist-sigmoid": "digits",
    "cgan-mnist": "digits",
    "wgan-celeba": "faces",
    "dcgan-faces-96": "faces",
}
CASES = ["much at once", "much at once in mixed_bfloat16", *REFERENCE]
CASES_IN_CI = ["much at once", "wgan-celeba"]


@pytest.fixture(scope="module")
def faces(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """64 real pictures as JPEG in two TFRecord files."""
    folder = tmp_path_factory.mktemp("faces")
    [archive] = (repository / "data" / "emoji").glob("*.zip")
    with zipfile.ZipFile(archive) as pictures:
        names = sorted(name for name in pictures.namelist() if name.endswith(".png"))[::40][:64]
        jpegs = [_jpeg(pictures.read(name)) for name in names]
    for part in (0, 1):
        path = folder / f"faces.tfrecord-{part:05d}-of-00002"
        path.write_bytes(b"".join(map(records.frame, map(records.encode_example, jpegs[part::2]))))
    return folder


def _jpeg(png: bytes) -> bytes:
    encoded = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGBA").convert("RGB").save(encoded, "JPEG")
    return encoded.getvalue()


@pytest.fixture
def recipe(tiny: Path, workshop: Path, faces: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Write the recipe of a case."""

    def write(case: str) -> Path:
        path = tmp_path / f"{case.replace(' ', '-')}.yaml"
        if case in REFERENCE:
            source = {"digits": workshop / "digits", "faces": faces}[REFERENCE[case]]
            changes: dict[str, Any] = {"data.source": str(source), "output": OUTPUT}
            changes["train"] = _short(case)
            text = find_recipe(case)
            loaded = tiny_copy(text, *(override(key, value) for key, value in changes.items()))
            path.write_text(loaded.text)
            return path
        changes = {"data.source": str(workshop / "digits"), "output": OUTPUT, **MUCH}
        if case.endswith("mixed_bfloat16"):
            changes["train.precision"] = "mixed_bfloat16"
        settings = [parse_override(f"{key}={json.dumps(it)}") for key, it in changes.items()]
        path.write_text(load(find_recipe(str(tiny)), settings).text)
        return path

    return write


def _short(case: str) -> dict[str, Any]:
    """The recipe's own way of training for 90 steps, with its bursts at steps that they reach."""
    train = load(find_recipe(case)).recipe.train.model_dump(exclude_none=True)
    train.pop("epochs", None)
    train |= {"steps": 90, "batch_size": 6, "precision": "float32"}
    if "burst" in train["updates"]:
        train["updates"]["burst"] = {"discriminator": 7, "first": 5, "every": 40}
    return train


def contents(run: Path) -> dict[str, Any]:
    """All that a run folder holds, but what a clock decides."""
    read = {".h5": _checkpoint, ".jsonl": _rows}
    return {
        str(path.relative_to(run)): read.get(path.suffix, Path.read_bytes)(path)
        for path in sorted(run.rglob("*"))
        if path.is_file() and path.name != "report.html"
    }


def _checkpoint(path: Path) -> dict[str, Any]:
    Checkpoint(path)
    found: dict[str, Any] = {}

    def collect(key: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[key] = (item.dtype.str, item.shape, np.asarray(item[()]).tobytes())

    with h5py.File(path) as file:
        file.visititems(collect)
        found |= {name: value for name, value in file.attrs.items() if name not in CLOCKS}
    return found


def _rows(path: Path) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in path.read_text().splitlines()]
    return [{key: row[key] for key in row if key not in CLOCKS} for row in found]


def assert_nothing_is_half_written(run: Path, whole: dict[str, Any]) -> None:
    """Of a run that was just killed, against one that never was."""
    folder = RunFolder(run)
    last = 0
    for path in folder.checkpoints():
        last = _checkpoint(path)["step"]
    for path in run.rglob("*.png"):
        if not path.name.startswith("."):
            with Image.open(path) as picture:
                picture.load()
    lines = folder.metrics.read_text().splitlines(keepends=True) if folder.metrics.exists() else []
    steps = [json.loads(line)["step"] for line in lines if line.endswith("\n")]
    expected = [row["step"] for row in whole["metrics.jsonl"]]
    assert steps == expected[: len(steps)]
    assert len(steps) >= len([step for step in expected if step <= last])


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES if KILLS else CASES_IN_CI)
def test_a_run_ends_in_the_bytes_of_one_that_was_never_killed(
    case: str, recipe: Callable[[str], Path], nursery: Nursery, tmp_path: Path
) -> None:
    chosen = random.Random(f"{case} {os.environ.get('GANTOOL_SEED', 0)}")
    path = recipe(case)
    began = time.monotonic()
    whole_run = nursery.start("train", path, "--out", tmp_path / "whole")
    assert whole_run.wait(600) == 0, whole_run.so_far()
    took = time.monotonic() - began
    whole = contents(tmp_path / "whole")
    assert {"losses.png", "metrics.jsonl", "recipe.yaml"} <= whole.keys()

    killed: Counter[str] = Counter()
    run, finished = tmp_path / "run", 0
    while killed.total() < (KILLS or IN_CI) or not finished:
        command = ["--resume", run] if RunFolder(run).holds_run() else [path, "--out", run]
        began = time.monotonic()
        process = nursery.start("train", *command)
        # Where it was killed often enough it may come to its end.
        enough = killed.total() >= (KILLS or IN_CI)
        code = process.wait(600 if enough else chosen.uniform(0, took))
        if code is None:
            process.kill()
            code = process.wait(60)
        if code == -signal.SIGKILL:
            killed[_moment(run)] += 1
            if run.exists():
                assert_nothing_is_half_written(run, whole)
            continue
        assert code == 0, process.so_far()
        assert contents(run) == whole
        if command[0] != "--resume":  # what else the machine does may have made the first slow
            took = min(took, time.monotonic() - began)
        finished += 1
        shutil.rmtree(run)
    print(f"\n{case}: killed {dict(killed)}, {finished} runs ended, {took:.1f} s each")


def _moment(run: Path) -> str:
    """What a run was doing when it was killed, as far as its folder tells."""
    if not (run / "recipe.yaml").exists():
        return "before it wrote"
    if any(run.rglob("*.gantool-tmp")):
        return "while it wrote a file"
    return "else" if RunFolder(run).checkpoints() else "before its first checkpoint"
