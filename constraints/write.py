"""Write the two constraints files beside this one; `make constraints` runs it.

exact.txt holds what pip chooses today for gantool with all its extras, oldest.txt the lower bounds
of pyproject.toml.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hatchling.metadata.core import ProjectMetadata
from packaging.requirements import Requirement

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
NAME = "gantool"

EXACT = """\
# What CI passes with: of each package that gantool, its extras or these need in turn, one release.
# For an environment of exactly these, with Python {python} on {system}:
#     pip install -c constraints/exact.txt .        (or ".[gpu]", or ".[dev]")
# `make constraints` takes the newest ones that pyproject.toml allows.
"""

OLDEST = """\
# The lower bounds of pyproject.toml; `make test-oldest` passes a part of the tests with them.
#     pip install -c constraints/oldest.txt .
# `make constraints` writes them anew.
"""


def chosen() -> list[str]:
    """Return `name==version` of whatever pip would install into an empty environment.

    Raises:
        subprocess.CalledProcessError: pip found no releases that fit together; it has said why.
    """
    pip = [sys.executable, "-m", "pip", "--quiet", "install", "--dry-run", "--ignore-installed"]
    report = subprocess.run(
        [*pip, "--report", "-", f"{ROOT}[dev,gpu]"], check=True, stdout=subprocess.PIPE
    ).stdout
    packages: list[dict[str, Any]] = [each["metadata"] for each in json.loads(report)["install"]]
    return [f"{it['name']}=={it['version']}" for it in packages if it["name"] != NAME]


def lower_bounds() -> list[str]:
    """Return `name==version` of each lower bound of what gantool and its tests need."""
    project = ProjectMetadata(str(ROOT), None).core
    needed = map(Requirement, [*project.dependencies, *project.optional_dependencies["test"]])
    return [
        f"{requirement.name}=={bound.version}"
        for requirement in needed
        for bound in requirement.specifier
        if bound.operator == ">="
    ]


def write(name: str, head: str, pins: Iterable[str]) -> None:
    """Write a constraints file: what it is for, then a package a line."""
    lines = sorted(pins, key=str.lower)
    (HERE / name).write_text(head + "".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    write("oldest.txt", OLDEST, lower_bounds())
    python = ".".join(platform.python_version_tuple()[:2])
    system = f"{platform.system()}, {platform.machine()}"
    write("exact.txt", EXACT.format(python=python, system=system), chosen())
