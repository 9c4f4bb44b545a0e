"""Everything works with everything that makes sense together; the rest is refused by a line.

`GANTOOL_COMBINATIONS=2000` tries so many, not 200.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

COUNT = int(os.environ.get("GANTOOL_COMBINATIONS", "200"))
AT_A_TIME = 50
"""Of a process, which remembers all networks that it made."""

pytestmark = pytest.mark.slow


class Outcomes:
    """What became of each combination, from processes that tell one after the other."""

    def __init__(self) -> None:
        self._known: dict[int, dict[str, Any]] = {}
        self._process: subprocess.Popen[str] | None = None

    def of(self, number: int) -> dict[str, Any]:
        """What became of this one."""
        while number not in self._known:
            line = self._process.stdout.readline() if self._process and self._process.stdout else ""
            if line:
                found = json.loads(line)
                self._known[found["number"]] = found
            else:
                assert self._process is None or self._process.wait() == 0
                self._begin(number)
        return self._known[number]

    def end(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def _begin(self, first: int) -> None:
        program = Path(__file__).with_name("combinations.py")
        count = min(AT_A_TIME, COUNT - first)
        self._process = subprocess.Popen(
            [sys.executable, str(program), str(first), str(count)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )


@pytest.fixture(scope="module")
def outcomes() -> Iterator[Outcomes]:
    """Of all combinations."""
    made = Outcomes()
    yield made
    made.end()


# A test each, so that the file, by its number of tests, is among the first to be run.
@pytest.mark.parametrize("number", range(COUNT))
def test_it_goes_on_to_the_bit_or_is_refused_by_a_line(number: int, outcomes: Outcomes) -> None:
    found = outcomes.of(number)
    assert "failed" not in found, found
    if "refused" in found:
        assert found["refused"] == "RecipeError"
        assert found["lines"]
        assert [it for it in found["lines"] if not re.match(r"r\.yaml:\d+:\d+: ", it)] == []
    else:
        assert (found["step"], found["differ"]) == (2, [])
        assert found["values"] > 10


def test_enough_of_each_kind_are_trained_to_mean_anything(outcomes: Outcomes) -> None:
    trained = [it for it in map(outcomes.of, range(COUNT)) if "differ" in it]
    assert len(trained) > 0.4 * COUNT
    assert sum(it["compiled"] for it in trained) > 0.01 * COUNT
    assert sum(it["replicas"] == 2 for it in trained) > 0.01 * COUNT
