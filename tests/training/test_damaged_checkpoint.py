"""A checkpoint that is not as it was written, or that nobody of ours wrote: one clear line."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest

from gantool.errors import InputError
from gantool.training.checkpoint import (
    Header,
    read_contents,
    read_header,
    read_variables,
    write_checkpoint,
)
from gantool.training.seal import SIZE, DamagedError, check_seal, seal_of

from .resealing import resealed

HEADER = Header("name: mine\n", "/recipes", 1200, 76800, 12.5, 7, 10)
SEALED = "no gantool wrote this checkpoint"


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
    """What all three readers say alike; nothing has been assigned by then."""
    said = set()
    wanted = holders()
    for read in (read_header, read_contents, lambda path: read_variables(path, wanted)):
        with pytest.raises(DamagedError) as raised:
            read(path)
        said.add(str(raised.value))
    assert not any(holder.values for group in wanted.values() for holder in group.values())
    [line] = said
    assert "\n" not in line
    return line


def refusal(path: Path) -> str:
    """What comes of reading the variables alone."""
    wanted = holders()
    with pytest.raises(InputError) as raised:
        read_variables(path, wanted)
    assert not any(holder.values for group in wanted.values() for holder in group.values())
    return str(raised.value)


def test_a_whole_one_is_read(path: Path) -> None:
    wanted = holders()
    read_variables(path, wanted)
    with h5py.File(path) as file:
        stored = file["generator/00_Dense/kernel"][()]
    np.testing.assert_array_equal(wanted["generator"]["00_Dense/kernel"].values[0], stored)
    assert check_seal(path) == check_seal(path)


class TestDamage:
    """What disks, copies and power cuts do."""

    def test_a_bit_flipped_in_any_byte(self, path: Path) -> None:
        chosen = random.Random(0)
        content = path.read_bytes()
        handle = os.open(path, os.O_WRONLY)
        for place, byte in enumerate(content):
            os.pwrite(handle, bytes([byte ^ 1 << chosen.randrange(8)]), place)
            with pytest.raises(DamagedError) as raised:
                check_seal(path)
            assert re.fullmatch(f"{path}: [^\n]+", str(raised.value))
            os.pwrite(handle, bytes([byte]), place)
        os.close(handle)
        check_seal(path)

    def test_every_bit_of_the_seal(self, path: Path) -> None:
        handle = os.open(path, os.O_WRONLY)
        for place, byte in enumerate(path.read_bytes()[:SIZE]):
            for bit in range(8):
                os.pwrite(handle, bytes([byte ^ 1 << bit]), place)
                with pytest.raises(DamagedError):
                    check_seal(path)
            os.pwrite(handle, bytes([byte]), place)
        os.close(handle)

    def test_cut_off_at_any_length(self, path: Path) -> None:
        whole = path.stat().st_size
        for length in range(whole - 1, -1, -1):
            os.truncate(path, length)
            with pytest.raises(DamagedError) as raised:
                check_seal(path)
            if length >= SIZE:
                assert str(raised.value) == (
                    f"{path}: the checkpoint is damaged: it has {length:,} bytes of {whole:,}"
                )

    @pytest.mark.parametrize("seed", range(300))
    def test_random_damage(self, seed: int, path: Path) -> None:
        """A stretch of zeros or noise, pieces swapped or doubled, something at the end."""
        content = bytearray(path.read_bytes())
        before = bytes(content)
        chosen = random.Random(seed)
        start, end = sorted(chosen.sample(range(len(content) + 1), 2))
        kind = chosen.choice(["zeros", "noise", "lost", "doubled", "longer"])
        piece = content[start:end]
        if kind == "zeros":
            content[start:end] = bytes(len(piece))
        elif kind == "noise":
            content[start:end] = chosen.randbytes(len(piece))
        elif kind == "lost":
            del content[start:end]
        elif kind == "doubled":
            content[start:start] = piece
        else:
            content += chosen.randbytes(chosen.randrange(1, 100))
        path.write_bytes(content)
        if content == before:
            check_seal(path)
        else:
            assert complaint(path).startswith(f"{path}: ")

    def test_what_a_user_reads_of_it(self, path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[-5] ^= 1
        path.write_bytes(content)
        assert complaint(path) == (
            f"{path}: the checkpoint is damaged: its content is not the one it was written with"
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
        with resealed(path) as file:
            file.attrs["format"] = 3
        for read in (read_header, read_contents):
            with pytest.raises(InputError) as raised:
                read(path)
            assert not isinstance(raised.value, DamagedError)
            assert str(raised.value) == (
                f"{path}: a checkpoint of format 3; this gantool reads format 2;"
                " a newer gantool wrote it"
            )


@pytest.mark.parametrize("lost", ["recipe", "step", "images", "seed", "classes", "recipe_folder"])
def test_a_header_that_lacks_something(lost: str, path: Path) -> None:
    with resealed(path) as file:
        del (file if lost == "recipe" else file.attrs)[lost]
    with pytest.raises(DamagedError) as raised:
        read_header(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert lost in str(raised.value)
    assert SEALED in str(raised.value)


def external_link(file: h5py.File, other: Path) -> None:
    del file["generator/00_Dense/kernel"]
    file["generator/00_Dense/kernel"] = h5py.ExternalLink(str(other), "secret")


def soft_link(file: h5py.File, _other: Path) -> None:
    del file["generator/00_Dense/kernel"]
    file["generator/00_Dense/kernel"] = h5py.SoftLink("/generator/00_Dense/bias")


def hard_link(file: h5py.File, _other: Path) -> None:
    file["generator/00_Dense/again"] = file["generator"]


def virtual(file: h5py.File, other: Path) -> None:
    del file["generator/00_Dense/kernel"]
    layout = h5py.VirtualLayout((30, 4), "float32")
    layout[:] = h5py.VirtualSource(str(other), "secret", (30, 4))
    file.create_virtual_dataset("generator/00_Dense/kernel", layout)


def external_storage(file: h5py.File, other: Path) -> None:
    del file["generator/00_Dense/kernel"]
    file.create_dataset(
        "generator/00_Dense/kernel", (30, 4), "float32", external=[(str(other), 0, 480)]
    )


def filtered(file: h5py.File, _other: Path) -> None:
    values = file["generator/00_Dense/kernel"][()]
    del file["generator/00_Dense/kernel"]
    file.create_dataset("generator/00_Dense/kernel", data=values, compression="gzip")


def heap(file: h5py.File, _other: Path) -> None:
    file.attrs["mine"] = "text of any length"


def text_for_numbers(file: h5py.File, _other: Path) -> None:
    del file["optimizers/generator/iteration"]
    file["optimizers/generator/iteration"] = "many"


def text_of_fixed_length(file: h5py.File, _other: Path) -> None:
    del file["optimizers/generator/iteration"]
    file["optimizers/generator/iteration"] = np.bytes_("many")


def object_references(file: h5py.File, _other: Path) -> None:
    del file["optimizers/generator/iteration"]
    file["optimizers/generator/iteration"] = file["generator"].ref


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (external_link, "generator/00_Dense/kernel is a link to elsewhere"),
        (soft_link, "generator/00_Dense/kernel is a link to elsewhere"),
        (hard_link, "generator/00_Dense/again stands there twice"),
        (virtual, "it holds text or pointers on a heap"),
        (heap, "it holds text or pointers on a heap"),
        (external_storage, "generator/00_Dense/kernel does not lie in the file as plain numbers"),
        (filtered, "generator/00_Dense/kernel does not lie in the file as plain numbers"),
        (text_for_numbers, "it holds text or pointers on a heap"),
        (text_of_fixed_length, "optimizers/generator/iteration holds no numbers"),
        (object_references, "optimizers/generator/iteration holds no numbers"),
    ],
    ids=lambda item: getattr(item, "__name__", ""),
)
def test_what_is_not_plain_numbers_in_the_file_is_not_followed(
    change: Callable[[h5py.File, Path], None], reason: str, path: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["secret"] = np.ones((30, 4), np.float32)
    with resealed(path) as file:
        change(file, other)
    assert refusal(path) == f"{path}: {reason}; {SEALED}"


def huge_shape(file: h5py.File) -> None:
    del file["generator/00_Dense/kernel"]
    file.create_dataset("generator/00_Dense/kernel", (10**6, 10**6), "float32")


def test_a_shape_that_asks_for_terabytes_is_compared_before_anything_is_read(path: Path) -> None:
    with resealed(path) as file:
        huge_shape(file)
    assert refusal(path) == (
        f"{path}: generator/00_Dense/kernel has shape (1000000, 1000000), the recipe's network"
        " (30, 4)"
    )


def endless_text(file: h5py.File) -> None:
    del file["recipe"]
    file.create_dataset("recipe", (), h5py.string_dtype("utf-8", 2**30))


def text_on_the_heap(file: h5py.File) -> None:
    del file["recipe"]
    file["recipe"] = "name: mine"


def many_texts(file: h5py.File) -> None:
    del file["recipe"]
    file.create_dataset("recipe", (10**9,), h5py.string_dtype("utf-8", 100))


def test_text_on_a_heap_is_not_opened(path: Path) -> None:
    with resealed(path) as file:
        text_on_the_heap(file)
    assert complaint(path) == f"{path}: it holds text or pointers on a heap; {SEALED}"


def test_a_heap_by_chance_among_the_weights_is_none(path: Path) -> None:
    """The bytes that a heap begins with, and a size that none has."""
    with resealed(path) as file:
        numbers = np.frombuffer(b"GCOL\x01\0\0\0" + b"\xff" * 8, np.float32)
        file["generator/00_Dense/bias"][...] = numbers
    read_variables(path, holders())


def test_other_kinds_of_hdf5_are_not_opened(path: Path) -> None:
    """HDF5 has newer ways to begin a file, with offsets of other sizes."""
    content = bytearray(path.read_bytes()[SIZE:])
    content[8] = 3
    path.write_bytes(seal_of(content) + content)
    assert complaint(path) == f"{path}: the HDF5 in it does not begin as ours; {SEALED}"


@pytest.mark.parametrize("change", [endless_text, many_texts])
def test_a_recipe_that_is_no_short_text_of_a_fixed_length(
    change: Callable[[h5py.File], None], path: Path
) -> None:
    with resealed(path) as file:
        change(file)
    with pytest.raises(DamagedError) as raised:
        read_header(path)
    assert str(raised.value) == f"{path}: recipe is not a text; {SEALED}"


def test_a_header_of_other_types(path: Path) -> None:
    with resealed(path) as file:
        file.attrs["step"] = np.bytes_("twelve hundred")
    with pytest.raises(DamagedError) as raised:
        read_header(path)
    assert str(raised.value) == f"{path}: step is not a number; {SEALED}"


def test_text_that_is_not_utf_8(path: Path) -> None:
    with resealed(path) as file:
        file.attrs.create("recipe_folder", b"\xff\xfe", dtype=h5py.string_dtype("utf-8", 2))
    with pytest.raises(DamagedError) as raised:
        read_header(path)
    assert str(raised.value) == f"{path}: recipe_folder is not text in UTF-8; {SEALED}"


def test_groups_that_nest_without_end(path: Path) -> None:
    with resealed(path) as file:
        file.create_group("/".join(["generator", *"a" * 200]))
    assert refusal(path).endswith(f"is neither a data set nor a group of some; {SEALED}")


def test_noise_behind_a_seal_that_fits(path: Path) -> None:
    content = path.read_bytes()[SIZE:]
    said = []
    for seed in range(50):
        noise = bytearray(content)
        chosen = random.Random(seed)
        for place in chosen.sample(range(len(noise)), 20):
            noise[place] = chosen.randrange(256)
        path.write_bytes(seal_of(noise) + noise)
        with suppress_to(said):
            read_variables(path, holders())
    assert len(said) > 5  # where nothing but weights was hit, nobody can know
    assert all(re.fullmatch(f"{path}: [^\n]+", line) for line in said)


@contextmanager
def suppress_to(said: list[str]) -> Iterator[None]:
    try:
        yield
    except InputError as error:
        said.append(str(error))
