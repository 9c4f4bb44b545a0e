"""What a trial may take: Linux refuses it more."""

from __future__ import annotations

import subprocess
import sys

import pytest

TAKES = """
import sys
from gantool.cli import trial
trial._refuse_more_than(200 * 2**20)
block = b"1" * (int(sys.argv[1]) * 2**20)
print(len(block) // 2**20)
"""


@pytest.mark.parametrize(("size", "told"), [(100, "100\n"), (400, "")])
def test_memory_beyond_its_part_is_refused(size: int, told: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", TAKES, str(size)], capture_output=True, text=True, check=False
    )
    assert ended.stdout == told
    assert ("MemoryError" in ended.stderr) == (not told)
