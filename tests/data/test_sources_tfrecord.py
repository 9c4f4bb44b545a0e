from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
import tensorflow as tf

from gantool.data import records
from gantool.data.decoding import UnreadableImageError
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
    assert source.labels.tolist() == [2, 0, 1]
    assert source.classes == ("0", "2", "4")
    name = tmp_path.name
    assert source.notes == (f"{name}: the labels 0, 2, 4 are the classes 0 to 2, in order",)
    assert open_source(data(tmp_path), None).labels is None


def test_a_set_without_labels_is_told_at_once(tmp_path, write, data):
    path = write(tmp_path / "a.tfrecord", [1, 2])
    with pytest.raises(InputError) as caught:
        open_source(data(path, labels=True), None)
    assert str(caught.value) == (
        f"{path}, record 0: data.labels is true, but the record has no class under a usual name"
        " (label, labels, class, image/class/label, …); it holds image_raw (bytes): name it with"
        " data.features: {label: …}, or set data.labels to false"
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
            "not an image (PNG, JPEG, WEBP, GIF, BMP, TIFF, PPM, AVIF, JPEG2000, ICO, QOI, TGA,"
            " HEIF), or cut off in its first bytes",
            "the record is no tf.train.Example",
            "no image in it; it holds nothing",
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


def test_names_of_features_make_no_lines_and_no_pages(tmp_path, data, example):
    names = ["a\nb\x1b[2J", "z" * 100, *(f"c{number:02}" for number in range(15))]
    path = tmp_path / "a.tfrecord"
    path.write_bytes(records.frame(example(**dict.fromkeys(names, 1))))
    listed = ", ".join(["a\\nb\\x1b[2J", *(f"c{number:02}" for number in range(9))])
    assert f"it holds {listed.replace(',', ' (int64),')} (int64) and 7 more" in message(data(path))
    path.write_bytes(records.frame(example(**{"z" * 100: b""})))
    assert f"it holds {'z' * 60}… (bytes): name" in message(data(path))


# As others write them. The right pixels are those that TensorFlow was given.


def message(data):
    with pytest.raises(InputError) as caught:
        open_source(data, None)
    return str(caught.value)


@pytest.fixture
def example():
    """An example by TensorFlow, of bytes, floats, whole numbers, or lists of them."""

    def example(**features):
        made = tf.train.Example()
        for name, values in features.items():
            values = values if isinstance(values, list) else [values]
            kind = {bytes: "bytes_list", int: "int64_list", float: "float_list"}[type(values[0])]
            getattr(made.features.feature[name], kind).value.extend(values)
        return made.SerializeToString()

    return example


@pytest.fixture
def put(tmp_path, example):
    """Write examples of these features into a file, by TensorFlow."""

    def put(name, *rows, compression=None):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with tf.io.TFRecordWriter(str(path), compression) as out:
            for row in rows:
                out.write(example(**row))
        return path

    return put


@pytest.mark.parametrize(
    "name",
    ["image_raw", "image/encoded", "image", "jpeg", "img", "data", "image_bytes", "encoded"],
)
def test_names_of_encoded_images(put, data, plain, name):
    path = put("a.tfrec", {"id": b"x", name: plain(7), "height": 4, "width": 4, "depth": 3})
    assert values(open_source(data(path), None)) == [7]


@pytest.mark.parametrize("sizes", [("height", "width", "depth"), ("rows", "cols", "channels")])
def test_raw_pixels(put, data, sizes):
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, 5, 3), np.uint8)
    stated = dict(zip(sizes, (3, 5, 3), strict=True))
    path = put("a.tfrecords", *({"image_raw": one.tobytes(), **stated} for one in pixels))
    source = open_source(data(path), None)
    for index in range(2):
        assert np.array_equal(source.image(index), pixels[index])
    without = {name: stated[name] for name in sizes[:2]}
    path = put("b.tfrecords", {"image": pixels[0].tobytes(), **without})
    assert np.array_equal(open_source(data(path), None).image(0), pixels[0])
    path = put("c.tfrecords", {"image": pixels[0, :, :, 0].tobytes(), **without})
    assert np.array_equal(open_source(data(path), None).image(0), pixels[0, :, :, 0])


def test_raw_pixels_that_begin_like_a_file(put, data):
    pixels = np.zeros((2, 3, 3), np.uint8)
    pixels.reshape(-1)[:2] = tuple(b"BM")
    path = put("a.tfrecord", {"image": pixels.tobytes(), "height": 2, "width": 3, "depth": 3})
    assert np.array_equal(open_source(data(path), None).image(0), pixels)


def test_shapes_of_rows_of_planes_and_of_grey(put, data):
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 3), np.uint8)
    planes = pixels.transpose(2, 0, 1)
    for row in (
        {"image_raw": pixels.tobytes(), "shape": [4, 5, 3]},
        {"image_raw": planes.tobytes(), "image/shape": [3, 4, 5]},
        {"data": planes.tobytes(), "shape": [3, 4, 5]},
        {"data": planes[:, :4, :4].tobytes(), "shape": [3, 4, 4]},
    ):
        found = np.asarray(open_source(data(put("a.tfrecord", row)), None).image(0))
        assert np.array_equal(found, pixels[: found.shape[0], : found.shape[1]])
    grey = {"data": pixels[:, :, 0].tobytes(), "shape": [1, 4, 5]}
    image = open_source(data(put("a.tfrecord", grey)), None).image(0)
    assert (image.mode, np.asarray(image).tolist()) == ("L", pixels[:, :, 0].tolist())


def unreadable(source):
    with pytest.raises(UnreadableImageError) as caught:
        source.image(0)
    return str(caught.value)


def test_raw_pixels_that_do_not_fit_are_told(put, data):
    stated = {"height": 4, "width": 5, "depth": 3}
    path = put("a.tfrecord", {"image_raw": bytes(240), **stated})
    assert unreadable(open_source(data(path), None)) == (
        f"{path}, record 0: image_raw holds 240 bytes, and 4×5×3 pixels of one byte a value are 60"
    )
    path = put("a.tfrecord", {"image_raw": bytes(40), **stated, "depth": 2})
    assert unreadable(open_source(data(path), None)) == (
        f"{path}, record 0: its raw pixels are 4×5×2: 1 value (grey) or 3 (RGB) a pixel are read"
    )
    path = put("a.tfrecord", {"image_raw": bytes(784)})
    assert unreadable(open_source(data(path), None)) == (
        f"{path}, record 0: image_raw holds 784 bytes, as many as 28×28 pixels, but no height and"
        " width (int64 under height, width and depth, or shape) say so"
    )


def test_several_images_in_a_record(put, data, plain):
    path = put("a.tfrecord", {"image": [plain(1), plain(2)]})
    assert unreadable(open_source(data(path), None)) == (
        f"{path}, record 0: image holds 2 values, and one is an image"
    )


def test_a_set_without_an_image_lists_what_is_there(put, data, plain):
    path = put("a.tfrecord", {"pic": plain(5), "kind": [1, 2], "ratio": 0.5}, {"pic": plain(6)})
    assert message(data(path)) == (
        f"{path}, record 0: no image under a usual name (image_raw, image/encoded, image, jpeg,"
        " img, …); it holds kind (2 × int64), pic (bytes), ratio (float): name it with"
        " data.features: {image: …}, as in --set data.features.image=NAME (inspect,"
        " convert: --features image=NAME)"
    )
    assert values(open_source(data(path, features={"image": "pic"}), None)) == [5, 6]
    assert message(data(path, features={"image": "kind"})) == (
        f"{path}, record 0: no bytes under kind (data.features.image); it holds kind (2 × int64),"
        " pic (bytes), ratio (float)"
    )


LABELS = ["label", "labels", "class", "image/class/label", "image/class/text"]


@pytest.mark.parametrize("name", LABELS)
@pytest.mark.parametrize(
    ("written", "classes"),
    [
        ([2, 0, 2], ("0", "2")),
        ([2.0, 0.0, 2.0], ("0", "2")),
        ([b"dog", b"cat", b"dog"], ("cat", "dog")),
        (["Käfer".encode(), b"10", "Käfer".encode()], ("10", "Käfer")),
        ([[0, 0, 1], [1, 0, 0], [0, 0, 1]], ("0", "2")),
        ([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], ("0", "2")),
    ],
)
def test_kinds_of_labels(put, data, plain, name, written, classes):
    path = put("a.tfrecord", *({"image": plain(1), name: label} for label in written))
    source = open_source(data(path, labels=True), None)
    assert (source.labels.tolist(), source.classes) == ([1, 0, 1], classes)
    renamed = put("b.tfrecord", *({"image": plain(1), "kind": label} for label in written))
    source = open_source(data(renamed, labels=True, features={"label": "kind"}), None)
    assert (source.labels.tolist(), source.classes) == ([1, 0, 1], classes)


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ([0, 5, 7], "its label has 3 values and is no one-hot vector (one 1, all others 0)"),
        ([1, 1, 0, 0], "its label has 4 values and is no one-hot vector (one 1, all others 0)"),
        ([0, 0], "its label has 2 values and is no one-hot vector (one 1, all others 0)"),
        ([0.5, 0.5], "its label has 2 values and is no one-hot vector (one 1, all others 0)"),
        (2.5, "its label is 2.5, no whole number"),
        (b"\xff\x00", "its label is 2 bytes, 'ÿ\\x00', that are no name"),
        (b"", "its label is 0 bytes, '', that are no name"),
    ],
)
def test_labels_that_are_none(put, data, plain, label, told):
    path = put("a.tfrecord", {"image": plain(1), "label": label})
    assert message(data(path, labels=True)) == (
        f"{path}, record 0: {told}; name another with data.features: {{label: …}}, as in --set"
        " data.features.label=NAME (inspect, convert: --features label=NAME), or set data.labels to"
        " false"
    )


@pytest.mark.parametrize("second", [b"cat", [0, 1]])
def test_labels_of_two_kinds(put, data, plain, second):
    rows = ({"image": plain(1), "label": label} for label in (1, 1, second, 1))
    path = put("a.tfrecord", *rows)
    with pytest.raises(InputError) as caught:
        _ = open_source(data(path, labels=True), None).labels
    assert str(caught.value) == (
        f"{path}, record 2: its label is of another kind or length than that of record 0; labels"
        " are all numbers, all names or all one-hot vectors alike"
    )


def test_names_of_tensorflow_datasets_and_of_a_converted_set(put, data, plain, tmp_path):
    rows = [{"image": plain(1), "label": label} for label in (2, 0, 2)]
    path = put("toy-train.tfrecord-00000-of-00001", *rows)
    (tmp_path / "label.labels.txt").write_text("cat\ndog\neel\n")
    for source in (tmp_path, path):
        opened = open_source(data(source, labels=True), None)
        assert (opened.labels.tolist(), opened.classes) == ([1, 0, 1], ("cat", "eel"))
    (tmp_path / "label.labels.txt").write_text("cat\ndog\n")
    assert open_source(data(path, labels=True), None).classes == ("0", "2")
    (tmp_path / "label.labels.txt").unlink()
    names = [{"name": name, "records": 1} for name in "abc"]
    (tmp_path / "manifest.json").write_text(json.dumps({"classes": names}))
    assert open_source(data(path, labels=True), None).classes == ("a", "c")
    (tmp_path / "manifest.json").write_text("[")
    assert open_source(data(path, labels=True), None).classes == ("0", "2")


# Files of one set.


def test_splits_of_tensorflow_datasets(write, data, tmp_path):
    for value, split in enumerate(("train", "test", "validation", "extra")):
        write(tmp_path / f"toy-{split}.tfrecord-00000-of-00001", [value])
    source = open_source(data(tmp_path), None)
    assert values(source) == [0]
    assert source.notes == (
        f"{tmp_path.name}: 1 of 4 files are of the split train and taken; left out: others,"
        " test, validation (data.split: all takes them, too)",
    )
    for split, expected in (("train", [0]), ("test", [1]), ("validation", [2])):
        source = open_source(data(tmp_path, split=split), None)
        assert (values(source), source.notes) == (expected, ())
    assert values(open_source(data(tmp_path, split="all"), None)) == [3, 1, 0, 2]


def test_splits_by_folders_and_by_other_names(write, data, tmp_path):
    for value, name in enumerate(("train/00-8x8-1.tfrec", "val/00-8x8-1.tfrec", "test/x.tfrec")):
        write(tmp_path / "a" / name, [value])
    assert values(open_source(data(tmp_path / "a"), None)) == [0]
    assert values(open_source(data(tmp_path / "a", split="validation"), None)) == [1]
    write(tmp_path / "b/train-00000-of-00001", [4])
    write(tmp_path / "b/validation-00000-of-00001", [5])
    assert values(open_source(data(tmp_path / "b"), None)) == [4]
    write(tmp_path / "c/faces_test.tfrecord", [6])
    source = open_source(data(tmp_path / "c"), None)
    assert values(source) == [6]
    assert source.notes == (
        "c: all files are of the split test by their names; none of train is here",
    )
    assert message(data(tmp_path / "c", split="train")) == (
        "c: data.split is train, and this has only test; set data.split to null"
    )
    write(tmp_path / "c/faces_val.tfrecord", [7])
    assert message(data(tmp_path / "c")) == (
        "c: its files are of the splits test, validation, none of train; say which to take:"
        " data.split: all, or one of them"
    )
    path = write(tmp_path / "d/faces.tfrecord", [8])
    assert message(data(path, split="test")) == (
        "faces.tfrecord: data.split is test, and this tells no splits; set data.split to null"
    )


def test_missing_shards_are_told(write, data, tmp_path):
    for number in (0, 2, 5):
        write(tmp_path / f"toy-train.tfrecord-{number:05}-of-00006", [number])
    source = open_source(data(tmp_path), None)
    assert values(source) == [0, 2, 5]
    assert source.notes == (
        f"{tmp_path.name}: 3 of 6 files are missing (toy-train.tfrecord-00001-of-00006, for one):"
        " copy them again, or go on without their images",
    )


def test_the_largest_resolution_of_stylegan_is_taken(put, data, tmp_path):
    for level in (2, 3, 10):
        side = min(2**level, 16)
        row = {"shape": [3, side, side], "data": bytes([level]) * (3 * side * side)}
        put(f"set-r{level:02}.tfrecords", row)
    source = open_source(data(tmp_path), None)
    assert values(source) == [10]
    assert source.notes == (
        f"{tmp_path.name}: the same images in 3 resolutions: set-r10.tfrecords is taken, 1024×1024",
    )


def test_the_labels_of_stylegan_lie_beside(put, data, tmp_path):
    for level in (2, 3):
        row = {"shape": [1, 2**level, 2**level], "data": bytes(4**level)}
        put(f"set-r{level:02}.tfrecords", *[row] * 3)
    with (tmp_path / "set-rxx.labels").open("wb") as file:
        np.save(file, np.eye(4, dtype=np.float32)[[3, 1, 3]])
    for source in (tmp_path, tmp_path / "set-r02.tfrecords"):
        opened = open_source(data(source, labels=True), None)
        assert (opened.labels.tolist(), opened.classes) == ([1, 0, 1], ("1", "3"))
    with (tmp_path / "set-rxx.labels").open("wb") as file:
        np.save(file, np.eye(4, dtype=np.float32)[:2])
    with pytest.raises(InputError) as caught:
        _ = open_source(data(tmp_path, labels=True), None).labels
    assert str(caught.value) == (
        f"{tmp_path}/set-rxx.labels [2, 4] float32: not one label for each of the 3 records"
    )


def test_compressed_files_are_read(put, data, plain, tmp_path, monkeypatch):
    for number in range(2):
        put(f"{number}.tfrecord.gz", {"image": plain(number)}, compression="GZIP")
    put("2.tfrecord", {"image": plain(2)})
    assert values(open_source(data(tmp_path), None)) == [0, 1, 2]
    size = len(gzip.decompress((tmp_path / "0.tfrecord.gz").read_bytes()))
    monkeypatch.setattr(records, "MAX_UNPACKED_BYTES", 2 * size - 1)
    assert message(data(tmp_path)).startswith(
        f"{tmp_path}/1.tfrecord.gz: with it the compressed records have more than the"
    )
