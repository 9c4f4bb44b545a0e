"""`--batch`: a number for a recipe's batch, or the largest that memory holds."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gantool import memory
from gantool.cli.batch import load_with_batch

QUICK = (
    *("--set", "train.average=null", "--set", "data.labels=false"),
    *("--set", "generator.layers=[Dense: {units: 784}, Reshape: {target_shape: [28, 28, 1]}]"),
    *("--set", "discriminator.layers=[Flatten, Dense: {units: 1}]"),
)
HUNGRY = (
    *QUICK,
    *("--set", "discriminator.layers=[UpSampling2D: {size: 20}, Flatten, Dense: {units: 1}]"),
)
"""An image takes 560 · 560 numbers of 4 bytes between two layers: 300 take several hundred MB."""
FREE = 1_700_000_000


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def set_free(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: size)


@pytest.mark.slow
def test_a_number_is_the_batch_of_the_run(command: Any, tiny: Path) -> None:
    ended = command("train", tiny, *QUICK, "--batch", "24", "--steps", "2", "--out", "run")
    assert (ended.code, ended.err) == (0, "")
    text = Path("run/recipe.yaml").read_text()
    assert "  batch_size: 24\n" in text
    assert (
        Path("run/metrics.jsonl")
        .read_text()
        .splitlines()[-1]
        .startswith('{"step": 2, "images": 48, ')
    )


def test_auto_takes_the_largest_that_fits_and_a_run_with_it_does(
    capsys: pytest.CaptureFixture[str], forked: Any, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gantool.recipe.load import find_recipe

    set_free(monkeypatch, FREE)
    settings = [setting for setting in HUNGRY if setting != "--set"]
    loaded = load_with_batch(find_recipe(str(tiny)), settings, None, None, "auto")
    batch = loaded.recipe.train.batch_size
    assert 16 <= batch < 296  # the recipe has 8, and the set 300
    assert f"  batch_size: {batch}\n" in loaded.text
    *tries, chosen, warning = capsys.readouterr().err.splitlines()
    assert tries[0].startswith("trying batch 8: ")
    [told] = [line for line in tries if line.startswith(f"trying batch {batch}: ")]
    assert chosen == (
        f"batch {batch} is the largest that fits: it takes {told.split(': ')[1]} of the 1.2 GB that"
        " are 70% of the free memory"
    )
    assert warning == (
        "the recipe has 8: with another batch, learning rates may have to change, too"
    )
    alone = forked("train", tiny, *HUNGRY, "--batch", batch, "--dry-run")
    takes = re.search(r"([\d.]+) ([MG])B of memory$", alone.out)
    assert takes, alone
    assert float(takes[1]) * (1e9 if takes[2] == "G" else 1e6) < FREE


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a quick process in the place of the one that trains, which answers as a test says."""

    def stand_in(peak: str, **ready: Any) -> None:
        program = tmp_path / "trial"
        program.write_text(TRIAL.format(python=sys.executable, ready=ready, peak=peak))
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(program))

    return stand_in


TRIAL = """\
#!{python}
import json, sys
asked = json.loads(input())
assert asked["name"].endswith("tiny.yaml") and asked["settings"] == ["seed=7"]
print(json.dumps({ready!r}), flush=True)
highest = 0
for line in sys.stdin:
    batch = int(line)
    peak = {peak}
    if peak > asked["most"]:
        break
    highest = max(highest, peak)  # as that of a process stays
    print(json.dumps(dict(peak=highest)), flush=True)
"""
MB = 10**6


def chosen(tiny: Path) -> int:
    from gantool.recipe.load import find_recipe

    loaded = load_with_batch(find_recipe(str(tiny)), ["seed=7"], None, None, "auto")
    return loaded.recipe.train.batch_size


def test_batches_of_packs_are_divisible_by_them(
    tiny: Path,
    trial: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    layers = "discriminator:\n  layers:\n"
    text = tiny.read_text()
    assert layers in text
    packed = Path("tiny.yaml")
    packed.write_text(text.replace(layers, layers + "    - Pack: {examples: 3}\n"))
    set_free(monkeypatch, 1000 * MB)
    peak = "(1_000 if batch % 3 else 100 + batch) * 1_000_000"
    trial(peak, images=302, at_rest=100 * MB, gpu_free=None)
    assert chosen(packed) == 288  # 100 packs are 300, and 96 are the next multiple of 8
    assert capsys.readouterr().err.splitlines()[:4] == [
        "trying batch 6: 106 MB",
        "trying batch 48: 148 MB",
        "trying batch 288: 388 MB",
        "batch 288 is the largest that fits: the set has 302 images; it takes 388 MB of the 700 MB"
        " that are 70% of the free memory",
    ]


LEARNING_RATES = "the recipe has 8: with another batch, learning rates may have to change, too"


@pytest.mark.parametrize(
    ("peak", "ready", "lines"),
    [
        (
            "100_000_000 + batch * 1_000_000",
            {"images": 60_000, "at_rest": 100 * MB, "gpu_free": None},
            [
                "trying batch 8: 108 MB",
                "trying batch 64: 164 MB",
                "trying batch 512: 612 MB",
                "trying batch 600: 700 MB",
                "batch 600 is the largest that fits: it takes 700 MB of the 700 MB that are 70% of"
                " the free memory",
                LEARNING_RATES,
            ],
        ),
        (  # the whole set
            "100_000_000 + batch * 1_000_000",
            {"images": 100, "at_rest": 100 * MB, "gpu_free": None},
            [
                "trying batch 8: 108 MB",
                "trying batch 64: 164 MB",
                "trying batch 96: 196 MB",
                "batch 96 is the largest that fits: the set has 100 images; it takes 196 MB of the"
                " 700 MB that are 70% of the free memory",
                LEARNING_RATES,
            ],
        ),
        (  # one is refused memory, and ends; one after it is measured afresh
            "100_000_000 + batch * (1_000_000 if batch < 500 else 1_600_000)",
            {"images": 60_000, "at_rest": 100 * MB, "gpu_free": None},
            [
                "trying batch 8: 108 MB",
                "trying batch 64: 164 MB",
                "trying batch 512: does not fit",
                "trying batch 288: 388 MB",
                "trying batch 504: does not fit",
                "trying batch 392: 492 MB",
                "trying batch 496: 596 MB",
                "batch 496 is the largest that fits: it takes 596 MB of the 700 MB that are 70% of"
                " the free memory",
                LEARNING_RATES,
            ],
        ),
        (  # one takes too much, and comes through: those after it are measured afresh, too
            "100_000_000 + batch * (1_000_000 if batch < 500 else 1_300_000)",
            {"images": 60_000, "at_rest": 100 * MB, "gpu_free": None},
            [
                "trying batch 8: 108 MB",
                "trying batch 64: 164 MB",
                "trying batch 512: 766 MB",
                "trying batch 456: 556 MB",
                "trying batch 504: 755 MB",
                "trying batch 488: 588 MB",
                "batch 488 is the largest that fits: it takes 588 MB of the 700 MB that are 70% of"
                " the free memory",
                LEARNING_RATES,
            ],
        ),
        (  # of a GPU more can be taken; what this machine has free is no limit
            "batch * 100_000",
            {"images": 60_000, "at_rest": 0, "gpu_free": 50 * MB},
            [
                "trying batch 8: 1 MB",
                "trying batch 64: 6 MB",
                "trying batch 448: 45 MB",
                "batch 448 is the largest that fits: it takes 45 MB of the 45 MB that are 90% of"
                " the free memory",
                LEARNING_RATES,
            ],
        ),
        (
            "100_000_000 + batch * 1_000_000",
            {"images": 8, "at_rest": 100 * MB, "gpu_free": None},
            [
                "trying batch 8: 108 MB",
                "batch 8 is the largest that fits: the set has 8 images; it takes 108 MB of the"
                " 700 MB that are 70% of the free memory",
            ],
        ),
    ],
)
def test_what_auto_tries_and_says(
    peak: str,
    ready: dict[str, Any],
    lines: list[str],
    trial: Callable[..., None],
    tiny: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_free(monkeypatch, 1000 * MB)
    trial(peak, **ready)
    batch = chosen(tiny)
    assert capsys.readouterr().err.splitlines() == lines
    assert any(line.startswith(f"batch {batch} is the largest") for line in lines)


def test_auto_foresees_what_would_take_too_long_to_try(
    trial: Callable[..., None],
    tiny: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from gantool.cli import batch

    monkeypatch.setattr(batch, "_PATIENCE", 0.0)
    set_free(monkeypatch, 1000 * MB)
    trial("20_000_000 + batch * 10_000_000", images=60_000, at_rest=20 * MB, gpu_free=None)
    assert chosen(tiny) == 48  # (0.8 · 700 − 20) / 10 is 54
    assert capsys.readouterr().err.splitlines() == [
        "trying batch 8: 100 MB",
        "batch 48 is the largest that fits: from smaller ones, it should take 500 MB of the 700 MB"
        " that are 70% of the free memory",
        LEARNING_RATES,
    ]


@pytest.mark.slow
def test_memory_that_holds_not_one_image(
    command: Any, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trial is refused what it asks for, and nothing else suffers."""
    set_free(monkeypatch, 100_000_000)
    ended = command("train", tiny, *QUICK, "--set", "train.batch_size=1", "--batch", "auto")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.splitlines()[-1] == (
        "--batch auto: not even a batch of 1 comes through with its part of the 70 MB that are 70%"
        " of the free memory; `gantool train … --batch 1 --dry-run` tells more"
    )
    assert list(Path().iterdir()) == []


def test_what_is_wrong_with_a_recipe_is_told_as_ever(command: Any, tiny: Path) -> None:
    for wrong in ("loss=hing", "generator.layers.1.Dense.unit=3", "data.source=nowhere"):
        plain = command("train", tiny, "--set", wrong, "--batch", "8")
        assert command("train", tiny, "--set", wrong, "--batch", "auto") == plain
        assert plain.code == 2


def test_a_trial_that_cannot_be_made(
    command: Any, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert command("train", tiny, "--batch", "auto") == (
        1,
        "",
        "--batch auto: the process that tries batches ended by itself (exit code 1); name a batch,"
        " as in --batch 64\n",
    )


@pytest.mark.slow
def test_ctrl_c_ends_the_trial_too(tiny: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "gantool", "train", str(tiny), *QUICK, "--batch", "auto"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("trying batch 8: ")
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(children) == 1
        # Where memory runs out, Linux ends that one.
        assert Path(f"/proc/{children[0]}/oom_score_adj").read_text() == "1000\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "stopped"
    assert not Path(f"/proc/{children[0]}").exists()
