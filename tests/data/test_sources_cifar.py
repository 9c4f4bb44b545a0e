from __future__ import annotations

import os
import pickle
import struct
import tracemalloc

import numpy as np
import pytest

from gantool.data.sources.cifar import BATCHES, CifarSource
from gantool.errors import InputError


def text(value):
    """A string of Python 2, as protocol 2 pickles it."""
    return b"T" + struct.pack("<i", len(value)) + value


def integer(value):
    return b"J" + struct.pack("<i", value)


def array(rows, order=b"\x89", code=b"u1"):
    """An array as NumPy pickled it under Python 2: the bytes of the real files look like this."""
    return (
        b"cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08"
        b"K\x00\x85U\x01b\x87Rq\x09("
        b"K\x01" + integer(rows.shape[0]) + integer(rows.shape[1]) + b"\x86"
        b"cnumpy\ndtype\nq\x0aU"
        + bytes([len(code)])
        + code
        + b"K\x00K\x01\x87Rq\x0b(K\x03U\x01|NNN"
        b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        + order
        + text(rows.tobytes("F" if order == b"\x88" else "C"))
        + b"tb"
    )


def dictionary(**values):
    return b"\x80\x02}q\x01(" + b"".join(text(k.encode()) + v for k, v in values.items()) + b"u."


def numbers(values):
    return b"](" + b"".join(integer(value) for value in values) + b"e"


def batch(rows, labels, **keys):
    return dictionary(
        batch_label=text(b"training batch 1 of 5"),
        labels=numbers(labels),
        data=array(rows, **keys),
        filenames=b"](" + b"".join(text(b"x.png") for _ in labels) + b"e",
    )


@pytest.fixture
def rows():
    """Two images for each of the five batches."""
    return np.random.default_rng(0).integers(0, 256, (10, 3072), np.uint8)


@pytest.fixture
def folder(tmp_path, rows):
    for number, name in enumerate(BATCHES):
        part = rows[2 * number : 2 * number + 2]
        content = batch(part, [number, 9 - number], order=b"\x88" if number == 1 else b"\x89")
        (tmp_path / name).write_bytes(content)
    names = b"](" + b"".join(text(f"class {n}".encode()) for n in range(10)) + b"e"
    (tmp_path / "batches.meta").write_bytes(dictionary(label_names=names))
    return tmp_path


def message(folder, labelled=True):
    with pytest.raises(InputError) as caught:
        CifarSource(folder, "cifar10", labelled)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_pickles_are_those_of_python_2(rows):
    """Read by Python itself, so that the test's own writer is right."""
    content = pickle.loads(batch(rows, range(10)), encoding="bytes")
    assert np.array_equal(content[b"data"], rows)
    assert content[b"labels"] == list(range(10))


def test_the_images(folder, rows):
    source = CifarSource(folder, "cifar10", labelled=False)
    assert (source.name, len(source), source.labels, source.classes) == ("cifar10", 10, None, ())
    for index in range(10):
        image = source.image(index)
        assert (image.mode, image.size) == ("RGB", (32, 32))
        pixels = np.asarray(image)
        for channel in range(3):
            plane = rows[index, 1024 * channel : 1024 * (channel + 1)].reshape(32, 32)
            assert np.array_equal(pixels[:, :, channel], plane)


def test_the_labels(folder):
    source = CifarSource(folder, "cifar10", labelled=True)
    assert source.labels is not None
    assert source.labels.dtype == np.int32
    assert source.labels.tolist() == [0, 9, 1, 8, 2, 7, 3, 6, 4, 5]
    assert source.classes == tuple(f"class {number}" for number in range(10))


def test_where_an_image_lies(folder):
    source = CifarSource(folder, "cifar10", labelled=False)
    assert source.where(0) == f"{folder}/data_batch_1, image 0"
    assert source.where(3) == f"{folder}/data_batch_2, image 1"
    assert source.where(9) == f"{folder}/data_batch_5, image 1"


def test_classes_without_names(folder):
    (folder / "batches.meta").write_bytes(dictionary(label_names=text(b"x")))
    source = CifarSource(folder, "cifar10", labelled=True)
    assert source.classes == tuple("0123456789")


def test_pickles_of_a_newer_numpy(folder, rows):
    content = {b"data": rows[:2], b"labels": [3, 4]}
    (folder / BATCHES[0]).write_bytes(pickle.dumps(content, protocol=4))
    assert np.asarray(CifarSource(folder, "x", True).image(1))[0, 0, 0] == rows[1, 0]


class Evil:
    def __reduce__(self):
        return os.mkdir, ("evil",)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (pickle.dumps({b"data": Evil()}), "posix.mkdir"),
        (b"cbuiltins\neval\n(U\x011tR.", "builtins.eval"),
        (b"cnumpy\nload\n(U\x01xtR.", "numpy.load"),
        (b"cnumpy.core.multiarray\nfromfile\n(U\x01xtR.", "numpy.core.multiarray.fromfile"),
    ],
)
def test_a_pickle_that_calls_anything_else_is_refused(folder, monkeypatch, content, name):
    monkeypatch.chdir(folder)
    (folder / BATCHES[2]).write_bytes(content)
    assert message(folder) == (
        f"{folder}/data_batch_3: not a file of CIFAR-10, or damaged: it calls {name}, which no file"
        " of CIFAR-10 does"
    )
    assert not (folder / "evil").exists()


def test_the_names_of_the_classes_are_read_as_carefully(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "batches.meta").write_bytes(pickle.dumps(Evil()))
    assert message(folder).endswith("it calls posix.mkdir, which no file of CIFAR-10 does")
    assert not (folder / "evil").exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (array(np.zeros((1, 2), np.uint8), code=b"O8"), "an array in it is not one of unsigned"),
        (array(np.zeros((1, 2), np.uint8), code=b"i4"), "an array in it is not one of unsigned"),
        (b"cnumpy\nndarray\n(K\x01tR.", "it makes an array in an unusual way"),
        # The state of what stands for numpy.dtype, with an attribute to set.
        (b"cnumpy\ndtype\n(N}(X\x05\x00\x00\x00_makeNutb.", "it sets '_make'"),
        (b"cnumpy.core.multiarray\n_reconstruct\n(NNNtR(K\x01(K\x02tNI00\nU\x02xxtb.", "an array"),
    ],
)
def test_a_pickle_that_misuses_what_is_allowed_is_refused(folder, content, reason):
    (folder / BATCHES[0]).write_bytes(b"\x80\x02" + content + b".")
    start = f"{folder}/data_batch_1: not a file of CIFAR-10, or damaged: {reason}"
    assert message(folder).startswith(start)


@pytest.mark.parametrize(
    "content", [b"", b"\x80\x02", b"text", b"\x80\x02](K\x01e.", b"\x80\x02N."]
)
def test_what_is_no_pickle_of_a_dict(folder, content):
    (folder / BATCHES[0]).write_bytes(content)
    assert message(folder).startswith(f"{folder}/data_batch_1: not a file of CIFAR-10")


def test_a_batch_that_is_cut_off(folder, rows):
    content = batch(rows, range(10))
    for end in (20, 200, len(content) // 2, len(content) - 1):
        (folder / BATCHES[0]).write_bytes(content[:end])
        assert message(folder).startswith(f"{folder}/data_batch_1: not a file of CIFAR-10")


@pytest.mark.parametrize(
    "content",
    [
        dictionary(labels=numbers([1])),
        dictionary(data=text(b"x"), labels=numbers([1])),
        dictionary(data=array(np.zeros((1, 3071), np.uint8)), labels=numbers([1])),
        dictionary(data=array(np.zeros((2, 3072), np.uint8)), labels=numbers([1])),
        dictionary(data=array(np.zeros((1, 3072), np.uint8)), labels=numbers([10])),
        dictionary(data=array(np.zeros((1, 3072), np.uint8)), labels=numbers([-1])),
        dictionary(data=array(np.zeros((1, 3072), np.uint8)), labels=b"](G" + bytes(8) + b"e"),
        dictionary(data=b"cnumpy.core.multiarray\n_reconstruct\n(NNNtR", labels=numbers([1])),
    ],
)
def test_a_batch_of_something_else(folder, content):
    (folder / BATCHES[3]).write_bytes(content)
    assert message(folder) == (
        f"{folder}/data_batch_4: not a batch of CIFAR-10: rows of 3,072 bytes and as many labels"
        " from 0 to 9 are expected; run `gantool download cifar10` again"
    )


@pytest.mark.parametrize("code", [b"r\xff\xff\xff\x0f", b"p268435455\n"])
def test_memory_that_it_has_no_use_for(folder, code):
    """The unpickler sets aside as many places as the number that something is remembered by."""
    (folder / BATCHES[0]).write_bytes(b"\x80\x02]" + code + b".")
    tracemalloc.start()
    try:
        assert message(folder) == (
            f"{folder}/data_batch_1: not a file of CIFAR-10, or damaged: it asks for memory that it"
            " has no use for"
        )
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_what_is_no_file_of_its_size(folder):
    os.truncate(folder / BATCHES[0], 1 << 40)
    told = f"{folder}/data_batch_1: not a file of CIFAR-10: it is larger than any, or no plain file"
    assert message(folder) == told
    (folder / BATCHES[0]).unlink()
    os.mkfifo(folder / BATCHES[0])
    assert message(folder) == told
