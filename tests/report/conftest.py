from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def made(tiny: Path, tmp_path: Path) -> Callable[..., Path]:
    """Make a run folder by hand: of tiny.yaml with values replaced, with rows and grids."""

    def make(
        name: str = "run",
        rows: Iterable[Mapping[str, Any]] = (),
        grids: Iterable[int] = (),
        **replaced: str,
    ) -> Path:
        run = tmp_path / name
        for folder in ("samples", "checkpoints"):
            (run / folder).mkdir(parents=True)
        text = tiny.read_text()
        for old, new in replaced.items():
            old = old.replace("_", " ")
            assert f"{old}:" in text
            text = "\n".join(
                f"{line.split(':')[0]}: {new}" if line.lstrip().startswith(f"{old}:") else line
                for line in text.split("\n")
            )
        (run / "recipe.yaml").write_text(text)
        (run / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        for step in grids:
            level = np.full((28, 56, 1), step % 256, np.uint8)
            Image.fromarray(level[:, :, 0]).save(run / "samples" / f"step-{step:08d}.png")
        return run

    return make
