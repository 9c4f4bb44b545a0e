"""The Inception network: where its weights come from, and which figures are called FID.

That its features are those of papers is tested beside torch-fidelity, by `make test-peers`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gantool.data.catalogue import NETWORKS
from gantool.data.catalogue.entries import CatalogueFile, DataSet
from gantool.evaluation.of_checkpoint import Evaluated
from gantool.runs.checkpoint import Checkpoint

from .torch_files import torch_file

ALONE = ("branch1x1", "branch_pool")
CONVOLUTIONS = {
    "": ("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "Conv2d_3b_1x1", "Conv2d_4a_3x3"),
    **dict.fromkeys(
        ("Mixed_5b.", "Mixed_5c.", "Mixed_5d."),
        (*ALONE, "branch5x5_1", "branch5x5_2", *(f"branch3x3dbl_{n}" for n in (1, 2, 3))),
    ),
    "Mixed_6a.": ("branch3x3", *(f"branch3x3dbl_{n}" for n in (1, 2, 3))),
    **dict.fromkeys(
        ("Mixed_6b.", "Mixed_6c.", "Mixed_6d.", "Mixed_6e."),
        (
            *ALONE,
            *(f"branch7x7_{n}" for n in (1, 2, 3)),
            *(f"branch7x7dbl_{n}" for n in (1, 2, 3, 4, 5)),
        ),
    ),
    "Mixed_7a.": ("branch3x3_1", "branch3x3_2", *(f"branch7x7x3_{n}" for n in (1, 2, 3, 4))),
    **dict.fromkeys(
        ("Mixed_7b.", "Mixed_7c."),
        (
            *ALONE,
            *("branch3x3_1", "branch3x3_2a", "branch3x3_2b", "branch3x3dbl_1", "branch3x3dbl_2"),
            *("branch3x3dbl_3a", "branch3x3dbl_3b"),
        ),
    ),
}
"""Names by block, from the code of torch-fidelity."""
WIDTHS = {"5b": 2, "5c": 8, "5d": 8, "6a": 8, "6b": 12, "6c": 8, "6d": 8, "6e": 8, "7a": 8}
WIDTHS |= {"7b": 12, "7c": 12}


def narrow_weights() -> dict[str, np.ndarray]:
    """Random weights for a network whose convolutions give two maps each, all of kernel 3×3."""
    random = np.random.default_rng(0)
    weights: dict[str, np.ndarray] = {}
    for block, names in CONVOLUTIONS.items():
        for name in names:
            first = not block or name in ALONE or name == "branch3x3" or name.endswith("_1")
            width = WIDTHS[block[6:8]] if block and first else 2
            if name == "Conv2d_1a_3x3":
                width = 3
            weights[f"{block}{name}.conv.weight"] = random.normal(size=(2, width, 3, 3)) * 0.25
            for part, mean in (
                ("weight", 1),
                ("bias", 0.3),
                ("running_mean", 0),
                ("running_var", 1),
            ):
                weights[f"{block}{name}.bn.{part}"] = np.full(2, mean)
    weights["fc.weight"] = random.normal(size=(1008, 12))
    return {name: array.astype(np.float32) for name, array in weights.items()}


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A narrow network's file in place of the published one."""
    content = torch_file(narrow_weights())
    digest = hashlib.sha256(content).hexdigest()
    file = CatalogueFile("narrow.pth", len(content), digest)
    monkeypatch.setitem(NETWORKS, "inception", DataSet("inception", (file,)))  # type: ignore[arg-type]
    return content


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GANTOOL_DATA", str(tmp_path / "data"))


def test_the_published_file_is_the_one_that_papers_take() -> None:
    [file] = NETWORKS["inception"].files
    assert file.name == "weights-inception-2015-12-05-6726825d.pth"
    assert file.sha256.startswith("6726825d")  # as torch.hub checks it
    assert file.size == 95_628_359


@pytest.mark.slow
def test_figures_of_it_have_the_names_of_papers(
    command: Callable[..., Any], trained: Path, published: bytes
) -> None:
    asked = ("evaluate", trained, "--samples", 64, "--features", "inception", "--json", "--metrics")
    metrics = "FrechetDistance,KernelDistance,ClassifierScore,PrecisionRecall"
    ended = command(*asked, metrics)
    assert ended == (
        2,
        "",
        "features: the weights of inception are not here yet: `gantool download inception`\n",
    )
    Path("mine.pth").write_bytes(published)
    ended = command("download", "inception", "--from-file", "mine.pth")
    assert (ended.code, ended.err) == (0, "")
    ended = command(*asked, metrics)
    assert ended.code == 0, ended.err
    figures = json.loads(ended.out)
    names = ("fid", "kid", "kid_deviation", "inception_score", "inception_score_deviation")
    assert list(figures)[2:] == [
        f"{name}_inception_64_train" for name in (*names, "precision", "recall")
    ]
    assert figures["fid_inception_64_train"] > 0
    assert 1 <= figures["inception_score_inception_64_train"] <= 1008
    told = command(*(each for each in asked if each != "--json"), "FrechetDistance").out
    assert "features: Inception v3 of December 2015, as papers have it" in told
    assert "lower is better" in told


def test_metrics_of_a_classifier_keep_it(trained: Path) -> None:
    checkpoint = Checkpoint(trained / "checkpoints" / "step-00000200.h5")
    metrics = Evaluated(checkpoint).metrics(8, "inception")
    looked_at_by = {type(metric).__name__: getattr(metric, "features", None) for metric in metrics}
    assert looked_at_by == {
        **dict.fromkeys(
            ("FrechetDistance", "KernelDistance", "PrecisionRecall", "DensityCoverage"), "inception"
        ),
        **dict.fromkeys(("SlicedWasserstein", "Memorization", "ClassifierScore"), "inception"),
        "ClassAccuracy": "classifier",
    }


def test_another_file_is_refused(command: Callable[..., Any], published: bytes) -> None:
    Path("mine.pth").write_bytes(published[:-1] + b"x")
    ended = command("download", "inception", "--from-file", "mine.pth")
    assert ended.code == 2
    assert ended.err.startswith("--from-file mine.pth: ")
    assert ended.err.endswith("get it again, or leave --from-file out to download it\n")
    assert not Path("data").exists()


def test_a_damaged_file_is_told(
    command: Callable[..., Any], trained: Path, published: bytes
) -> None:
    path = Path("data", "inception", "narrow.pth").absolute()
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x" + published[1:])
    metrics = ("--metrics", "FrechetDistance", "--samples", 8)
    assert command("evaluate", trained, "--features", "inception", *metrics) == (
        2,
        "",
        f"{path}: is damaged, or not the published file: remove it, then `gantool download"
        " inception`\n",
    )
