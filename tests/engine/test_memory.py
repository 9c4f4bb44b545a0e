"""The memory of a long run: what one step, one grid and one checkpoint take is given back."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gantool.data.loading import load_images
from gantool.engine.plan import make_plan
from gantool.runs.run_folder import RunFolder
from gantool.training.session import run_session

STEPS, WARM = 2000, 600
MARGIN = 24 * 2**20
"""Bytes by which allocators may still grow; checkpoints kept in memory would take 56 MB."""


def resident() -> int:
    """Bytes of this process that are in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.slow
def test_memory_does_not_grow_over_thousands_of_steps(
    load_tiny: Callable[..., Any], tmp_path: Path
) -> None:
    plan = make_plan(
        load_tiny(
            "latent.size=500",
            "generator.layers=[Dense: {units: 784}, Reshape: {target_shape: [28, 28, 1]}]",
            "discriminator.layers=[Flatten, Dense: {units: 200}, Dense: {units: 1}]",
            *("data.labels=false", f"train.steps={STEPS}", "train.batch_size=2"),
            "output={log_every: 10, grid: {every: 50, rows: 2}, checkpoint: {every: 200}}",
        )
    )
    assert plan.source is not None
    folder = RunFolder(tmp_path)
    folder.make()
    images = load_images(plan.source, plan.recipe.data)
    taken = {
        progress.step: resident() for progress in run_session(plan, images, folder, lambda: False)
    }
    assert taken[STEPS] - taken[WARM] < MARGIN
