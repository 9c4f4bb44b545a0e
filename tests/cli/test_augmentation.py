"""Augmented training through the command: resumed to the bit, told in rows, in no picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import pytest

from tests.png_text import without_text

pytestmark = pytest.mark.slow
NETWORKS = (
    "generator.layers=[Dense: {units: 784, activation: tanh},"
    " Reshape: {target_shape: [28, 28, 1]}]",
    "discriminator.layers=[Flatten, Dense: {units: 8}, LeakyReLU, Dense: {units: 1}]",
    "data.labels=false",
)
OUTPUT = "output={log_every: 1, grid: {every: 3, rows: 2, columns: 4}, checkpoint: {every: 3}}"


def given(*settings: str) -> list[str]:
    return [word for text in (*NETWORKS, OUTPUT, *settings) for word in ("--set", text)]


def contents(run: Path, step: int) -> dict[str, bytes]:
    found: dict[str, bytes] = {}

    def collect(key: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and key != "recipe":
            found[key] = item[()].tobytes()

    with h5py.File(run / "checkpoints" / f"step-{step:08d}.h5") as file:
        file.visititems(collect)
    return found


def rows(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def probabilities(run: Path) -> list[float]:
    return [row["augmentation_probability"] for row in rows(run)]


ADAPTIVE = (
    "augment={Adaptive: {target: 0.01, images: 200, every: 2}}",
    "regularizers=[Consistency]",
    "train.updates.discriminator=3",
    "discriminator.layers.3.Dense.bias_initializer={Constant: {value: 5}}",
)


def test_a_probability_that_moves_goes_on_as_if_nothing_had_been(
    tiny: Path, tmp_path: Path, forked: Any
) -> None:
    """Cut off after 3 steps of 3 updates, between two adjustments."""
    for name, steps in (("whole", "6"), ("halves", "3")):
        ended = forked("train", tiny, "--out", tmp_path / name, "--steps", steps, *given(*ADAPTIVE))
        assert ended.code == 0, ended.err
    assert contents(tmp_path / "halves", 3)["augmentation/updates"] != bytes(4)
    ended = forked("train", "--resume", tmp_path / "halves", "--steps", "6")
    assert ended.code == 0, ended.err
    whole, resumed = (contents(tmp_path / name, 6) for name in ("whole", "halves"))
    assert resumed == whole
    found = probabilities(tmp_path / "whole")
    assert found == probabilities(tmp_path / "halves")
    # All real logits are above zero: 8 · 2 / 200 after each second update.
    assert found == pytest.approx([0.08 * (3 * step // 2) for step in range(1, 7)])


def test_a_run_may_begin_to_augment_and_cease(tiny: Path, tmp_path: Path, forked: Any) -> None:
    run = tmp_path / "run"
    assert forked("train", tiny, "--out", run, "--steps", "3", *given()).code == 0
    assert "augmentation/probability" not in contents(run, 3)
    adaptive = ("--set", "augment={Adaptive: {target: 0.01, images: 100, every: 1}}")
    assert forked("train", "--resume", run, "--steps", "6", *adaptive).code == 0
    assert "augmentation/probability" in contents(run, 6)
    ceased = forked("train", "--resume", run, "--steps", "9", "--set", "augment=null")
    assert ceased.code == 0, ceased.err
    assert "augmentation/probability" not in contents(run, 9)
    assert ["augmentation_probability" in row for row in rows(run)] == [
        *(*[False] * 3, *[True] * 3, *[False] * 3)
    ]


STILL = [
    f"optimizers.{name}={{SGD: {{learning_rate: 0.0}}}}" for name in ("generator", "discriminator")
]


def test_pictures_and_figures_of_samples_are_those_without_augmentation(
    tiny: Path, tmp_path: Path, forked: Any
) -> None:
    """With networks that stay as they are, nothing but losses may differ."""
    kinds = {
        "plain": (),
        "holes": ("augment=DiffAugment",),
        "warped": ("augment={Augment: {probability: 0.9}}",),
    }
    for name, settings in kinds.items():
        run = tmp_path / name
        ended = forked("train", tiny, "--out", run, "--steps", "3", *given(*STILL, *settings))
        assert ended.code == 0, ended.err
        drawn = forked("sample", "--ckpt", run, "--seeds", "0-3", "--out", tmp_path / f"{name}-own")
        assert drawn.code == 0, drawn.err
    pictures = {
        name: {
            path.name: without_text(path.read_bytes())
            for folder in (tmp_path / name / "samples", tmp_path / f"{name}-own")
            for path in folder.glob("*.png")
        }
        for name in kinds
    }
    assert len(pictures["plain"]) >= 3
    assert pictures["holes"] == pictures["warped"] == pictures["plain"]
    told = [rows(tmp_path / name)[-1] for name in kinds]
    assert len({row["diversity"] for row in told}) == 1
    assert len({row["discriminator_loss"] for row in told}) == 3


def test_lower_precision_and_compilation(tiny: Path, tmp_path: Path, forked: Any) -> None:
    settings = (
        "train.precision=mixed_float16",
        "train.jit_compile=true",
        "augment={Adaptive: {target: 0.01, images: 50, every: 1}}",
        "regularizers=[R1, Consistency]",
    )
    ended = forked("train", tiny, "--out", tmp_path / "run", "--steps", "3", *given(*settings))
    assert ended.code == 0, ended.err
    assert len(set(probabilities(tmp_path / "run"))) > 1
