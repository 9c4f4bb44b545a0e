"""What stands in the folder of a run that goes on: of a process that was killed, or of others."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import h5py
import pytest

from gantool.measuring import report
from gantool.runs.run_folder import RunFolder

from .run_contents import PLAIN_OPTIONS, damage


@pytest.mark.slow
def test_a_run_without_a_checkpoint_finds_its_data_again(
    tiny: Path, tmp_path: Path, command: Any
) -> None:
    """`data.source: digits` lies beside the recipe, not beside the run."""
    run = tmp_path / "run"
    assert command("train", tiny, "--out", run, "--steps", "3", *PLAIN_OPTIONS).code == 0
    # As one that was killed before its first checkpoint left it.
    (run / "checkpoints" / "step-00000003.h5").unlink()
    RunFolder(run).recipe_folder.write_text(str(tiny.parent))
    ended = command("train", "--resume", run, "--steps", "3")
    assert ended.code == 0, ended.err
    assert ended.out.startswith(f"{run}: 300 images, steps 1 to 3\n")
    with h5py.File(run / "checkpoints" / "step-00000003.h5") as file:
        assert file.attrs["recipe_folder"] == str(tiny.parent)


UNFINISHED = (
    *(".recipe.yaml.a.gantool-tmp", ".metrics.jsonl.a.gantool-tmp", ".losses.png.a.gantool-tmp"),
    *("checkpoints/.step-00000250.h5.abc.gantool-tmp", "samples/.reals.png.x.gantool-tmp"),
    "samples/.step-00000250-by-label.png.x.gantool-tmp",
)
FOREIGN = (
    *(".set.zip.part", ".film.mkv.part", "samples/.x.part", "checkpoints/.step-00000250.h5.a.part"),
    # Of a download, and of samples that are being drawn into the same folders.
    *(".a.zip.0123.gantool-tmp", "samples/.seed-00000001.png.0123.gantool-tmp"),
)


def with_files(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"half")


def test_what_a_killed_process_left_is_removed(trained: Path, tmp_path: Path, command: Any) -> None:
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    with_files(run, UNFINISHED)
    (run / ".lock").write_text("process 1 on elsewhere")
    shutil.copy(run / "checkpoints/step-00000150.h5", run / "checkpoints/step-00000100.h5")
    assert command("train", "--resume", run).code == 0
    endings = (".gantool-tmp", ".lock")
    assert [path for path in run.rglob("*") if path.name.endswith(endings)] == []
    names = sorted(path.name for path in (run / "checkpoints").iterdir())
    assert names == ["step-00000150.h5", "step-00000200.h5"]  # keep: 2


def test_what_others_are_writing_stays(trained: Path, tmp_path: Path, command: Any) -> None:
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    with_files(run, FOREIGN)
    assert command("train", "--resume", run, "--steps", "201").code == 0
    assert [name for name in FOREIGN if not (run / name).exists()] == []


@pytest.mark.slow
def test_a_new_run_in_a_folder_of_others_removes_nothing_of_theirs(
    tiny: Path, tmp_path: Path, command: Any
) -> None:
    run = tmp_path / "run"
    with_files(run, FOREIGN)
    assert command("train", tiny, "--out", run, "--steps", "2", *PLAIN_OPTIONS).code == 0
    assert [name for name in FOREIGN if not (run / name).exists()] == []


def test_a_dry_run_of_a_resume_changes_nothing(
    trained: Path, tmp_path: Path, command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "_OF_ESTIMATE", 0.05)
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    damage(run / "checkpoints" / "step-00000200.h5")
    with_files(run, UNFINISHED)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert command("train", "--resume", run, "--dry-run").code == 0
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_a_second_process_in_a_run_is_refused(
    tiny: Path, tmp_path: Path, start: Any, command: Any
) -> None:
    run = tmp_path / "run"
    first = start("train", tiny, "--out", run, "--steps", "1000000", *PLAIN_OPTIONS)
    first.wait_for("step 60/")
    ended = command("train", "--resume", run)
    first.kill()
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        f"{run}: process {first.pid} on {socket.gethostname()} trains this run; stop it, or wait"
        " for its end\n"
    )
    assert command("train", "--resume", run, "--steps", "60").code == 0


@pytest.mark.slow
def test_a_run_that_was_killed_before_it_had_a_recipe_is_begun_anew(
    tiny: Path, tmp_path: Path, command: Any
) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.make()
    folder.recipe_folder.write_text("/somewhere")
    (folder.path / ".recipe.yaml.abc.gantool-tmp").write_text("name: ti")
    ended = command("train", tiny, "--out", folder.path, "--steps", "2", *PLAIN_OPTIONS)
    assert ended.code == 0, ended.err
    assert list(folder.path.rglob("*.gantool-tmp")) == []
