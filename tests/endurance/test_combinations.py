"""Everything works with everything that makes sense together; the rest is refused by a line.

`GANTOOL_COMBINATIONS=2000` tries so many, not 200.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

COUNT = int(os.environ.get("GANTOOL_COMBINATIONS", "200"))
AT_A_TIME = 50
"""A process remembers all networks that it made."""


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, COUNT, AT_A_TIME))
def test_each_goes_on_to_the_bit_or_is_refused_by_a_line(first: int) -> None:
    program = Path(__file__).with_name("combinations.py")
    done = subprocess.run(
        [sys.executable, str(program), str(first), str(min(AT_A_TIME, COUNT - first))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [it["number"] for it in found] == list(range(first, first + len(found)))
    assert [it for it in found if "failed" in it] == []
    trained = [it for it in found if "differ" in it]
    assert [it for it in trained if it["differ"] or it["step"] != 2] == []
    # Enough of both, and of those that were compiled, to mean anything.
    assert len(trained) > 0.4 * len(found)
    assert any(it["compiled"] for it in trained)
    refused = [it for it in found if "refused" in it]
    assert {it["refused"] for it in refused} <= {"RecipeError"}
    for it in refused:
        assert it["lines"]
        assert [line for line in it["lines"] if not re.match(r"r\.yaml:\d+:\d+: ", line)] == []
