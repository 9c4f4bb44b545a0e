"""What a trial may take: Linux refuses it more."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from gantool.cli import trial

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


def test_a_batch_that_cannot_fit_by_its_sum_is_one_that_does_not_come_through(
    load_tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gantool.networks import devices

    monkeypatch.setattr(devices, "machine_memory", lambda: 100_000)
    with pytest.raises(MemoryError, match="makes 28×28×11 of a batch of 8, 0 MB"):
        trial._train(load_tiny(), Any)
