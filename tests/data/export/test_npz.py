"""Arrays written block by block into an .npz file that NumPy and gantool read."""

from __future__ import annotations

import resource
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gantool.data.export.npz import Member, write_npz
from gantool.data.inspection.survey import survey

pick = np.random.default_rng(0)


def test_numpy_reads_what_was_written(tmp_path: Path) -> None:
    images = pick.integers(0, 256, (10, 4, 5, 3), np.uint8)
    seeds, points = np.arange(10) + 2**40, pick.normal(size=(10, 2)).astype(np.float32)
    write_npz(
        tmp_path / "a.npz",
        [
            Member("images", images.shape, np.uint8, [images[:7], images[7:7], images[7:]]),
            Member("seeds", (10,), "<i8", iter([seeds[:1], seeds[1:]])),
            Member("points", (10, 2), np.float32, [points.astype(np.float64)]),
        ],
    )
    with np.load(tmp_path / "a.npz", allow_pickle=False) as read:
        assert read.files == ["images", "seeds", "points"]
        for name, expected in (("images", images), ("seeds", seeds), ("points", points)):
            assert read[name].dtype == expected.dtype
            np.testing.assert_array_equal(read[name], expected)


def test_gantool_reads_it_as_a_set(tmp_path: Path) -> None:
    images = pick.integers(0, 256, (6, 8, 8, 1), np.uint8)
    members = [
        Member("images", images.shape, np.uint8, [images]),
        Member("labels", (6,), "<i4", [np.array([0, 1, 2, 0, 1, 2])]),
    ]
    write_npz(tmp_path / "a.npz", members)
    found = survey(str(tmp_path / "a.npz"), lambda _done, _count: None)
    assert "6" in str(found)


def test_the_same_arrays_make_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.npz", "two.npz"):
        write_npz(tmp_path / name, [Member("a", (2, 3), np.uint8, [np.zeros((2, 3))])])
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


@pytest.mark.parametrize("rows", [1, 3])
def test_other_rows_than_stated_leave_no_file(rows: int, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^a: not the rows of \(2, 3\)$"):
        write_npz(tmp_path / "a.npz", [Member("a", (2, 3), np.uint8, [np.zeros((rows, 3))])])
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_does_not_fit_is_not_left_short(tmp_path: Path) -> None:
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, usual[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_npz(tmp_path / "a.npz", [Member("a", (9999,), np.uint8, [np.zeros(9999)])])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert list(tmp_path.iterdir()) == []


def peak(path: Path, blocks: int) -> int:
    """Bytes that Python holds at most while so many blocks of 64 KB are written."""

    def given() -> Iterator[np.ndarray]:
        for _ in range(blocks):
            yield np.zeros((16, 64, 64, 1), np.uint8)

    tracemalloc.start()
    try:
        write_npz(path, [Member("images", (16 * blocks, 64, 64, 1), np.uint8, given())])
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_number_of_images(tmp_path: Path) -> None:
    few, many = peak(tmp_path / "few.npz", 8), peak(tmp_path / "many.npz", 256)
    assert (tmp_path / "many.npz").stat().st_size > 16_000_000
    assert many < few + 100_000
