"""Latents in .npy files: read right, or refused by a line."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gantool.errors import InputError
from gantool.sampling import latent_files
from gantool.sampling.latent_files import read_latents, write_latents


@given(
    latents=arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 5), st.just(3)),
        elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
    )
)
def test_what_is_written_is_read_again(
    latents: np.ndarray, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("latents") / "z.npy"
    write_latents(path, latents)
    for read in (read_latents(path, 3), np.load(path)):
        assert (read.dtype, read.tobytes()) == (np.float32, latents.tobytes())


@pytest.mark.parametrize("dtype", ["float64", ">f8", "float16", "int64", "uint8", ">f4"])
def test_other_numbers_become_float32(dtype: str, tmp_path: Path) -> None:
    numbers = [[0, 1, 2], [3, 100, 7]]
    np.save(tmp_path / "z.npy", np.asfortranarray(np.array(numbers, dtype)))
    read = read_latents(tmp_path / "z.npy", 3)
    assert (read.dtype, read.tolist(), read.flags.c_contiguous) == (np.float32, numbers, True)


def saved(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


HUGE = saved(np.zeros((1, 3), np.float32)).replace(
    b"(1, 3), }" + 10 * b" ", b"(9000000000, 3), }" + b" "
)
PICKLED = "it holds Python objects, which can run code when they are read and never are; save an"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "not a .npy file, or damaged in its header"),
        (b"1,2,3\n", "not a .npy file, or damaged in its header"),
        (saved(np.zeros((2, 3)))[:-1], "cut off: its header announces 48 bytes, and 47 are there"),
        (HUGE, "cut off: its header announces 108,000,000,000 bytes, and 12 are there"),
        (saved(np.zeros(3)), "has shape (3,); latents are [N, 3], one a row"),
        (saved(np.zeros((1, 1, 3))), "has shape (1, 1, 3); latents are [N, 3], one a row"),
        (saved(np.float32(1)), "has shape (); latents are [N, 3], one a row"),
        (saved(np.zeros((0, 3))), "has shape (0, 3); latents are [N, 3], one a row"),
        (saved(np.zeros((2, 4))), "has latents of 4 numbers; the generator takes 3"),
        (saved(np.zeros((2, 3), complex)), "holds complex128; latents are real numbers, best"),
        (saved(np.zeros((2, 3), bool)), "holds bool; latents are real numbers, best float32"),
        (saved(np.array([["a", "b", "c"]])), "holds str32; latents are real numbers, best float32"),
        (saved(np.array([[1, 2, {}]], object)), PICKLED),
        (saved([[1, 2, 3], [4, np.nan, 6]]), "latent 1 (from 0) holds NaN or Inf"),
        (saved([[1, -np.inf, 3], [4, 5, 6]]), "latent 0 (from 0) holds NaN or Inf"),
        (saved([[1, 2, 3], [4, 1e39, 6]]), "latent 1 (from 0) holds NaN or Inf"),
    ],
)
def test_what_holds_no_latents(content: bytes, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "z.npy"
    path.write_bytes(content)
    with pytest.raises(InputError) as raised:
        read_latents(path, 3)
    assert str(raised.value).startswith(f"{path}: {complaint}")
    assert "\n" not in str(raised.value)


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # to open it would wait for ever
    (tmp_path / "file").touch()
    for name, complaint in (
        ("gone", "no such file"),
        (".", "not a file"),
        ("pipe", "not a file"),
        ("file/z.npy", "cannot be read (Not a directory)"),
    ):
        with pytest.raises(InputError) as raised:
            read_latents(tmp_path / name, 3)
        assert str(raised.value) == f"{tmp_path / name}: {complaint}"


def test_more_than_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latent_files, "machine_memory", lambda: 10_000_000)
    np.save(tmp_path / "z.npy", np.zeros((1_000_000, 3), np.uint8))
    with pytest.raises(InputError) as raised:
        read_latents(tmp_path / "z.npy", 3)
    assert str(raised.value) == (
        f"{tmp_path / 'z.npy'}: its latents are 12 MB in memory, and this machine has 10 MB: split"
        " the file"
    )


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "z.npy").mkdir()
    with pytest.raises(IsADirectoryError):
        write_latents(tmp_path / "z.npy", np.zeros((1, 3), np.float32))
    assert [path.name for path in tmp_path.iterdir()] == ["z.npy"]
