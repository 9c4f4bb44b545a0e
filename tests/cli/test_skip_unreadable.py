"""A run over a folder of which some images cannot be used, by leaving them out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from .test_train_command import THREE


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve pictures, two of them cut off."""
    monkeypatch.chdir(tmp_path)
    Path("images").mkdir()
    for number in range(12):
        pixels = np.full((28, 28), 20 * number, np.uint8)
        Image.fromarray(pixels).save(f"images/{number:02}.png")
    for name in ("03", "08"):
        broken = Path(f"images/{name}.png")
        broken.write_bytes(broken.read_bytes()[:-30])
    return tmp_path


LINES = [
    "2 of 12 images cannot be used and are left out:",
    "  images/03.png: the image is truncated",
    "  images/08.png: the image is truncated",
]


@pytest.mark.slow
@pytest.mark.parametrize("streamed", [False, True])
def test_they_are_told_logged_and_the_run_goes_on_exactly(
    command: Any, tiny: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, streamed: bool
) -> None:
    from gantool.data import loading

    if streamed:
        monkeypatch.setattr(loading, "MAX_BYTES_IN_MEMORY", 0)
    text = tiny.read_text(encoding="utf-8").replace("digits  ", "images  ")
    Path("mine.yaml").write_text(text, encoding="utf-8")
    keys = (
        *THREE,
        *("--set", "data.skip_unreadable=true", "--set", "output.log_every=1"),
        *("--set", "train.batch_size=4", "--set", "output.checkpoint.every=1"),
    )
    told = [line.replace("images/", f"{folder}/images/") for line in LINES]
    for name, steps in (("whole", (3,)), ("parts", (1, 3))):
        for step in steps:
            way = (
                ("train", "mine.yaml", "--out", name, *keys)
                if step == steps[0]
                else ("train", "--resume", name)
            )
            ended = command(*way, "--steps", step)
            assert ended.code == 0, ended.err
            assert "\n".join([f"warning: {told[0]}", *told[1:]]) in ended.err
    rows = [json.loads(line) for line in Path("parts/metrics.jsonl").read_text().splitlines()]
    assert [row.get("warnings") for row in rows] == [["\n".join(told)], None, None]
    assert len({Path(name, "samples/reals.png").read_bytes() for name in ("whole", "parts")}) == 1
    whole = [json.loads(line) for line in Path("whole/metrics.jsonl").read_text().splitlines()]
    assert [row["generator_loss"] for row in rows] == [row["generator_loss"] for row in whole]
