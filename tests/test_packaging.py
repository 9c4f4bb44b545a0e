"""What an installed gantool brings along."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    [path] = folder.glob("*.whl")
    return path


def test_the_wheel_holds_the_recipes_and_their_schema(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for path in (ROOT / "recipes").iterdir():
        assert f"gantool/recipes/{path.name}" in names


def test_the_wheel_holds_the_package_and_nothing_of_tests_or_data(wheel):
    names = [name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name]
    assert all(name.startswith("gantool/") for name in names)
    assert "gantool/cli/main.py" in names


def test_an_unpacked_wheel_finds_its_recipes_from_any_folder(wheel, tmp_path):
    unpacked = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(unpacked)
    listed = subprocess.run(
        [sys.executable, "-c", "from gantool.cli.main import main; main(['recipes'])"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(unpacked), "PATH": ""},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert {line.split()[0] for line in listed.splitlines()} == {
        path.stem for path in (ROOT / "recipes").glob("*.yaml")
    }
