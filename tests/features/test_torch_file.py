"""Reading PyTorch's files without PyTorch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gantool.features.torch_file import read_tensors

from .torch_files import text, torch_file

ARRAYS = {
    "a.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 4) / 7,
    "a.bias": np.float32([0.5]),
    "a.count": np.array(2**40, np.int64),
}


@pytest.mark.parametrize("attributes", [b"", b"}" + text("_metadata") + b"}sb"])
def test_tensors_come_back_to_the_bit(tmp_path: Path, attributes: bytes) -> None:
    (tmp_path / "x.pth").write_bytes(torch_file(ARRAYS, attributes))
    found = read_tensors(tmp_path / "x.pth")
    assert list(found) == list(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array, strict=True)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\x80\x02K\x01.", "not of the older form of torch.save"),
        (
            torch_file(ARRAYS, b"cos\nsystem\n(" + text("touch here") + b"tR0"),
            "a call of os system",
        ),
        (torch_file({"a": np.ones((2, 3), np.float32).T}), "a tensor whose numbers are not in"),
        (
            torch_file(ARRAYS).replace(b"ctorch\nFloatStorage", b"ctorch\nHalfStorages"),
            "numbers of torch HalfStorages",
        ),
        (torch_file(ARRAYS, b"cos\nsystem\n)\x81"), "NEWOBJ in a pickle"),
    ],
)
def test_what_is_something_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.pth").write_bytes(content)
    with pytest.raises(ValueError, match=says):
        read_tensors(Path("x.pth"))
    assert not Path("here").exists()
