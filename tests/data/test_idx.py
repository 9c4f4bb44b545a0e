from __future__ import annotations

import gzip
import hashlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from gantool.data import idx
from gantool.errors import InputError

SMALL = bytes.fromhex("00000802 00000002 00000003") + bytes(range(6))
LARGE = bytes.fromhex("00000801 00000300") + bytes(range(256)) * 3


@pytest.mark.parametrize("name", ["small", "small.gz"])
def test_reads_the_numbers_in_the_shape_of_the_header(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(gzip.compress(SMALL) if name.endswith(".gz") else SMALL)
    assert idx.shape(path) == (2, 3)
    assert idx.peek(path, 4) == b"\x00\x00\x08\x02"
    numbers = idx.read(path)
    assert numbers.dtype == np.uint8
    assert numbers.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_compression_is_seen_by_content_not_by_name(tmp_path):
    (tmp_path / "plain.gz").write_bytes(SMALL)
    (tmp_path / "zipped").write_bytes(gzip.compress(SMALL))
    assert idx.read(tmp_path / "plain.gz").tolist() == idx.read(tmp_path / "zipped").tolist()


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(array=arrays(np.uint8, array_shapes(max_dims=4, max_side=4)), zipped=st.booleans())
def test_any_array_comes_back(tmp_path, write_idx, array, zipped):
    path = write_idx(tmp_path / ("a.gz" if zipped else "a"), array)
    np.testing.assert_array_equal(idx.read(path), array)


def test_mnist_is_what_its_authors_published(real_data):
    images = idx.read(real_data / "mnist" / "train-images-idx3-ubyte.gz")
    labels = idx.read(real_data / "mnist" / "train-labels-idx1-ubyte.gz")
    assert images.shape == (60000, 28, 28)
    assert labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    header = bytes.fromhex("00000803 0000ea60 0000001c 0000001c")
    content = hashlib.md5(header + images.tobytes()).hexdigest()
    assert content == "6bbc9ace898e44ae57da46a324031adb"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an IDX file of unsigned bytes: it is empty, where 00 00 08 is expected"),
        (
            b"\x89PNG\r\n",
            "not an IDX file of unsigned bytes: it begins with 89 50 4e 47,"
            " where 00 00 08 is expected",
        ),
        (
            b"\0\0\x0d\1" + bytes(8),
            "not an IDX file of unsigned bytes: it begins with 00 00 0d 01,"
            " where 00 00 08 is expected",
        ),
        (SMALL[:9], "the file is cut off in its header; copy or download it again"),
        (
            SMALL[:-2],
            "the file is cut off: its header announces 6 bytes of data and 4 are there;"
            " copy or download it again",
        ),
        (
            SMALL + b"\0",
            "the file is longer than the 6 bytes of data that its header announces;"
            " copy or download it again",
        ),
    ],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_a_wrong_file_is_told(tmp_path, content, message, zipped):
    path = tmp_path / "digits"
    path.write_bytes(gzip.compress(content) if zipped else content)
    with pytest.raises(InputError) as caught:
        idx.read(path)
    assert str(caught.value) == f"{path}: {message}"


def test_a_header_that_promises_more_than_memory_holds_is_told(tmp_path):
    path = tmp_path / "digits"
    path.write_bytes(b"\0\0\x08\x03" + b"\xff" * 12 + b"abc")
    for read in (idx.shape, idx.read):
        with pytest.raises(InputError) as caught:
            read(path)
        assert str(caught.value) == (
            f"{path}: its header announces 79,228,162,458,924,105,385,300,197,375 bytes of data,"
            " more than the 1,073,741,824 allowed"
        )


def test_dimensions_that_no_array_has_are_told(tmp_path):
    path = tmp_path / "digits"
    path.write_bytes(b"\0\0\x08\xff" + b"\0\0\0\1" * 255 + b"x")
    with pytest.raises(InputError) as caught:
        idx.read(path)
    assert str(caught.value) == f"{path}: 255 dimensions are more than the 4 allowed"


@pytest.mark.parametrize(
    "damage", [lambda z: z[:-12], lambda z: z[:-4], lambda z: z[:40] + b"!!" + z[42:]]
)
def test_a_damaged_gzip_file_is_told(tmp_path, damage):
    path = tmp_path / "digits.gz"
    path.write_bytes(damage(gzip.compress(LARGE)))
    with pytest.raises(InputError, match=r"digits\.gz: the gzip file is cut off or damaged \("):
        idx.read(path)
