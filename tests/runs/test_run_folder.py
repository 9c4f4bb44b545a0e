"""Run folders and the checkpoints in them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gantool.errors import InputError
from gantool.runs.run_folder import WRITTEN, RunFolder, new_run_folder


def test_the_number_after_the_highest_is_taken(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    made = [new_run_folder(None, "a", runs).path.name for _ in range(2)]
    assert made == ["00000-a", "00001-a"]
    for name in ("00007-other", "notes", "12-short", "00099", "99999x-a"):
        (runs / name).mkdir()
    assert new_run_folder(None, "b.c", runs).path == runs / "00008-b.c"
    (runs / "100000-a").mkdir()
    assert new_run_folder(None, "a", runs).path.name == "100001-a"


def test_a_new_folder_has_its_sub_folders(tmp_path: Path) -> None:
    folder = new_run_folder(tmp_path / "deep" / "run", "unused", tmp_path / "runs")
    assert folder.path == tmp_path / "deep" / "run"
    assert sorted(path.name for path in folder.path.iterdir()) == ["checkpoints", "samples"]
    assert not (tmp_path / "runs").exists()


def test_runs_that_begin_at_once_get_folders_of_their_own(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda _: new_run_folder(None, "a", tmp_path / "runs"), range(32)))
    assert sorted(folder.path.name for folder in made) == [f"{n:05d}-a" for n in range(32)]


@pytest.mark.parametrize("trace", ["recipe.yaml", "metrics.jsonl", "checkpoints/step-00000010.h5"])
def test_a_folder_that_holds_a_run_is_refused(trace: str, tmp_path: Path) -> None:
    (tmp_path / trace).mkdir(parents=True)
    with pytest.raises(InputError) as raised:
        new_run_folder(tmp_path, "a", tmp_path / "runs")
    assert str(raised.value) == (
        f"{tmp_path}: holds a run already; go on with it by `gantool train --resume {tmp_path}`,"
        " or name another folder with --out"
    )


def test_a_folder_that_holds_something_else_is_used(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    new_run_folder(tmp_path, "a", tmp_path / "runs")
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_place_below_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError) as raised:
        new_run_folder(tmp_path / "file" / "run", "a", tmp_path / "runs")
    assert str(raised.value) == (
        f"{tmp_path}/file/run: the run folder cannot be written (Not a directory);"
        " name another with --out"
    )
    with pytest.raises(InputError) as raised:
        new_run_folder(None, "a", tmp_path / "file")
    assert str(raised.value) == f"{tmp_path}/file: is a file, not a folder for runs"
    with pytest.raises(InputError) as raised:
        new_run_folder(None, "a", tmp_path / "file" / "runs")
    assert str(raised.value) == (
        f"{tmp_path}/file/runs/00000-a: the run folder cannot be made (Not a directory);"
        " name one with --out"
    )


def test_checkpoints_come_in_the_order_of_their_steps(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.make()
    for step in (900, 10_000, 123_456_789, 50):
        run.checkpoint(step).touch()
    for name in (
        "step-00000999.h5.part",
        "step-999.h5",
        ".step-99999999.h5.x.gantool-tmp",
        "notes.h5",
    ):
        (tmp_path / "checkpoints" / name).touch()
    assert [path.name for path in run.checkpoints()] == [
        *("step-00000050.h5", "step-00000900.h5", "step-00010000.h5", "step-123456789.h5"),
    ]


def test_every_file_of_a_run_is_known_as_one(trained: Path) -> None:
    files = {path.relative_to(trained) for path in trained.rglob("*") if path.is_file()}
    assert len(files) > 6
    assert [path for path in files if not any(path.match(written) for written in WRITTEN)] == []
