"""A damaged JPEG that TensorFlow is the first to see ends a run with the line that Pillow gives."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gantool.data import loading, records

RECIPE = """\
name: damaged
data: {source: faces.tfrecord, size: [8, 8], crop: [16, 16]}
latent: {size: 4}
generator: {layers: [Dense: {units: 192}, Reshape: {target_shape: [8, 8, 3]}]}
discriminator: {layers: [Flatten, Dense: {units: 1}]}
loss: hinge
optimizers: {generator: SGD, discriminator: SGD}
train: {steps: 3, batch_size: 12}
output: {grid: {rows: 1, columns: 1}}
"""


@pytest.mark.slow
@pytest.mark.parametrize("bad", [1, 10])
def test_a_damaged_jpeg(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: int
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(loading, "MAX_BYTES_IN_MEMORY", 0)
    contents = []
    for number in range(12):
        buffer = BytesIO()
        pixels = np.random.default_rng(number).integers(0, 256, (20, 24, 3), np.uint8)
        Image.fromarray(pixels).save(buffer, "JPEG")
        contents.append(buffer.getvalue())
    # A Huffman table with a number that there is none of.
    whole = contents[bad]
    contents[bad] = whole.replace(b"\xff\xc4\x00\x1f\x00", b"\xff\xc4\x00\x1f\x0f")
    assert contents[bad] != whole
    Path("faces.tfrecord").write_bytes(
        b"".join(map(records.frame, map(records.encode_example, contents)))
    )
    Path("mine.yaml").write_text(RECIPE)
    ended = command("train", "mine.yaml", "--out", "run")
    assert ended.err.splitlines() == [
        "1 of 12 images cannot be used; remove or replace them, or leave them out"
        " (data.skip_unreadable: true):",
        f"  {tmp_path}/faces.tfrecord, record {bad}: the image is damaged (broken data stream when"
        " reading image file)",
    ]
    assert ended.code == 2
