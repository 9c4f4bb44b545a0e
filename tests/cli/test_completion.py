"""What a shell is given to complete, asked as by the functions that docs/running.md installs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gantool.recipe.signatures import names


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("gantool tr", ["plain,train"]),
        ("gantool train qu", ["plain,quickstart", "file,qu"]),
        ("gantool recipes wgan", ["plain,wgan-celeba", "plain,wgan-gp-mnist"]),
        ("gantool download cifar", ["plain,cifar10", "plain,cifar100"]),
        ("gantool inspect em", ["plain,emoji", "file,em"]),
        ("gantool components lo", ["plain,loss"]),
        ("gantool components layer conv2d", ["plain,Conv2D", "plain,Conv2DTranspose"]),
        ("gantool components loss ", [f"plain,{name}" for name in names("loss")]),
        ("gantool sample --ckpt ", ["file,"]),
    ],
)
def test_bash(line: str, expected: list[str], gantool: Any) -> None:
    words = line.split(" ")
    ended = gantool(
        _GANTOOL_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(words) - 1)
    )
    assert ended.out.splitlines() == expected


@pytest.mark.parametrize("shell", ["bash", "fish", "zsh"])
def test_the_functions_of_each_shell(shell: str, gantool: Any, repository: Path) -> None:
    assert f"_GANTOOL_COMPLETE={shell}_source gantool" in (
        repository / "docs" / "running.md"
    ).read_text(encoding="utf-8")
    ended = gantool(_GANTOOL_COMPLETE=f"{shell}_source")
    assert f"_GANTOOL_COMPLETE={shell}_complete" in ended.out
    assert ended.code == 0
