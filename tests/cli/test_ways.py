"""A run tells the ways that it computes in, and goes on in them."""

from __future__ import annotations

import shutil

import pytest

from gantool.device import machine
from gantool.kernels import ways
from gantool.runs import resume
from gantool.runs.checkpoint import Checkpoint

WHAT = "convolution of 64: 28×28, 11 and 32 channels, 4×4 by 2×2, float32"
SETTINGS = (
    "train.batch_size=64",
    "discriminator.layers.1.Conv2D.filters=32",
    "output.checkpoint.every=1",
)
PLAIN, CELLS = "plain", "cells to the image"


@pytest.fixture
def begin(command, tiny, tmp_path, monkeypatch):
    """Train two steps where a way has been measured to be the fastest; the run folder and lines."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def begin(name: str, way: str, steps: int = 2):
        shutil.rmtree(tmp_path / "gantool", ignore_errors=True)
        ways._keep(WHAT, way, [way])
        run = tmp_path / name
        settings = [word for setting in SETTINGS for word in ("--set", setting)]
        ended = command("train", tiny, "--out", run, "--steps", steps, *settings)
        assert ended.code == 0, ended.err
        return run, ended.out

    return begin


def newest(run):
    return sorted((run / "checkpoints").glob("*.h5"))[-1]


@pytest.mark.slow
def test_they_are_told_and_kept_in_the_checkpoint(begin, command):
    run, told = begin("run", CELLS)
    assert f"ways to compute, the fastest here: 1 {CELLS} (gantool inspect {run})\n" in told
    header = Checkpoint(newest(run)).header
    assert (header.machine, header.ways) == (machine(), {WHAT: CELLS})
    inspected = command("inspect", run).out
    assert f"machine     {machine()}\n" in inspected
    assert f"computed    {WHAT}: {CELLS}\n" in inspected


@pytest.mark.slow
def test_a_run_goes_on_in_them_to_the_same_bytes(begin, command):
    whole, _ = begin("whole", CELLS, 4)
    half, _ = begin("half", CELLS, 2)
    begin("other", PLAIN)  # the cache says so from now on
    ended = command("train", "--resume", half, "--steps", 4)
    assert ended.code == 0
    assert "rounded" not in ended.err
    expected, found = Checkpoint(newest(whole)), Checkpoint(newest(half))
    assert found.header.ways == {WHAT: CELLS}
    assert values(found) == values(expected)


@pytest.mark.slow
def test_on_another_machine_it_is_told_that_numbers_may_be_rounded_otherwise(
    begin, command, monkeypatch
):
    run, _ = begin("run", CELLS)
    begin("other", PLAIN)
    monkeypatch.setattr(resume, "machine", lambda: "another")
    ended = command("train", "--resume", run, "--steps", 3)
    line = f"numbers may be rounded otherwise on another: until now it was {machine()}"
    assert line in ended.err
    assert Checkpoint(newest(run)).header.ways == {WHAT: PLAIN}


def values(checkpoint: Checkpoint) -> dict[str, bytes]:
    """The numbers of each variable."""
    content = checkpoint.path.read_bytes()
    places = checkpoint.index.variables.items()
    return {key: content[place.offset : place.end] for key, place in places}
