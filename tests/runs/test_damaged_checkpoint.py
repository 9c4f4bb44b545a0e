"""A checkpoint that is not as it was written, or that nobody of ours wrote: one clear line."""

from __future__ import annotations

import hashlib
import os
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from gantool.errors import InputError
from gantool.runs.checkpoint import Checkpoint, DamagedError
from gantool.runs.checkpoint_format import SEAL_SIZE, Header
from gantool.runs.checkpoint_writing import write_checkpoint

from .resealing import HDF5, index_of, reseal, seal_of, with_index, with_line

HEADER = Header("name: mine\n", "/recipes", 1200, 76800, 12.5, 7, 10)
SEALED = "no gantool wrote this checkpoint"
CHANGED = "the checkpoint is damaged: its content is not the one it was written with"
KERNEL = "generator/00_Dense/kernel"


class Holder:
    """Stands in for a variable; says whether anything was assigned."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.values: list[np.ndarray] = []

    def assign(self, value: np.ndarray) -> None:
        self.values.append(value)


def holders() -> dict[str, dict[str, Holder]]:
    return {
        "generator": {"00_Dense/kernel": Holder((30, 4)), "00_Dense/bias": Holder((4,))},
        "optimizers/generator": {"iteration": Holder(())},
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "step-00001200.h5"
    random_numbers = np.random.default_rng(0)
    values = {
        group: {
            key: random_numbers.normal(size=item.shape).astype(np.float32)
            for key, item in members.items()
        }
        for group, members in holders().items()
    }
    write_checkpoint(path, HEADER, values)
    return path


def complaint(path: Path) -> str:
    with pytest.raises(DamagedError) as raised:
        Checkpoint(path)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def refusal(path: Path) -> str:
    """What comes of opening and reading."""
    wanted = holders()
    with pytest.raises(InputError) as raised:
        Checkpoint(path).read(wanted)
    assert not any(holder.values for group in wanted.values() for holder in group.values())
    return str(raised.value)


def test_a_whole_one_is_read(path: Path) -> None:
    wanted = holders()
    checkpoint = Checkpoint(path)
    checkpoint.read(wanted)
    with h5py.File(path) as file:
        stored = file[KERNEL][()]
    np.testing.assert_array_equal(wanted["generator"]["00_Dense/kernel"].values[0], stored)
    assert checkpoint.sha256 == hashlib.sha256(path.read_bytes()[SEAL_SIZE:]).hexdigest()


class TestDamage:
    """What disks, copies and power cuts do."""

    @pytest.mark.parametrize("where", ["end of the seal", "index", "numbers", "last byte"])
    def test_a_flipped_bit(self, where: str, path: Path) -> None:
        content = bytearray(path.read_bytes())
        places = {
            "end of the seal": SEAL_SIZE - 1,
            "index": SEAL_SIZE,
            "numbers": index_of(path)["variables"][KERNEL]["offset"],
            "last byte": -1,
        }
        content[places[where]] ^= 1
        path.write_bytes(content)
        assert complaint(path) == f"{path}: {CHANGED}"

    def test_the_seal_of_another_of_the_same_length(self, path: Path) -> None:
        content = path.read_bytes()[SEAL_SIZE:]
        path.write_bytes(seal_of(content[::-1]) + content)
        assert complaint(path) == f"{path}: {CHANGED}"

    def test_a_flipped_bit_far_behind(self, path: Path) -> None:
        """Files are read piece by piece."""
        reseal(path, bytes(3_000_000))
        with pytest.raises(DamagedError, match="its index does not end"):
            Checkpoint(path)
        with path.open("r+b") as file:
            file.seek(-1, os.SEEK_END)
            file.write(b"\1")
        assert complaint(path) == f"{path}: {CHANGED}"

    def test_a_flipped_bit_at_the_beginning(self, path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[20] ^= 1
        path.write_bytes(content)
        assert complaint(path) == (
            f"{path}: the checkpoint is damaged: its first 512 bytes are not as they were written"
        )

    @pytest.mark.parametrize("kept", [0.0, 0.2, 0.5, 0.9, 0.999])
    def test_cut_off(self, kept: float, path: Path) -> None:
        whole = path.stat().st_size
        length = SEAL_SIZE + int(kept * (whole - SEAL_SIZE))
        os.truncate(path, length)
        assert complaint(path) == (
            f"{path}: the checkpoint is damaged: it has {length:,} bytes of {whole:,}"
        )

    @pytest.mark.parametrize("length", [1, 11, 12, 100, SEAL_SIZE - 1])
    def test_cut_off_within_the_seal(self, length: int, path: Path) -> None:
        os.truncate(path, length)
        assert complaint(path).startswith(f"{path}: ")

    def test_one_byte_too_many(self, path: Path) -> None:
        whole = path.stat().st_size
        path.write_bytes(path.read_bytes() + b"\n")
        assert complaint(path) == (
            f"{path}: the checkpoint is damaged: it has {whole + 1:,} bytes of {whole:,}"
        )


class TestOtherFiles:
    """What is no checkpoint at all."""

    def test_a_text(self, path: Path) -> None:
        path.write_text("I am a checkpoint, believe me.\n" * 100)
        assert complaint(path) == (
            f"{path}: not a checkpoint of gantool, or damaged in its first bytes"
        )

    def test_nothing(self, path: Path) -> None:
        path.write_bytes(b"")
        assert complaint(path) == f"{path}: the file is empty"

    def test_a_folder(self, tmp_path: Path) -> None:
        assert refusal(tmp_path) == f"{tmp_path}: not a file"

    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        assert refusal(tmp_path / "pipe") == f"{tmp_path}/pipe: not a file"

    def test_other_hdf5(self, tmp_path: Path) -> None:
        path = tmp_path / "a.h5"
        with h5py.File(path, "w") as file:
            file["temperatures"] = [1.0, 2.0]
        assert complaint(path) == (
            f"{path}: an HDF5 file, but not a checkpoint that this gantool reads (it has no seal)"
        )

    def test_a_newer_format_is_no_damage(self, path: Path) -> None:
        with_line(path, b'{"format": 3, "what": "is in it, nobody knows here"}')
        with pytest.raises(InputError) as raised:
            Checkpoint(path)
        assert not isinstance(raised.value, DamagedError)
        assert str(raised.value) == (
            f"{path}: a checkpoint of format 3; this gantool reads format 2;"
            " a newer gantool wrote it"
        )


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"null",
        b"[" * 100_000,
        b'{"format": 2}',
        b'{"format": "2"}',
        b'{"format": 2.0, "header": {}}',
        b"\xff\xfe",
        b"a" * 1000,
    ],
    ids=lambda line: line[:20].decode(errors="replace"),
)
def test_an_index_that_is_none(line: bytes, path: Path) -> None:
    content = path.read_bytes()
    room = max(content.index(HDF5) - SEAL_SIZE, len(line) + 1)
    reseal(path, line.ljust(room, b"\n") + content[content.index(HDF5) :])
    assert re.fullmatch(f"{path}: its index is wrong: .*; {SEALED}", complaint(path))


LATER = ("retries", "machine", "ways")
"""What headers of older versions lack."""


def test_an_index_without_an_end(path: Path) -> None:
    reseal(path, b"[" * 5000)
    assert complaint(path) == f"{path}: its index does not end; {SEALED}"


@pytest.mark.parametrize("lost", [it.name for it in fields(Header) if it.name not in LATER])
def test_a_header_that_lacks_something(lost: str, path: Path) -> None:
    with_index(path, lambda index: index["header"].pop(lost))
    assert complaint(path).startswith(f"{path}: its index is wrong: header.{lost}: Field required")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("step", "twelve hundred"),
        ("step", -1),
        ("step", 2**63),
        ("step", 1.5),
        ("step", True),
        ("seconds", float("nan")),
        ("seconds", -1.0),
        ("recipe", ["name: mine"]),
        ("recipe_folder", None),
    ],
)
def test_a_header_of_other_types(name: str, value: Any, path: Path) -> None:
    with_index(path, lambda index: index["header"].update({name: value}))
    assert complaint(path).startswith(f"{path}: its index is wrong: ")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"offset": 10**9}, f"{KERNEL} does not lie in the file"),
        ({"offset": 2**63 - 1}, f"{KERNEL} does not lie in the file"),
        ({"offset": -1}, f"its index is wrong: variables.{KERNEL}.offset: "),
        ({"shape": [10**6, 10**6]}, f"{KERNEL} does not lie in the file"),
        ({"shape": [2**62, 2**62, 2**62]}, f"{KERNEL} does not lie in the file"),
        ({"shape": [0, 10**18]}, "generator/00_Dense/kernel has shape (0, "),
        ({"shape": [-30, -4]}, f"its index is wrong: variables.{KERNEL}.shape.0: "),
        ({"shape": [1] * 40}, f"its index is wrong: variables.{KERNEL}.shape: "),
        ({"shape": [4, 30]}, "generator/00_Dense/kernel has shape (4, 30), the recipe's network"),
        ({"dtype": "object"}, f"its index is wrong: variables.{KERNEL}.dtype: "),
        ({"dtype": "S100"}, f"its index is wrong: variables.{KERNEL}.dtype: "),
        ({"path": "/etc/passwd"}, f"its index is wrong: variables.{KERNEL}.path: "),
    ],
    ids=str,
)
def test_a_place_that_is_none(change: dict[str, Any], reason: str, path: Path) -> None:
    with_index(path, lambda index: index["variables"][KERNEL].update(change))
    assert refusal(path).startswith(f"{path}: {reason}")


def test_names_from_a_file_reach_no_terminal_as_they_are(path: Path) -> None:
    def rename(index: dict[str, Any]) -> None:
        index["variables"]["\x1b[2J"] = {"dtype": "int8", "shape": [10**12], "offset": 0}

    with_index(path, rename)
    assert "\x1b" not in complaint(path)


def test_what_hdf5_says_is_not_followed(path: Path, tmp_path: Path) -> None:
    """Links, virtual data sets and the like are for other readers; here the index counts."""
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["secret"] = np.ones((30, 4), np.float32)
    wanted = holders()
    Checkpoint(path).read(wanted)
    with h5py.File(path, "r+") as file:
        del file[KERNEL]
        file[KERNEL] = h5py.ExternalLink(str(other), "secret")
    reseal(path, path.read_bytes()[SEAL_SIZE:])
    again = holders()
    Checkpoint(path).read(again)
    [before], [after] = (it["generator"]["00_Dense/kernel"].values for it in (wanted, again))
    np.testing.assert_array_equal(after, before)


def test_noise_behind_a_seal_that_fits(path: Path) -> None:
    content = path.read_bytes()[SEAL_SIZE:]
    said = []
    for seed in range(100):
        noise = bytearray(content)
        chosen = random.Random(seed)
        for place in chosen.sample(range(1000), 3):
            noise[place] = chosen.randrange(256)
        reseal(path, bytes(noise))
        with suppress_to(said):
            Checkpoint(path).read(holders())
    assert len(said) > 30  # where nothing but a number was hit, nobody can know
    assert all(re.fullmatch(f"{path}: [^\n\x1b]+", line) for line in said)


@contextmanager
def suppress_to(said: list[str]) -> Iterator[None]:
    try:
        yield
    except InputError as error:
        said.append(str(error))
