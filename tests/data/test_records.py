from __future__ import annotations

import gzip
import os
import struct
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gantool.data import records
from gantool.errors import InputError


def read_all(path):
    return [
        records.OpenFile(path).read(start, length) for start, length in records.index(path).tolist()
    ]


def write_with_tensorflow(path, contents, compression=None):
    with tf.io.TFRecordWriter(str(path), compression) as writer:
        for content in contents:
            writer.write(content)
    return path


def example_of_tensorflow(**features):
    kinds = {bytes: "bytes_list", int: "int64_list", float: "float_list"}
    made = tf.train.Example()
    for name, values in features.items():
        kind = kinds[type(values[0])]
        getattr(made.features.feature[name.replace("__", "/")], kind).value.extend(values)
    return made.SerializeToString()


def test_a_frame_by_hand():
    # CRC-32C of "123456789" is E3069283, the check value of its definition; a rotation by 15 bits
    # is 2507C60D, and A282EAD8 is added.
    framed = records.frame(b"123456789")
    assert framed[:8] == struct.pack("<Q", 9)
    assert framed[12:21] == b"123456789"
    assert struct.unpack("<I", framed[21:])[0] == (0x2507C60D + 0xA282EAD8) & 0xFFFFFFFF


@pytest.mark.slow
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(contents=st.lists(st.binary(max_size=300), max_size=5))
def test_what_is_written_is_read_here_and_by_tensorflow(tmp_path, contents):
    path = tmp_path / "a.tfrecord"
    path.write_bytes(b"".join(map(records.frame, contents)))
    assert read_all(path) == contents
    assert list(tf.data.TFRecordDataset(str(path)).as_numpy_iterator()) == contents


def test_files_of_tensorflow_are_read(tmp_path):
    contents = [b"one", b"", bytes(100_000)]
    path = write_with_tensorflow(tmp_path / "a.tfrecord", contents)
    index = records.index(path)
    assert index.dtype == np.int64
    assert index.tolist() == [[12, 3], [31, 0], [47, 100_000]]
    assert read_all(path) == contents
    assert records.is_tfrecord(path.read_bytes()[:12])


def test_no_tfrecord_by_its_first_bytes():
    assert not records.is_tfrecord(b"")
    assert not records.is_tfrecord(b"\x89PNG\r\n\x1a\n0123456789")


def test_an_empty_file_has_no_records(tmp_path):
    (tmp_path / "a.tfrecord").touch()
    assert records.index(tmp_path / "a.tfrecord").shape == (0, 2)


@pytest.mark.parametrize("kept", [43, 46, 47, 50, 59])
def test_a_file_that_is_cut_off_names_the_record(tmp_path, kept):
    # Records of 3 bytes are 19 long with their frames: 0, 19, 38 up to 57.
    path = write_with_tensorflow(tmp_path / "a.tfrecord", [b"abc"] * 4)
    path.write_bytes(path.read_bytes()[:kept])
    number = kept // 19
    with pytest.raises(InputError) as caught:
        records.index(path)
    assert str(caught.value) == f"{path}: the file is cut off in record {number}; copy it again"


def test_a_damaged_header_names_the_record(tmp_path):
    path = write_with_tensorflow(tmp_path / "a.tfrecord", [b"abc"] * 4)
    content = bytearray(path.read_bytes())
    content[38] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        records.index(path)
    assert str(caught.value) == f"{path}: record 2 has a damaged header; copy the file again"


def test_a_damaged_record_is_none(tmp_path):
    path = write_with_tensorflow(tmp_path / "a.tfrecord", [b"abc"] * 3)
    content = bytearray(path.read_bytes())
    content[19 + 13] ^= 1
    path.write_bytes(content)
    assert read_all(path) == [b"abc", None, b"abc"]


def test_a_compressed_file_says_what_to_do(tmp_path):
    path = write_with_tensorflow(tmp_path / "a.tfrecord", [b"abc"], "GZIP")
    with pytest.raises(InputError) as caught:
        records.index(path)
    assert str(caught.value) == (
        f"{path}: a TFRecord file compressed by gzip; decompress it (gunzip) first"
    )
    path.write_bytes(gzip.decompress(path.read_bytes()))
    assert read_all(path) == [b"abc"]
    write_with_tensorflow(path, [b"abc"], "ZLIB")
    with pytest.raises(InputError) as caught:
        records.index(path)
    assert str(caught.value) == (
        f"{path}: a TFRecord file compressed by zlib, or none; write it uncompressed or as GZIP"
    )


def test_a_compressed_file_is_read_from_memory(tmp_path):
    contents = [b"abc", bytes(10_000), b""]
    path = write_with_tensorflow(tmp_path / "a.tfrecord", contents, "GZIP")
    size = len(gzip.decompress(path.read_bytes()))
    opened = records.UnpackedFile(path, size)
    assert opened.size == size
    assert [opened.read(*span) for span in opened.spans.tolist()] == contents
    with pytest.raises(InputError) as caught:
        records.UnpackedFile(path, size - 1)
    assert str(caught.value) == (
        f"{path}: with it the compressed records have more than the 1,073,741,824 bytes that are"
        " held unpacked; decompress the files (gunzip): they are read where they lie then"
    )
    damaged = bytearray(gzip.decompress(path.read_bytes()))
    damaged[13] ^= 1
    path.write_bytes(gzip.compress(bytes(damaged)))
    assert records.UnpackedFile(path, size).read(12, 3) is None
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InputError, match="the gzip file is cut off or damaged"):
        records.UnpackedFile(path, size)


def test_another_file_is_told(tmp_path):
    path = tmp_path / "a.tfrecord"
    path.write_bytes(b"just some text, no records")
    with pytest.raises(InputError, match="not a TFRecord file, or damaged in its first bytes"):
        records.index(path)


# Examples.


@given(image=st.binary(max_size=300), label=st.none() | st.integers(-(2**63), 2**63 - 1))
def test_an_example_comes_back_here_and_in_tensorflow(image, label):
    encoded = records.encode_example(image, label)
    expected = {"image_raw": ("bytes", [image])}
    if label is not None:
        expected["label"] = ("int64", [label])
    assert records.decode_example(encoded) == expected
    theirs = tf.train.Example.FromString(encoded).features.feature
    assert theirs["image_raw"].bytes_list.value == [image]
    assert list(theirs["label"].int64_list.value) == ([] if label is None else [label])


def test_equal_input_is_equal_bytes():
    assert (
        records.encode_example(b"x", 3)
        == bytes.fromhex(
            "0a24"  # features, 36 bytes
            "0a12" + "0a09" + b"image_raw".hex() + "1205" + "0a03" + "0a01" + "78"
            "0a0e" + "0a05" + b"label".hex() + "1205" + "1a03" + "0a01" + "03"
        )
    )


def test_features_of_every_kind():
    record = example_of_tensorflow(
        image__encoded=[b"png"], label=[7, -8], ratio=[0.5, 2.0], names=[b"a", b"b"]
    )
    assert records.decode_example(record) == {
        "image/encoded": ("bytes", [b"png"]),
        "label": ("int64", [7, -8]),
        "ratio": ("float", [0.5, 2.0]),
        "names": ("bytes", [b"a", b"b"]),
    }


def test_features_without_values_do_not_count():
    assert records.decode_example(example_of_tensorflow(label=[2.5])) == {"label": ("float", [2.5])}
    empty = tf.train.Example()
    empty.features.feature["image"].bytes_list.SetInParent()
    _ = empty.features.feature["nothing"]
    assert records.decode_example(empty.SerializeToString()) == {}
    assert records.decode_example(b"") == {}


@given(st.binary(max_size=200), st.integers(0, 400), st.integers(0, 255))
def test_damaged_bytes_are_none_or_an_example(image, position, value):
    assert records.decode_example(b"\xff" * 10) is None
    damaged = bytearray(records.encode_example(image, 5))
    damaged[position % len(damaged)] = value
    decoded = records.decode_example(bytes(damaged))
    assert decoded is None or all(feature.values for feature in decoded.values())


def test_reading_records_does_not_import_tensorflow():
    code = (
        "import sys, gantool.data.records as r; r.decode_example(r.encode_example(b'x', 1));"
        "assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_record_that_no_image_needs_is_refused(tmp_path):
    path = tmp_path / "a.tfrecord"
    for length, allowed in ((records.MAX_BYTES, True), (records.MAX_BYTES + 1, False)):
        header = struct.pack("<Q", length)
        whole = records.frame(b"first") + header + records.frame(header)[-4:]
        path.write_bytes(whole)
        os.truncate(path, len(whole) + length + 4)
        if allowed:
            assert records.index(path).tolist()[1][1] == length
            continue
        with pytest.raises(InputError) as caught:
            records.index(path)
        assert str(caught.value) == (
            f"{path}: record 1 has 67,108,865 bytes, more than the 67,108,864 allowed"
        )


def test_a_length_beyond_any_number_of_the_system(tmp_path):
    path = tmp_path / "a.tfrecord"
    for length in (1 << 62, (1 << 63) - 16, (1 << 64) - 16, (1 << 64) - 1):
        header = struct.pack("<Q", length)
        path.write_bytes(header + records.frame(header)[-4:] + b"content")
        with pytest.raises(InputError) as caught:
            records.index(path)
        assert str(caught.value) == f"{path}: the file is cut off in record 0; copy it again"


def test_features_without_end_are_no_example():
    def of(count):
        empty = b"\x0a\x00" * count
        return records.decode_example(example_of_tensorflow(label=[3]) + b"\x0a" + size(empty))

    def size(body):
        return bytes([len(body) & 127 | 128, len(body) >> 7]) + body

    assert of(999) == {"label": ("int64", [3])}
    assert of(1000) is None
