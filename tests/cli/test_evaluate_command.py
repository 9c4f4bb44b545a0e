"""`gantool evaluate` and `gantool nearest`, and figures while a run trains."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from prdc import compute_prdc

from gantool.features.labelled import classifier_of
from gantool.runs.metrics_file import read_rows


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def figures_of(ended: Any) -> dict[str, Any]:
    assert ended.code == 0, ended.err
    figures: dict[str, Any] = json.loads(ended.out)
    return figures


def test_figures_are_those_of_the_images_that_sample_and_the_source_have(
    command: Callable[..., Any], trained: Path, mnist: Callable[[str], np.ndarray]
) -> None:
    """By another's code from the files that `sample` writes, beside as many of the 300 digits."""
    asked = ("--features", "pixels", "--samples", "300", "--json")
    names = "PrecisionRecall,DensityCoverage"
    figures = figures_of(command("evaluate", trained, *asked, "--metrics", names))
    assert command("sample", "--ckpt", trained, "--seeds", "0-299", "--out", "drawn").code == 0
    drawn = [np.asarray(Image.open(path)) for path in sorted(Path("drawn").iterdir())]
    real, made = (
        np.stack(images).reshape(300, -1) / 255.0 for images in (mnist("train-images")[:300], drawn)
    )
    expected = {**compute_prdc(real, made, 5), **_first_two(compute_prdc(real, made, 3))}
    ending = "_pixels_300_train"
    assert figures == {
        "checkpoint": str(trained / "checkpoints" / "step-00000200.h5"),
        "step": 200,
        **{f"{name}{ending}": pytest.approx(value, abs=1e-5) for name, value in expected.items()},
    }


def _first_two(figures: dict[str, float]) -> dict[str, float]:
    return {name: figures[name] for name in ("precision", "recall")}


@pytest.mark.slow
def test_what_suits_the_data_is_taken_and_told(
    command: Callable[..., Any], trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gantool.features.choice.classifier_of", partial(classifier_of, steps=30))
    ended = command("evaluate", trained, "--samples", "60")
    said = "training a classifier of digits's labels, once on this machine\n"
    assert (ended.code, ended.err) == (0, said)
    lines = ended.out.splitlines()
    assert lines[0].endswith("step-00000200.h5: step 200")
    assert lines[1] == "real images: 300, train"
    assert lines[2].startswith("features: a classifier of the labels, right for ")
    names = [line.split()[0] for line in lines[3:] if "_classifier_60_train" in line]
    assert names == [
        f"{name}_classifier_60_train"
        for name in (
            *("frechet_distance", "kernel_distance", "kernel_distance_deviation", "precision"),
            *("recall", "density", "coverage", "sliced_wasserstein", "memorized"),
            *("class_accuracy", "classifier_score", "classifier_score_deviation"),
        )
    ]
    assert "lower is better" in lines[3]
    table = lines[lines.index(next(line for line in lines if line.startswith("percent of"))) + 1 :]
    assert table[0].split() == list("0123456789")
    for row in table[1:]:
        shares = [float(share) for share in row.split()[1:]]
        assert sum(shares) == pytest.approx(100, abs=0.6)
    again = command("evaluate", trained, "--samples", "60")
    assert (again.out, again.err) == (ended.out, "")  # to the bit, and trained no more


def test_a_checkpoint_elsewhere_is_told_where_its_images_are(
    command: Callable[..., Any], trained: Path, workshop: Path
) -> None:
    shutil.copy(trained / "checkpoints" / "step-00000200.h5", "moved.h5")
    where = ("--set", f"data.source={workshop / 'digits'}")
    asked = ("--metrics", "SlicedWasserstein", "--samples", "20", "--features", "random", "--json")
    here = figures_of(command("evaluate", "moved.h5", *where, *asked))
    there = figures_of(command("evaluate", trained, *asked))
    assert here["sliced_wasserstein_random_20_train"] == there["sliced_wasserstein_random_20_train"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing.h5",), "nothing.h5: no such file or run folder"),
        (("CKPT", "--metrics", " "), "--metrics: names none"),
        (("CKPT", "--metrics", "Frechet"), "unknown metric 'Frechet'; did you mean"),
        (("CKPT", "--metrics", "[FrechetDistance"), "--set 'output.metrics=[FrechetDistance'"),
        (("CKPT", "--metrics", "Modes"), "Modes is a figure of ring and grid, and the source is"),
        (
            ("CKPT", "--set", "data.size=[32,32]"),
            "makes images of 28×28×1, and would be compared with real ones of 32×32×1: leave",
        ),
        (
            ("CKPT", "--set", "data.source=nowhere"),
            "--set data.source=PATH says where they lie now",
        ),
        (
            ("CKPT", "--samples", "3", "--features", "pixels"),
            "KernelDistance: a kernel distance takes at",
        ),
    ],
)
def test_what_cannot_be_told_is_a_line(
    command: Callable[..., Any], trained: Path, arguments: tuple[str, ...], message: str
) -> None:
    given = [str(trained) if it == "CKPT" else it for it in arguments]
    ended = command("evaluate", "--features", "pixels", *given)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert len(ended.err.splitlines()) < 4


def test_the_best_checkpoint_is_kept_and_resume_keeps_it(
    forked: Callable[..., Any], tiny: Path
) -> None:
    """By the figures in the rows; a run that was stopped ends with the same one."""
    metric = "output.metrics=[{FrechetDistance: {features: pixels, samples: 20, every: 10}}]"
    settings = ("--set", metric, "--set", "output.checkpoint={every: 20, keep: 1}")
    ended = forked("train", tiny, "--out", "whole", "--steps", "60", *settings)
    told = re.search(r"^figures and grids took .+, (\d+)% of the time$", ended.out, re.MULTILINE)
    assert told, ended
    assert 0 < int(told[1]) < 100
    assert forked("train", tiny, "--out", "parts", "--steps", "40", *settings).code == 0
    assert forked("train", "--resume", "parts", "--steps", "60").code == 0
    name = "frechet_distance_pixels_20_train"
    values = {
        row["step"]: row[name] for row in read_rows(Path("whole/metrics.jsonl")) if name in row
    }
    assert sorted(values) == [10, 20, 30, 40, 50, 60]
    best = min(values, key=lambda step: (values[step], step))
    for run in ("whole", "parts"):
        told = forked("inspect", f"{run}/checkpoints/best.h5").out
        assert f"step        {best}," in told
        assert [path.name for path in sorted(Path(run, "checkpoints").iterdir())] == [
            "best.h5",
            "step-00000060.h5",
        ]
    assert forked("sample", "--ckpt", "whole/checkpoints/best.h5", "--seeds", "1").code == 0


def test_nearest_shows_samples_before_training_images(
    command: Callable[..., Any], trained: Path, mnist: Callable[[str], np.ndarray]
) -> None:
    asked = ("--features", "pixels", "--samples", "12", "--shown", "4")
    ended = command("nearest", "--ckpt", trained, *asked)
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[0] == (
        "nearest.png: 4 samples, each before its nearest training images, by pixels"
    )
    picture = np.asarray(Image.open("nearest.png"))
    assert picture.shape == (4 * 28, 4 * 28)
    digits = mnist("train-images")[:300].astype(np.float64)
    for row in np.split(picture, 4):
        sample, *shown = np.split(row.astype(np.float64), 4, axis=1)
        order = np.argsort(np.square(digits - sample).sum(axis=(1, 2)))[:3]
        assert all(
            (image == digits[place]).all() for image, place in zip(shown, order, strict=True)
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--out", "picture.jpg"), "name a .png"),
        (("--out", "no/where.png"), "no/where.png: cannot be written (No such file or directory)"),
    ],
)
def test_nearest_refuses_in_a_line(
    command: Callable[..., Any], trained: Path, arguments: tuple[str, ...], message: str
) -> None:
    ended = command(
        *("nearest", "--ckpt", trained, "--features", "pixels", "--samples", "4", *arguments)
    )
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
