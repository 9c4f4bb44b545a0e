"""`gantool report`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained: Path) -> None:
    shutil.copytree(trained, tmp_path / "run")
    monkeypatch.chdir(tmp_path)


def test_the_page_of_a_run_lies_in_its_folder(command: Callable[..., Any]) -> None:
    Path("run/report.html").unlink()
    assert command("report", "run") == (0, "run/report.html\n", "")
    assert '<h1>run <span class="state done">' in Path("run/report.html").read_text()
    assert command("report", "run").code == 0  # it takes the place of the one before


def test_a_run_that_was_moved(command: Callable[..., Any]) -> None:
    Path("run").rename("moved")
    assert command("report", "moved", "--out", "page.html") == (0, "page.html\n", "")
    text = Path("page.html").read_text()
    assert "<h1>moved " in text
    assert "discriminator, 1,505 parameters" in text


def test_several_runs_share_a_page(command: Callable[..., Any]) -> None:
    shutil.copytree("run", "other")
    recipe = Path("other/recipe.yaml")
    recipe.write_text(recipe.read_text().replace("\nseed: 3\n", "\nseed: 4\n"))
    assert command("report", "run", "other", "run/") == (0, "report.html\n", "")
    text = Path("report.html").read_text()
    assert "<title>2 runs</title>" in text
    assert "<td>run, other</td><td>3, 4</td>" in text
    assert "<td>seed</td><td>3</td><td>4</td>" in text


def damage_rows(run: Path) -> None:
    with (run / "metrics.jsonl").open("a") as file:
        file.write('nonsense\n{"step": 220, "gener')


def remove_grids(run: Path) -> None:
    for path in (run / "samples").iterdir():
        path.unlink()


def remove_checkpoints(run: Path) -> None:
    shutil.rmtree(run / "checkpoints")


def damage_pictures(run: Path) -> None:
    for path in (run / "samples").iterdir():
        path.write_bytes(path.read_bytes()[:100])


def damage_recipe(run: Path) -> None:
    (run / "recipe.yaml").write_text("layers: [")


def damage_session(run: Path) -> None:
    (run / "session.json").write_text("{")


def rows_are_a_folder(run: Path) -> None:
    (run / "metrics.jsonl").unlink()
    (run / "metrics.jsonl").mkdir()


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (damage_rows, "metrics.jsonl: lines that are no rows: 1"),
        (remove_grids, "No grid of samples yet."),
        (remove_checkpoints, "step 200"),
        (damage_pictures, "No grid of samples yet."),
        (damage_recipe, "recipe.yaml is no recipe that this gantool reads"),
        (damage_session, "name: tiny"),
        (rows_are_a_folder, "metrics.jsonl cannot be read (Is a directory)"),
    ],
)
def test_what_is_damaged_is_told_in_the_page(
    damage: Callable[[Path], None], told: str, command: Callable[..., Any]
) -> None:
    damage(Path("run"))
    assert command("report", "run") == (0, "run/report.html\n", "")
    assert told in Path("run/report.html").read_text()


def test_an_old_run_has_neither_session_nor_report(command: Callable[..., Any]) -> None:
    for name in ("session.json", "report.html"):
        Path("run", name).unlink()
    assert command("report", "run").code == 0
    text = Path("run/report.html").read_text()
    assert "<h2>Layers</h2>" not in text
    assert "step 200" in text


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["gone"], "gone: no such run folder"),
        (["empty"], "empty: no run folder (it has no recipe.yaml)"),
        (["run/recipe.yaml"], "run/recipe.yaml: no such run folder"),
        (["run", "empty"], "empty: no run folder (it has no recipe.yaml)"),
        (
            ["run", "--out", "empty"],
            "empty: is a folder; name a file, as in --out empty/report.html",
        ),
        (["run", "--out", "gone/a.html"], "gone: no such folder"),
        (
            ["run", "--out", "run/recipe.yaml"],
            "run/recipe.yaml: is there already, and is no page of gantool's; name another file",
        ),
    ],
)
def test_bad_input_is_a_line(arguments: list[str], line: str, command: Callable[..., Any]) -> None:
    Path("empty").mkdir()
    recipe = Path("run/recipe.yaml").read_bytes()
    assert command("report", *arguments) == (2, "", f"{line}\n")
    assert Path("run/recipe.yaml").read_bytes() == recipe
    assert list(Path("empty").iterdir()) == []


def test_a_run_has_to_be_named(command: Callable[..., Any]) -> None:
    ended = command("report")
    assert (ended.code, ended.err.splitlines()[-1]) == (2, "Error: Missing argument 'RUN…'.")
