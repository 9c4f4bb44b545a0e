"""Where a picture comes from: written into a PNG, read again, refused where it is made up."""

from __future__ import annotations

import json
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gantool.data.drawing import write_png
from gantool.errors import InputError
from gantool.sampling.grid import Cell
from gantool.sampling.provenance import Grid, Provenance, provenance_of

PIXELS = np.zeros((2, 3, 1), np.uint8)
GIVEN: dict[str, Any] = {
    "version": 1,
    "checkpoint": "0123456789abcdef" * 4,
    "weights": "average",
    "truncation": 0.7,
    "latents": None,
    "seeds": "0-5",
    "labels": [3, 8],
    "grid": {"layout": "by-label", "rows": 2, "columns": 6, "spacing": 1},
    "scale": 4,
}


def chunk(kind: bytes, content: bytes) -> bytes:
    """By the PNG Specification, section 5.3."""
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


def png(*chunks: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 3, 2, 8, 0, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress(bytes(8)))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + rows + chunk(b"IEND", b"")


def text(content: str) -> bytes:
    return png(chunk(b"tEXt", b"gantool\0" + content.encode("latin-1")))


def changed(**values: Any) -> bytes:
    return text(json.dumps(GIVEN | values))


def test_it_is_one_json_object_in_the_png(tmp_path: Path) -> None:
    given = Provenance.model_validate_json(json.dumps(GIVEN), strict=True)
    write_png(tmp_path / "a.png", PIXELS, given.text())
    with Image.open(tmp_path / "a.png") as image:
        assert list(image.text) == ["gantool"]
        assert json.loads(image.text["gantool"]) == GIVEN
        np.testing.assert_array_equal(np.asarray(image), PIXELS[:, :, 0])
    assert provenance_of(tmp_path / "a.png") == given
    assert [*given.selection.cells()][4:8] == [Cell(4, 3), Cell(5, 3), Cell(0, 8), Cell(1, 8)]


def test_one_image_of_many_has_its_own() -> None:
    many = Provenance.model_validate_json(json.dumps(GIVEN), strict=True)
    one = json.loads(many.of(Cell(5, 8)).text())
    assert one == GIVEN | {"seeds": "5", "labels": [8], "grid": None}
    assert json.loads(many.of(Cell(5)).text()) == GIVEN | {
        "seeds": "5", "labels": None, "grid": None,
    }  # fmt: skip


@given(
    seed=st.integers(0, 2**62),
    truncation=st.floats(0, 1),
    weights=st.sampled_from(["average", "raw"]),
    spacing=st.integers(0, 1024),
)
def test_what_is_written_is_read_again(
    seed: int,
    truncation: float,
    weights: str,
    spacing: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    given = Provenance(
        checkpoint="f" * 64, weights=weights, truncation=truncation, latents=None, seeds=str(seed),
        labels=None, grid=Grid(layout="by-seed", rows=1, columns=2, spacing=spacing), scale=1,
    )  # fmt: skip
    path = tmp_path_factory.mktemp("png") / "a.png"
    write_png(path, PIXELS, given.text())
    assert provenance_of(path) == given


NO_PNG, DAMAGED = "not a PNG", "its metadata of gantool are damaged: "
BOMB = zlib.compress(bytes(200_000_000))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", NO_PNG),
        (b"GIF89a", NO_PNG),
        (png()[:20], "a damaged PNG ("),
        (png(), "does not say where it comes from; `gantool sample` writes that into each PNG"),
        (png(chunk(b"zTXt", b"gantool\0\0" + BOMB)), "a damaged PNG (Decompressed data too large"),
        (
            png(chunk(b"iTXt", b"gantool\0\1\0\0\0" + BOMB)),
            "a damaged PNG (Decompressed data too large",
        ),
        (text(""), f"{DAMAGED}Invalid JSON: "),
        (text("{"), f"{DAMAGED}Invalid JSON: "),
        (text("[" * 100_000), f"{DAMAGED}Invalid JSON: recursion limit exceeded"),
        (text("7"), f"{DAMAGED}Input should be an object"),
        (text("{}"), f"{DAMAGED}version: Field required"),
        (text('{"version": 1}'), f"{DAMAGED}checkpoint: Field required"),
        (text("x" * (1 << 20) + "y"), f"{DAMAGED}they have 1,048,577 characters"),
        (changed(version=2), "its metadata have version 2; this gantool reads version 1"),
        (changed(version="1"), f"{DAMAGED}version: Input should be a valid integer"),
        (changed(more=1), f"{DAMAGED}more: Extra inputs are not permitted"),
        (changed(checkpoint="f" * 63), f"{DAMAGED}checkpoint: String should match pattern"),
        (changed(checkpoint="F" * 64), f"{DAMAGED}checkpoint: String should match pattern"),
        (changed(weights="best"), f"{DAMAGED}weights: Input should be 'average' or 'raw'"),
        (changed(truncation=1.5), f"{DAMAGED}truncation: Input should be less than or equal to 1"),
        (changed(truncation=float("nan")), f"{DAMAGED}"),
        (changed(truncation="0.7"), f"{DAMAGED}truncation: Input should be a valid number"),
        (changed(seeds=[0, 1]), f"{DAMAGED}seeds: Input should be a valid string"),
        (changed(seeds="5-0"), f"{DAMAGED}the range '5-0' runs backwards"),
        (changed(seeds="\u0007"), f"{DAMAGED}'\\x07' is no seed"),
        (changed(seeds=f"0-{2**62}"), f"{DAMAGED}9,223,372,036,854,775,810 images in 12 places"),
        (changed(seeds="0-6"), f"{DAMAGED}14 images in 12 places"),
        (changed(seeds="0-4"), f"{DAMAGED}labels that are not those of the rows"),
        (changed(labels=[1]), f"{DAMAGED}labels that are not those of the rows"),
        (changed(labels=None), f"{DAMAGED}labels that are not those of the rows"),
        (changed(labels=[]), f"{DAMAGED}labels: Tuple should have at least 1 item"),
        (changed(labels=[-1, 3]), f"{DAMAGED}labels: 0: Input should be greater than or equal"),
        (changed(labels=[1.5, 3]), f"{DAMAGED}labels: 0: Input should be a valid integer"),
        (changed(grid=None), f"{DAMAGED}12 images in 1 places"),
        (
            changed(grid=GIVEN["grid"] | {"layout": "by-seed", "rows": 9999, "columns": 9999}),
            f"{DAMAGED}12 images in 99,980,001 places",
        ),
        (
            changed(grid=GIVEN["grid"] | {"rows": 10**30}),
            f"{DAMAGED}grid: rows: Input should be less than or equal to 10000",
        ),
        (changed(scale=0), f"{DAMAGED}scale: Input should be greater than or equal to 1"),
        (changed(scale=10**9), f"{DAMAGED}scale: Input should be less than or equal to 64"),
        (changed(scale=True), f"{DAMAGED}scale: Input should be a valid integer"),
        (changed(latents="x"), f"{DAMAGED}latents: String should match pattern"),
    ],
)
def test_what_no_gantool_wrote(content: bytes, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(InputError) as raised:
        provenance_of(path)
    assert str(raised.value).startswith(f"{path}: {complaint}")
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < len(str(path)) + 300


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # to open it would wait for ever
    (tmp_path / "file").touch()
    for name, complaint in (
        ("gone", "no such file"),
        (".", "not a file"),
        ("pipe", "not a file"),
        ("file/a.png", "cannot be read (Not a directory)"),
    ):
        with pytest.raises(InputError) as raised:
            provenance_of(tmp_path / name)
        assert str(raised.value) == f"{tmp_path / name}: {complaint}"


def test_a_picture_of_any_size_is_read(tmp_path: Path) -> None:
    """Pillow would refuse to open it for its number of pixels, and none of them is looked at."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 2**20, 2**20, 8, 0, 0, 0, 0))
    told = chunk(b"tEXt", b"gantool\0" + json.dumps(GIVEN).encode())
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + head + told + chunk(b"IDAT", b""))
    assert provenance_of(tmp_path / "a.png").seeds == "0-5"
