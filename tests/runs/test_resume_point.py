"""The checkpoint that a run goes on from, and the one that other commands take."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gantool.errors import InputError
from gantool.runs import checkpoint as checkpoint_module
from gantool.runs.checkpoint_format import SEAL_SIZE
from gantool.runs.resume import ResumePoint, find_checkpoint, find_resume_point
from gantool.runs.run_folder import RunFolder

from .run_contents import contents, damage, rows


@pytest.fixture(scope="module")
def resumed(
    trained: Path, tmp_path_factory: pytest.TempPathFactory, forked: Any
) -> tuple[RunFolder, Any]:
    """A run that went on when its newest checkpoint was damaged, and what it said."""
    run = RunFolder(tmp_path_factory.mktemp("damaged") / "run")
    shutil.copytree(trained, run.path)
    damage(run.checkpoint(200))
    return run, forked("train", "--resume", run.path)


class TestResumePoint:
    """The newest checkpoint that is as it was written."""

    @pytest.fixture
    def run(self, trained: Path, tmp_path: Path) -> RunFolder:
        shutil.copytree(trained, tmp_path / "run")
        return RunFolder(tmp_path / "run")

    def test_is_the_newest_where_all_are_whole(self, run: RunFolder) -> None:
        point = find_resume_point(run)
        assert point.checkpoint is not None
        assert point.checkpoint.path == run.checkpoint(200)
        assert point.checkpoint.header.step == 200
        assert point.warnings() == []

    def test_is_an_older_one_where_newer_ones_are_damaged(
        self, resumed: tuple[RunFolder, Any]
    ) -> None:
        run, ended = resumed
        assert ended.code == 0
        assert ended.err.splitlines() == [
            f"warning: {run.checkpoint(200)}: the checkpoint is damaged: its content is not the one"
            " it was written with",
            f"warning: going on from {run.checkpoint(150)}, which is whole",
        ]
        assert ended.out.startswith(f"{run.path}: 300 images, steps 151 to 200\n")

    def test_leads_to_the_same_end(self, resumed: tuple[RunFolder, Any], trained: Path) -> None:
        run, _ = resumed
        whole = contents(trained / "checkpoints" / "step-00000200.h5")
        assert contents(run.checkpoint(200)) == whole
        assert rows(run.path) == rows(trained)
        # The damaged one is kept for who wants to know; it counts as none.
        names = sorted(path.name for path in (run.path / "checkpoints").iterdir())
        assert names == ["step-00000150.h5", "step-00000200.h5", "step-00000200.h5.damaged"]

    def test_passes_over_every_kind_of_damage(self, run: RunFolder) -> None:
        for content in (b"", b"no checkpoint", run.checkpoint(200).read_bytes()[:-1]):
            run.checkpoint(200).write_bytes(content)
            point = find_resume_point(run)
            assert point.checkpoint is not None
            assert point.checkpoint.path == run.checkpoint(150)
            assert list(point.damaged) == [run.checkpoint(200)]

    def test_is_none_before_the_first(self, tmp_path: Path) -> None:
        assert find_resume_point(RunFolder(tmp_path)) == ResumePoint(None)

    def test_a_checkpoint_of_other_networks_is_no_damage(
        self, run: RunFolder, command: Any
    ) -> None:
        before = sorted((run.path / "checkpoints").iterdir())
        ended = command(
            *("train", "--resume", run.path, "--set", "generator.layers.1.Dense.use_bias=true")
        )
        assert ended == (
            *(2, ""),
            f"{run.checkpoint(200)}: generator/01_Dense/bias is missing\n"
            "what the run has numbers for cannot change; this does:\n"
            "generator.layers.1.Dense.use_bias: false until now, true from here on\n",
        )
        assert sorted((run.path / "checkpoints").iterdir()) == before


class TestFindCheckpoint:
    """What is named to draw from: a file, or a run folder for its newest whole checkpoint."""

    @staticmethod
    def refusal(place: Path) -> str:
        with pytest.raises(InputError) as raised:
            find_checkpoint(place, print)
        return str(raised.value)

    def test_a_file_is_itself(self, trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = trained / "checkpoints" / "step-00000150.h5"
        assert find_checkpoint(path, print).path == path
        assert capsys.readouterr().out == ""

    def test_none(self, tmp_path: Path) -> None:
        assert self.refusal(tmp_path) == (
            f"{tmp_path}: holds no checkpoint (checkpoints/step-….h5)"
        )
        gone = tmp_path / "gone"
        assert self.refusal(gone) == f"{gone}: no such file or run folder"

    def test_a_damaged_newest_one(self, trained: Path, tmp_path: Path, command: Any) -> None:
        run = tmp_path / "run"
        shutil.copytree(trained, run)
        newest, older = (run / f"checkpoints/step-00000{step}.h5" for step in (200, 150))
        damage(newest)
        told = f"{newest}: the checkpoint is damaged: its content is not the one it was written"
        ended = command("sample", "--ckpt", run, "--seeds", "0-3", "--out", tmp_path / "a.png")
        assert ended == (
            0,
            f"{tmp_path}/a.png: seeds in 2 rows of 2, step 150\n",
            f"warning: {told} with\nwarning: reading from {older}, which is whole\n",
        )
        # Who names it means it, and none takes the place of all.
        out = ("--out", tmp_path / "b.png")
        assert command("sample", "--ckpt", newest, *out) == (2, "", f"{told} with\n")
        older.write_bytes(b"")
        assert command("sample", "--ckpt", run, *out) == (
            2,
            "",
            f"{told} with\n{older}: the file is empty\n"
            f"{run}: none of its checkpoints is whole; train again\n",
        )
        assert not (tmp_path / "b.png").exists()


class _Counting:
    """`hashlib`, counting the bytes that it is given."""

    def __init__(self) -> None:
        self.bytes = 0

    def sha256(self) -> Any:
        digest = hashlib.sha256()

        def update(piece: bytes) -> None:
            self.bytes += len(piece)
            digest.update(piece)

        return SimpleNamespace(update=update, hexdigest=digest.hexdigest)


@pytest.mark.parametrize(
    "arguments",
    [
        ("sample", "--ckpt", "run", "--seeds", "0", "--out", "a.png"),
        ("sample", "--ckpt", "run", "--seeds", "0", "--grid", "by-label", "--out", "a.png"),
        ("inspect", "run/checkpoints/step-00000200.h5"),
        ("inspect", "run"),
        ("train", "--resume", "run"),
    ],
    ids=lambda arguments: " ".join(arguments[:5]),
)
def test_every_byte_is_hashed_once(
    arguments: tuple[str, ...],
    trained: Path,
    tmp_path: Path,
    command: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copytree(trained, tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    counting = _Counting()
    monkeypatch.setattr(checkpoint_module, "hashlib", counting)
    ended = command(*arguments)
    assert (ended.code, ended.err) == (0, "")
    paths = sorted(Path("run/checkpoints").iterdir())
    looked_at = paths if arguments == ("inspect", "run") else paths[-1:]
    assert counting.bytes == sum(path.stat().st_size - SEAL_SIZE for path in looked_at)
