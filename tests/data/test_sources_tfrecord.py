from __future__ import annotations

import numpy as np
import pytest

from gantool.data import records
from gantool.data.images import UnreadableImageError
from gantool.data.sources import open_source
from gantool.errors import InputError


@pytest.fixture
def write(plain):
    """Write a file of images that all have one value; labels for those that are given one."""

    def write(path, values, labels=None):
        path.parent.mkdir(parents=True, exist_ok=True)
        labels = labels or [None] * len(values)
        pairs = zip(values, labels, strict=True)
        examples = (records.encode_example(plain(value), label) for value, label in pairs)
        path.write_bytes(b"".join(map(records.frame, examples)))
        return path

    return write


def values(source):
    return [int(np.asarray(source.image(index)).flat[0]) for index in range(len(source))]


def test_one_file(tmp_path, write, data):
    path = write(tmp_path / "a.tfrecord", [1, 2, 3])
    source = open_source(data(path), None)
    assert values(source) == [1, 2, 3]
    assert (source.name, source.labels, source.classes) == ("a.tfrecord", None, ())
    assert source.where(2) == f"{path}, record 2"


def test_a_folder_and_a_pattern_are_read_in_order(tmp_path, write, data):
    write(tmp_path / "set/b.tfrecord", [3])
    write(tmp_path / "set/a.tfrecord", [1, 2])
    write(tmp_path / "set/c.tfrecord-00000-of-00001", [4])
    (tmp_path / "set/manifest.json").touch()
    source = open_source(data(tmp_path / "set"), None)
    assert (values(source), source.name) == ([1, 2, 3, 4], "set")
    assert source.where(2) == f"{tmp_path}/set/b.tfrecord, record 0"
    assert values(open_source(data(tmp_path / "set/*.tfrecord"), None)) == [1, 2, 3]
    assert values(open_source(data(tmp_path / "**/a.*"), None)) == [1, 2]


def test_the_content_decides_not_the_name(tmp_path, write, data):
    assert values(open_source(data(write(tmp_path / "faces.bin", [9])), None)) == [9]


def test_labels(tmp_path, write, data):
    write(tmp_path / "a.tfrecord", [1, 2], [4, 0])
    write(tmp_path / "b.tfrecord", [3], [2])
    source = open_source(data(tmp_path, labels=True), None)
    assert source.labels.dtype == np.int32
    assert source.labels.tolist() == [4, 0, 2]
    assert source.classes == ("0", "1", "2", "3", "4")
    assert open_source(data(tmp_path), None).labels is None


def test_a_set_without_labels_is_told_at_once(tmp_path, write, data):
    path = write(tmp_path / "a.tfrecord", [1, 2])
    with pytest.raises(InputError) as caught:
        open_source(data(path, labels=True), None)
    assert str(caught.value) == (
        f"{path}, record 0: data.labels is true, but the record has no class number (int64 under"
        " label or image/class/label); write one into each, or set data.labels to false"
    )


def test_a_record_without_a_label_is_told(tmp_path, write, data):
    path = write(tmp_path / "a.tfrecord", [1, 2], [0, None])
    source = open_source(data(path, labels=True), None)
    with pytest.raises(InputError, match=r"record 1: data\.labels is true, but the record has no"):
        _ = source.labels


@pytest.mark.parametrize("label", [-1, 100_000, 2**40])
def test_a_label_that_is_no_class_number(tmp_path, write, data, label):
    path = write(tmp_path / "a.tfrecord", [1], [label])
    with pytest.raises(InputError) as caught:
        open_source(data(path, labels=True), None)
    assert str(caught.value) == (
        f"{path}, record 0: its label is {label}; labels are class numbers from 0 to 99,999"
    )


def test_unreadable_records_are_named(tmp_path, data):
    path = tmp_path / "a.tfrecord"
    contents = (records.encode_example(b"text"), b"\xff\xff", b"", b"ok")
    path.write_bytes(b"".join(map(records.frame, contents)))
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    source = open_source(data(path), None)
    for index, reason in enumerate(
        [
            "not an image (PNG, JPEG, WEBP, GIF, BMP, TIFF, PPM), or cut off in its first bytes",
            "the record is no tf.train.Example",
            "no encoded image in it (bytes under one of image_raw, image/encoded, image);"
            " it holds nothing",
            "the record is damaged: its checksum does not fit",
        ]
    ):
        with pytest.raises(UnreadableImageError) as caught:
            source.image(index)
        assert str(caught.value) == f"{path}, record {index}: {reason}"


def test_a_truncated_shard_is_told_when_it_is_opened(tmp_path, write, data):
    write(tmp_path / "a.tfrecord", [1])
    path = write(tmp_path / "b.tfrecord", [2, 3])
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError) as caught:
        open_source(data(tmp_path), None)
    assert str(caught.value) == f"{path}: the file is cut off in record 1; copy it again"


def test_no_records(tmp_path, data):
    (tmp_path / "a.tfrecord").touch()
    with pytest.raises(InputError) as caught:
        open_source(data(tmp_path), None)
    assert str(caught.value) == f"{tmp_path}/a.tfrecord: no records in this file"


def test_names_of_features_make_no_lines_and_no_pages(tmp_path, data):
    def field(number, content):
        return bytes([number << 3 | 2, len(content) & 127 | 128, len(content) >> 7]) + content

    names = ["a\nb\x1b[2J", "z" * 100, *(f"c{number:02}" for number in range(15))]
    example = field(1, b"".join(field(1, field(1, name.encode())) for name in names))
    path = tmp_path / "a.tfrecord"
    path.write_bytes(records.frame(example))
    with pytest.raises(UnreadableImageError) as caught:
        open_source(data(path), None).image(0)
    listed = ", ".join(["a\\nb\\x1b[2J", *(f"c{number:02}" for number in range(9))])
    assert str(caught.value).endswith(f"it holds {listed} and 7 more")
    path.write_bytes(records.frame(field(1, field(1, field(1, b"z" * 100)))))
    with pytest.raises(UnreadableImageError) as caught:
        open_source(data(path), None).image(0)
    assert str(caught.value).endswith(f"it holds {'z' * 60}…")
