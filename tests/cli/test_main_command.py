"""The command line as a whole: help, speed, and how errors become lines and exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from gantool import __version__
from gantool.networks import devices
from gantool.networks.devices import Device

COMMANDS = (
    *("train", "sample", "evaluate", "nearest", "interpolate", "arithmetic", "directions"),
    *("project", "explore", "export", "check", "bench", "recipes", "components", "download"),
    *("inspect", "new", "convert", "export-images", "schema", "version", "report", "runs"),
)


def imports_of(*arguments: str, cwd: Path) -> tuple[int, set[str]]:
    """Run `gantool` and tell its exit code and every module that it imported."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "gantool", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = (line for line in done.stderr.splitlines() if line.startswith("import time:"))
    return done.returncode, {line.rsplit("|", 1)[-1].strip() for line in lines}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--help"], 0),
        (["--version"], 0),
        (["train", "--help"], 0),
        (["recipes"], 0),
        (["recipes", "quickstart"], 0),
        (["schema"], 0),
        (["components"], 0),
        (["components", "layer", "Conv2D"], 0),
        (["inspect", "digits"], 0),
        (["convert", "digits", "set", "--size", "28"], 0),
        (["runs"], 0),
        (["report", "gone"], 2),
        (["check", "wrong.yaml"], 2),
        (["check", "list.yaml"], 2),
        (["check", "gone.yaml"], 2),
        (["sample", "--ckpt", "gone.h5"], 2),
        (["train", "--resume", "gone"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_tensorflow_is_not_imported_for(
    arguments: list[str], code: int, tiny: Path, tmp_path: Path
) -> None:
    wrong = tiny.read_text().replace("batch_size: 8", "batch_size: many\n  colour: red")
    (tmp_path / "wrong.yaml").write_text(wrong)
    (tmp_path / "list.yaml").write_text("- 1\n")
    (tmp_path / "digits").symlink_to(tiny.parent / "digits")
    ended, imported = imports_of(*arguments, cwd=tmp_path)
    assert ended == code
    assert "gantool.cli.main" in imported
    assert not {"tensorflow", "keras"} & {name.split(".")[0] for name in imported}


def test_help_imports_next_to_nothing(tmp_path: Path) -> None:
    _, imported = imports_of("--help", cwd=tmp_path)
    heavy = {"numpy", "pydantic", "yaml", "PIL", "rich", "requests", "platformdirs"}
    assert not heavy & {name.split(".")[0] for name in imported}


@pytest.mark.parametrize("columns", [40, 80])
def test_help_is_as_wide_as_the_terminal(
    columns: int, command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for arguments in ([], *([name] for name in COMMANDS)):
        lines = command(*arguments, "--help").out.splitlines()
        assert max(map(len, lines)) <= columns, arguments
        cut = [line for line in lines if "..." in line and "[ARGS]..." not in line]
        assert cut == [], arguments
    # What has a long name stands above its explanation where there is no room beside it.
    assert ("  --set KEY.PATH=VALUE" in command("train", "--help").out.splitlines()) == (
        columns == 40
    )


def test_version_tells_what_somebody_who_helps_has_to_know(
    command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = Device("2 cores of Some CPU", False, "float32", "the processor has no bfloat16")
    monkeypatch.setattr(devices, "find_device", lambda: device)
    ended = command("version")
    assert (ended.code, ended.err) == (0, "")
    first, python, tensorflow, keras, last = ended.out.splitlines()
    assert first == f"gantool     {__version__}"
    assert python.startswith(f"Python      {sys.version.split()[0]}, ")
    assert tensorflow == f"TensorFlow  {version('tensorflow')}"
    assert keras == f"Keras       {version('keras')}"
    assert last == "device      2 cores of Some CPU, float32 (the processor has no bfloat16)"


def test_help_lists_every_command_and_each_has_help_of_its_own(command: Any) -> None:
    ended = command("--help")
    assert (ended.code, ended.err) == (0, "")
    for name in COMMANDS:
        assert f"\n  {name} " in ended.out
        own = command(name, "--help")
        assert (own.code, own.err) == (0, "")
        assert own.out.startswith(f"Usage: gantool {name}")
    assert command("-h").out == ended.out


def test_the_version(command: Any) -> None:
    assert command("--version") == (0, f"gantool {__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "beginning"),
    [
        (["paint"], "Error: No such command 'paint'."),
        (["train", "--colour"], "Error: No such option"),
        (["sample"], "Error: Missing option '--ckpt'."),
        (["check"], "Error: Missing argument 'RECIPE'."),
    ],
)
def test_a_wrong_command_line_ends_with_2(
    arguments: list[str], beginning: str, command: Any
) -> None:
    ended = command(*arguments)
    assert (ended.code, ended.out) == (2, "")
    # Click may add which name was meant.
    assert ended.err.splitlines()[-1].startswith(beginning)


def fail(*_: object) -> None:
    raise RuntimeError("the cat sat on it\nand purred")


def test_an_unexpected_error_is_one_line_and_1(
    command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gantool.recipe.builtin.builtin_recipes", fail)
    assert command("recipes") == (
        1,
        "",
        "unexpected error: RuntimeError: the cat sat on it (--debug shows where)\n",
    )


@pytest.mark.parametrize("arguments", [["--debug", "recipes"], ["recipes", "--debug"]])
def test_debug_shows_a_traceback(
    arguments: list[str], command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gantool.recipe.builtin.builtin_recipes", fail)
    with pytest.raises(RuntimeError, match="the cat sat on it"):
        command(*arguments)


def test_a_traceback_reaches_the_terminal_with_debug_alone(gantool: Any) -> None:
    ended = gantool("check", "gone.yaml", "--debug")
    assert ended.code == 1
    assert ended.err.startswith("Traceback (most recent call last):\n")
    assert "Traceback" not in gantool("check", "gone.yaml").err


def test_an_error_of_the_system_is_told_in_its_own_words(
    command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "runs/x")

    monkeypatch.setattr("gantool.recipe.builtin.builtin_recipes", full)
    assert command("recipes") == (1, "", "runs/x: No space left on device\n")


def test_a_terminal_obeys_no_name(command: Any) -> None:
    ended = command("check", "a\x1b[2J\x07\u202eb×.yaml")
    assert ended.err == (
        "a\\x1b[2J\\x07\\u202eb×.yaml: no such file, and no built-in recipe of that name (`gantool"
        " recipes` lists them)\n"
    )


def test_recipes_are_listed_and_printed(command: Any, repository: Path) -> None:
    listed = command("recipes")
    assert listed.code == 0
    names = [line.split()[0] for line in listed.out.splitlines()]
    assert names == sorted(path.stem for path in (repository / "recipes").glob("*.yaml"))
    assert "quickstart" in names
    for name in names:
        text = (repository / "recipes" / f"{name}.yaml").read_text(encoding="utf-8")
        assert command("recipes", name) == (0, text, "")
    assert command("recipes", "quikstart") == (
        2,
        "",
        "no built-in recipe 'quikstart'; did you mean 'quickstart'?"
        " (`gantool recipes` lists them)\n",
    )


def test_the_schema_is_json(command: Any) -> None:
    ended = command("schema")
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.slow
def test_a_pipe_that_closes_early_is_no_error(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "gantool", "schema"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=os.environ,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    err = process.stderr.read().decode()
    process.wait(timeout=30)
    process.stderr.close()
    assert "Traceback" not in err
    assert "unexpected error" not in err
