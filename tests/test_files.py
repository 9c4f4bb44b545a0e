"""Files that are either complete or not there."""

from __future__ import annotations

import os
import re
import stat
from contextlib import ExitStack
from pathlib import Path

import pytest

from gantool.files import (
    complete_or_absent,
    complete_or_absent_tree,
    remove_unfinished,
    write_bytes,
    write_text,
)


def test_the_new_content_takes_the_place_of_the_old(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with complete_or_absent(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
        assert temporary.parent == tmp_path
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_content_and_no_other_file(
    tmp_path: Path, error: type[BaseException]
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(error), complete_or_absent(path) as temporary:  # noqa: PT012
        temporary.write_text("half of the n")
        raise error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_nothing_where_nothing_was(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="full"), complete_or_absent(tmp_path / "a"):
        raise OSError("the disk is full")
    assert list(tmp_path.iterdir()) == []


def test_a_temporary_file_that_vanished_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), complete_or_absent(tmp_path / "a") as temporary:
        temporary.unlink()
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    with (
        pytest.raises(FileNotFoundError, match="missing"),
        complete_or_absent(tmp_path / "missing" / "a"),
    ):
        pass


def test_a_file_has_the_rights_that_any_new_file_gets(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "ours", "")
        (tmp_path / "usual").touch()
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("ours", "usual")]
    assert modes == [0o640, 0o640]


def test_content_and_name_are_flushed_unless_asked_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    monkeypatch.setattr(
        os, "fsync", lambda handle: flushed.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
    )
    write_bytes(tmp_path / "a", b"x", flushed=False)
    assert flushed == []
    write_bytes(tmp_path / "a", b"x")
    assert len(flushed) == 2
    assert flushed[0].startswith(f"{tmp_path}/.a.")
    assert flushed[1] == str(tmp_path)


def test_files_that_are_written_at_once_have_names_of_their_own(tmp_path: Path) -> None:
    """Whatever the process and the thread: two containers may share a folder and both numbers."""
    with ExitStack() as stack:
        paths = [stack.enter_context(complete_or_absent(tmp_path / "a")) for _ in range(50)]
        assert len(set(paths)) == 50
        for path in paths:
            assert re.fullmatch(r"\.a\.[0-9a-f]{16}\.gantool-tmp", path.name)
            path.touch()


def test_unfinished_files_of_a_name_are_removed(tmp_path: Path) -> None:
    ours = [".step-1.h5.ab.gantool-tmp", ".step-22.h5.cd.gantool-tmp"]
    others = [
        *(".step-1.h5.ab.part", "step-1.h5", "step-1.h5.ab.gantool-tmp", ".step-1.png.gantool-tmp"),
        *(".seed-1.h5.ab.gantool-tmp", ".gantool-tmp"),
    ]
    for name in ours + others:
        (tmp_path / name).touch()
    remove_unfinished(tmp_path, "step-*.h5")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)


def test_text_is_written_as_it_is(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "ä\r\nb\n")
    assert (tmp_path / "a").read_bytes() == b"\xc3\xa4\r\nb\n"


class TestCompleteOrAbsentTree:
    def test_a_file_takes_its_place_and_what_is_beside_it_goes(self, tmp_path: Path) -> None:
        path = tmp_path / "a.keras"
        path.write_text("before")
        with complete_or_absent_tree(path) as made:
            assert made.name == "a.keras"
            made.with_name("scratch").write_text("scratch")
            made.write_text("after")
            assert path.read_text() == "before"
        assert path.read_text() == "after"
        assert list(tmp_path.iterdir()) == [path]

    def test_a_folder_takes_the_place_of_one(self, tmp_path: Path) -> None:
        path = tmp_path / "model"
        path.mkdir()
        (path / "old").write_text("before")
        with complete_or_absent_tree(path) as made:
            (made / "part").mkdir(parents=True)
            (made / "part" / "new").write_text("after")
        assert [it.name for it in path.rglob("*")] == ["part", "new"]
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
    def test_when_it_fails_all_is_as_it_was(
        self, tmp_path: Path, error: type[BaseException]
    ) -> None:
        path = tmp_path / "model"
        path.mkdir()
        (path / "old").write_text("before")
        with pytest.raises(error), complete_or_absent_tree(path) as made:  # noqa: PT012
            made.mkdir()
            raise error
        assert sorted(tmp_path.rglob("*")) == [path, path / "old"]

    def test_where_nothing_was_made_what_was_there_comes_back(self, tmp_path: Path) -> None:
        path = tmp_path / "model"
        path.mkdir()
        with pytest.raises(FileNotFoundError), complete_or_absent_tree(path):
            pass
        assert list(tmp_path.iterdir()) == [path]

    def test_a_missing_folder_is_named(self, tmp_path: Path) -> None:
        with (
            pytest.raises(FileNotFoundError) as raised,
            complete_or_absent_tree(tmp_path / "no" / "a"),
        ):
            pass
        assert raised.value.filename == str(tmp_path / "no" / "a")
