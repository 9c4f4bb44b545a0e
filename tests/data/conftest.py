from __future__ import annotations

import gzip
import struct
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from gantool.data import catalogue
from gantool.recipe.data import Data

if TYPE_CHECKING:
    from collections.abc import Callable

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def real_data() -> Path:
    """The data sets that come with the repository."""
    return REPOSITORY / "data"


@pytest.fixture
def in_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catalogue names are found in the repository's data folder."""
    monkeypatch.delenv("GANTOOL_DATA", raising=False)
    monkeypatch.chdir(REPOSITORY)


@pytest.fixture
def no_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No checkout, and all places of data sets inside the test's folder."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("GANTOOL_DATA", str(tmp_path / "sets"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setattr(
        catalogue, "__file__", str(tmp_path / "site-packages/gantool/data/catalogue/x.py")
    )


@pytest.fixture
def encode() -> Callable[..., bytes]:
    """An image file's bytes: of an array or an image, in the format given."""

    def encode(image: Any, form: str = "PNG", **options: Any) -> bytes:
        if not isinstance(image, Image.Image):
            image = Image.fromarray(np.asarray(image))
        buffer = BytesIO()
        image.save(buffer, form, **options)
        return buffer.getvalue()

    return encode


@pytest.fixture
def plain(encode: Callable[..., bytes]) -> Callable[[int], bytes]:
    """A PNG of 4×4 RGB pixels that all have one value."""
    return lambda value: encode(np.full((4, 4, 3), value, np.uint8))


@pytest.fixture
def data() -> Callable[..., Data]:
    """A recipe's data section for images of 4×4."""
    return lambda source, **keys: Data(source=str(source), **{"size": (4, 4), **keys})


@pytest.fixture
def write_idx() -> Callable[..., Path]:
    """Write an array as an IDX file, compressed if its name ends in .gz."""

    def write(path: Path, array: np.ndarray[Any, Any]) -> Path:
        header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
        content = header + array.astype(np.uint8).tobytes()
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
        return path

    return write
