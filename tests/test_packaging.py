"""What an installed gantool brings along, and what it is installed with."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "constraints"


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


def test_the_wheel_holds_the_recipes(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    held = sorted(name for name in names if name.startswith("gantool/recipes/"))
    recipes = sorted((ROOT / "recipes").glob("*.yaml"))
    assert held == [f"gantool/recipes/{path.name}" for path in recipes]


def test_the_wheel_holds_the_package_and_nothing_of_tests_or_data(wheel):
    names = [name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name]
    assert all(name.startswith("gantool/") for name in names)
    assert "gantool/cli/main.py" in names
    for name in ("templates/run.html.j2", "static/page.js", "static/uPlot-LICENSE"):
        assert f"gantool/report/{name}" in names
    for name in ("templates/explore.html.j2", "static/explore.js", "static/explore.css"):
        assert f"gantool/explore/{name}" in names


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


@pytest.fixture(scope="module")
def needed(wheel):
    """What gantool declares that it needs: (extra or "", name, bounds)."""
    [distribution] = distributions(path=[str(wheel)])
    found = []
    for requirement in map(Requirement, distribution.requires):
        [extra] = re.findall(r'extra == "(\w+)"', str(requirement.marker)) or [""]
        found.append((extra, canonicalize_name(requirement.name), requirement.specifier))
    return [each for each in found if each[1] != "gantool"]


def pins(name):
    """The versions of a constraints file by package, each line of it held to be a plain pin."""
    lines = (CONSTRAINTS / name).read_text(encoding="utf-8").splitlines()
    pinned = [line.partition("==") for line in lines if not line.startswith("#")]
    for package, equals, version in pinned:
        assert re.fullmatch(r"[A-Za-z0-9_.-]+", package), package
        assert equals
        assert re.fullmatch(r"[a-z0-9.]+", version), version
    assert len({canonicalize_name(package) for package, *_ in pinned}) == len(pinned)
    return {canonicalize_name(package): version for package, _, version in pinned}


def test_the_oldest_releases_are_the_lower_bounds(needed):
    lowest = {
        name: bound.version
        for extra, name, bounds in needed
        if extra in ("", "test")
        for bound in bounds
        if bound.operator == ">="
    }
    assert len(lowest) > 15
    assert pins("oldest.txt") == lowest
    assert lowest.keys() == {name for extra, name, _ in needed if extra in ("", "test")}


@pytest.mark.parametrize("file", ["exact.txt", "oldest.txt"])
def test_what_gantool_needs_is_pinned_within_its_bounds(file, needed):
    pinned = pins(file)
    all_of_dev = ("", "gpu", "test", "dev", "explore", "onnx")
    extras = {"exact.txt": all_of_dev, "oldest.txt": ("", "test")}[file]
    for extra, name, bounds in needed:
        if extra in extras:
            assert pinned[name] in bounds, name


def test_exact_releases_are_of_all_that_is_needed_in_turn():
    pinned = pins("exact.txt")
    python = {"extra": "", "python_version": "3.11", "python_full_version": "3.11.0"}
    for installed in distributions():
        name = canonicalize_name(installed.metadata["Name"])
        if pinned.get(name) == installed.version:  # another release may need something else
            for requirement in map(Requirement, installed.requires or []):
                if requirement.marker is None or requirement.marker.evaluate(python):
                    needs = canonicalize_name(requirement.name)
                    assert pinned[needs] in requirement.specifier, f"{name} needs {needs}"


@pytest.mark.parametrize("file", ["exact.txt", "oldest.txt"])
def test_constraints_say_what_they_are_for_and_name_no_place(file):
    text = (CONSTRAINTS / file).read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert "make constraints" in text
    assert "pip install -c constraints/" in text
    assert not re.search(r"://|--|@", text)
