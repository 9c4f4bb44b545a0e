from __future__ import annotations

import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gantool.data.decoding import UnreadableImageError
from gantool.data.loading import load_images
from gantool.data.reading import LabelsError, open_named
from gantool.data.sources import numpy_files, open_source
from gantool.data.sources.array_values import values_of
from gantool.data.sources.arrays import Array, misfit
from gantool.errors import InputError

RANDOM = np.random.default_rng(0)


def noise(*shape):
    return RANDOM.integers(0, 256, shape, np.uint8)


@pytest.fixture
def save(tmp_path):
    def save(name, *array, **arrays):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".npy":
            np.save(path, *array, allow_pickle=True)
        else:
            np.savez(path, *array, **arrays)
        return path

    return save


def images(source):
    return [np.asarray(source.image(index)) for index in range(len(source))]


def message(data):
    with pytest.raises(InputError) as caught:
        open_source(data, None)
    return str(caught.value)


# Axes.


@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((3, 6, 5), "NHW"),
        ((3, 6, 5, 1), "NHW1"),
        ((3, 6, 5, 3), "NHWC"),
        ((3, 6, 5, 4), "NHWC"),
        ((3, 1, 6, 5), "N1HW"),
        ((3, 3, 6, 5), "NCHW"),
        ((3, 4, 6, 5), "NCHW"),
        ((3, 3, 6, 3), "NHWC"),
        ((3, 49), "flat"),
    ],
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_axes(save, data, shape, axes, order):
    array = noise(*shape)
    expected = {
        "NHW": lambda: array,
        "NHW1": lambda: array[..., 0],
        "NHWC": lambda: array,
        "N1HW": lambda: array[:, 0],
        "NCHW": lambda: np.moveaxis(array, 1, 3),
        "flat": lambda: array.reshape(3, 7, 7),
    }[axes]()
    source = open_source(data(save("x.npy", np.asarray(array, order=order))), None)
    assert np.array_equal(images(source), expected)
    assert np.array_equal(source.pixels(), expected)
    assert source.where(2).endswith("x.npy, image 2")


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ((7,), "it has no images; [N, H, W], [N, H, W, C] or [N, C, H, W] is expected"),
        ((0, 4, 4), "it has no images; [N, H, W], [N, H, W, C] or [N, C, H, W] is expected"),
        ((64, 64, 3), "it looks like one image, and [N, H, W] or [N, H, W, C] are expected"),
        (
            (5, 3072),
            "its axes are not those of images: [N, H, W], [N, H, W, C] or [N, C, H, W] with C of"
            " 1, 3 or 4, or [N, side · side]",
        ),
        ((9, 9, 9, 9), "its axes are not those of images: [N, H, W], [N, H, W, C] or [N, C, H, W]"),
    ],
)
def test_axes_of_no_images(save, data, shape, told):
    path = save("x.npy", np.zeros(shape, np.uint8))
    shown = ", ".join(map(str, shape))
    assert message(data(path)).startswith(f"{path} [{shown}] uint8: {told}")


@given(st.lists(st.integers(0, 70_000), max_size=6))
def test_any_shape_is_images_or_told(shape):
    array = Array("x", tuple(shape), np.dtype(np.uint8), lambda *_: np.empty(0))
    assert misfit(array) is None or misfit(array)


# Values.


@pytest.mark.parametrize(
    ("low", "high", "note"),
    [
        (0, 1, "0 is taken as black, 1 as white"),
        (-1, 1, "-1 is taken as black, 1 as white"),
        (0, 255, "0 is taken as black, 255 as white"),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, ">f4"])
def test_floats(save, data, low, high, note, dtype):
    pixels = noise(4, 6, 5, 3)
    pixels[0, 0, 0] = (0, 255, 3)
    numbers = (pixels / 255 * (high - low) + low).astype(dtype)
    source = open_source(data(save("x.npy", numbers)), None)
    assert np.array_equal(images(source), pixels)
    assert np.array_equal(source.pixels(), pixels)
    name = np.dtype(dtype).name
    assert source.notes == (f"x.npy: its values ({name}) go from {low} to {high}: {note}",)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([0, 16], np.float32),
        ([-3.5, 3.5], np.float32),
        ([0, 4095], np.float32),
        ([-128, 127], np.int8),
        ([0, 16], np.int64),
        ([0, 70_000], np.int64),
    ],
)
def test_values_that_are_not_clear(save, data, values, dtype):
    array = np.resize(np.array(values, dtype), (2, 5, 5))
    with pytest.raises(InputError) as caught:
        _ = open_source(data(save("x.npy", array)), None).notes
    low, high = (f"{value:g}" for value in values)
    expected = (
        "floating-point numbers from 0 to 1, from -1 to 1 or from 0 to 255"
        if array.dtype.kind == "f"
        else "integers of 0 to 255, or of 16 bits for grey"
    )
    assert str(caught.value) == (
        f"x.npy: its values ({array.dtype.name}) go from {low} to {high}, so that black and white"
        f" are not clear; save {expected}, best of all uint8"
    )


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none(save, data, value):
    array = np.resize(np.array([0, 1], np.float32), (2, 5, 5))
    array[1, 2, 3] = value
    path = save("x.npy", array)
    source = open_source(data(path), None)
    assert source.notes[0].endswith("go from 0 to 1: 0 is taken as black, 1 as white")
    assert np.asarray(source.image(0)).max() == 255
    with pytest.raises(UnreadableImageError) as caught:
        source.image(1)
    assert str(caught.value) == f"{path}, image 1: it holds NaN or infinite numbers"
    array[0, 0, 0] = value
    source = open_source(data(save("x.npy", array)), None)
    with pytest.raises(InputError) as refused:
        _ = source.notes
    assert str(refused.value) == "x.npy: its images hold NaN or infinite numbers; replace them"


def test_whole_numbers(save, data):
    pixels = noise(4, 6, 5)
    pixels[0, 0, :2] = (0, 255)
    for dtype in (np.int64, np.uint16, ">i2"):
        source = open_source(data(save("x.npy", pixels.astype(dtype))), None)
        assert (np.array_equal(images(source), pixels), source.notes) == (True, ())
    ones = pixels % 2
    for dtype in (np.uint8, np.int64, bool):
        source = open_source(data(save("x.npy", ones.astype(dtype))), None)
        assert np.array_equal(images(source), ones * 255)
        assert source.notes[0].endswith("go from 0 to 1: 0 is taken as black, 1 as white")
    dark = open_source(data(save("x.npy", pixels // 8)), None)
    assert np.array_equal(images(dark), pixels // 8)
    assert dark.notes == (
        "x.npy: its values (uint8) go from 0 to 31, of 255: the pictures are dark; multiply them"
        " if this is not meant",
    )


def test_sixteen_bits(save, data):
    wide = RANDOM.integers(0, 65536, (3, 6, 5), np.uint16)
    wide[0, 0, 0] = 65535
    for dtype in (np.uint16, np.int32):
        source = open_source(data(save("x.npy", wide.astype(dtype))), None)
        assert source.image(1).mode == "I;16"
        assert np.array_equal(images(source), wide)
        assert source.pixels() is None
    coloured = open_source(data(save("z.npy", np.stack([wide] * 3, axis=3))), None)
    with pytest.raises(InputError, match="not clear; save integers of 0 to 255, or of 16 bits for"):
        _ = coloured.notes


def test_an_image_beyond_the_others_is_told(save, data):
    array = np.zeros((1000, 5, 5), np.float32)
    array[::3] = 1
    array[501] = 7
    path = save("x.npy", array)
    section = data(path, size=(5, 5))
    source = open_source(section, None)
    with pytest.raises(UnreadableImageError) as caught:
        source.image(501)
    told = f"{path}, image 501: its values go from 7 to 7, and those of the others from 0 to 1"
    assert str(caught.value) == told
    with pytest.raises(InputError) as caught:
        load_images(source, section)
    assert str(caught.value) == (
        "1 of 1,000 images cannot be used; remove or replace them, or leave them out"
        f" (data.skip_unreadable: true):\n  {told}"
    )


@given(st.integers(0, 255))
def test_each_byte_comes_back_from_a_float(value):
    for low, high in ((0, 1), (-1, 1), (0, 255)):
        numbers = np.array([low, high, low + (high - low) * value / 255], np.float32)
        scaled = values_of([numbers], numbers.dtype, "x", False).pixels(numbers)
        assert scaled.tolist() == [0, 255, value]


# Containers and their names.


def test_the_keys_of_medmnist(save, data):
    arrays = {
        f"{split}_{what}": made
        for split, count in (("train", 5), ("val", 3), ("test", 4))
        for what, made in (("images", noise(count, 8, 8)), ("labels", np.arange(count)[:, None]))
    }
    path = save("pathmnist.npz", **arrays)
    source = open_source(data(path, labels=True), None)
    assert np.array_equal(images(source), arrays["train_images"])
    assert source.labels.tolist() == [0, 1, 2, 3, 4]
    assert source.notes == (
        "pathmnist.npz: 1 of 3 arrays are of the split train and taken; left out: val, test"
        " (data.split: all takes them, too)".replace("val,", "validation,"),
    )
    for split, name in (("test", "test"), ("validation", "val")):
        source = open_source(data(path, labels=True, split=split), None)
        assert np.array_equal(images(source), arrays[f"{name}_images"])
        assert len(source.labels) == len(arrays[f"{name}_labels"])
    both = open_source(data(path, labels=True, split="all"), None)
    assert (len(both), len(both.labels)) == (12, 12)
    assert both.where(6) == f"{path}: val_images, image 1"


def test_the_keys_of_keras_mnist(save, data):
    x, y = noise(6, 8, 8), np.array([0, 1, 5, 5, 1, 0], np.uint8)
    path = save("mnist.npz", x_train=x, y_train=y, x_test=x[:2], y_test=y[:2])
    source = open_source(data(path, labels=True), None)
    assert np.array_equal(images(source), x)
    assert (source.labels.tolist(), source.classes) == ([0, 1, 2, 2, 1, 0], ("0", "1", "5"))


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
def test_compressed_and_not(tmp_path, data, write):
    array = noise(5, 6, 7, 3)
    write(tmp_path / "x.npz", array, np.array([1, 0, 1, 0, 2]))
    section = data(tmp_path / "x.npz", size=(6, 7))
    source = open_source(section, None)
    assert np.array_equal(images(source), array)
    assert np.array_equal(load_images(source, section).pixels, array)
    (tmp_path / "x.npz").rename(tmp_path / "x.zip")
    assert np.array_equal(images(open_source(data(tmp_path / "x.zip"), None)), array)


def test_compressed_beyond_memory_says_what_to_do(tmp_path, data, monkeypatch):
    np.savez_compressed(tmp_path / "x.npz", images=noise(5, 6, 7))
    monkeypatch.setattr(numpy_files, "MAX_UNPACKED_BYTES", 209)
    assert message(data(tmp_path / "x.npz")) == (
        f"{tmp_path}/x.npz: images [5, 6, 7] uint8: it is compressed and has 210 bytes, more than"
        " the 209 that are held in memory; save it by numpy.savez or numpy.save, which is read"
        " where it lies"
    )


def test_arrays_that_are_left_out_are_told(save, data):
    arrays = {"photo": noise(4, 6, 6), "kind": np.array([0, 1, 0, 1]), "scale": np.array(3.0)}
    path = save("own.npz", **arrays)
    assert open_source(data(path), None).notes == (
        "own.npz: left out: kind [4] int64; data.features names the arrays of images and labels",
    )
    named = data(path, features={"label": "kind"}, labels=True)
    assert open_source(named, None).notes == ()
    path = save("two.npz", images=noise(4, 6, 6), masks=noise(9, 6, 6), labels=arrays["kind"])
    for labels in (False, True):
        assert open_source(data(path, labels=labels), None).notes == (
            "two.npz: left out: masks [9, 6, 6] uint8; data.features names the arrays of images and"
            " labels",
        )


def test_names_that_say_nothing_are_listed(save, data):
    a, b = noise(4, 6, 6), noise(4, 7, 7)
    path = save("x.npz", before=a, after=b, note=np.array("hello"))
    assert message(data(path)) == (
        "x.npz: several arrays may be the images: before [4, 6, 6] uint8, after [4, 7, 7] uint8;"
        " name one with data.features: {image: …}, as in --set data.features.image=NAME (inspect,"
        " convert: --features image=NAME)"
    )
    source = open_source(data(path, features={"image": "after"}), None)
    assert np.array_equal(images(source), b)
    assert message(data(path, features={"image": "later"})) == (
        "x.npz: no array later in it; it holds before [4, 6, 6] uint8, after [4, 7, 7] uint8,"
        f" note [] {np.array('hello').dtype.name}"
    )
    path = save("y.npz", note=np.arange(3), other=np.arange(4))
    assert message(data(path)) == (
        "y.npz: no array of images in it; it holds note [3] int64, other [4] int64"
    )


@pytest.mark.parametrize(
    ("labels", "numbers", "names"),
    [
        (np.array([3, 1, 3]), [1, 0, 1], ("1", "3")),
        (np.array([[3], [1], [3]], np.uint8), [1, 0, 1], ("1", "3")),
        (np.array([3.0, 1.0, 3.0]), [1, 0, 1], ("1", "3")),
        (np.eye(4)[[3, 1, 3]], [1, 0, 1], ("1", "3")),
        (np.eye(4, dtype=bool)[[3, 1, 3]], [1, 0, 1], ("1", "3")),
        (np.array([b"dog", b"cat", b"dog"]), [1, 0, 1], ("cat", "dog")),
        (np.array(["dog", "Käfer", "dog"]), [1, 0, 1], ("Käfer", "dog")),
    ],
)
def test_labels(save, data, labels, numbers, names):
    path = save("x.npz", images=noise(3, 6, 6), labels=labels)
    source = open_source(data(path, labels=True), None)
    assert source.labels.tolist() == numbers
    assert set(source.classes) == set(names)
    path = save("y.npz", images=noise(3, 6, 6), kind=labels)
    named = open_source(data(path, labels=True, features={"label": "kind"}), None)
    assert named.labels.tolist() == numbers


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (np.array([[1, 1, 0]] * 3), "its label has 3 values and is no one-hot vector (one 1, all"),
        (np.array([[0, 0, 0]] * 3), "its label has 3 values and is no one-hot vector (one 1, all"),
        (np.array([0, 0.5, 1]), "its label is 0.5, no whole number"),
        (np.array([0, np.nan, 1]), "its label is nan, no whole number"),
        (np.array([0, -1, 1]), "its label is -1; labels are class numbers from 0 to 99,999"),
        (np.array([0, 100_000, 1]), "its label is 100000; labels are class numbers from 0 to"),
    ],
)
def test_labels_that_are_none(save, data, labels, told):
    path = save("x.npz", images=noise(3, 6, 6), labels=labels)
    source = open_source(data(path, labels=True), None)
    with pytest.raises(InputError) as caught:
        _ = source.labels
    number = 0 if labels.ndim == 2 else 1
    assert str(caught.value).startswith(f"{path}: labels, label {number}: {told}")


def test_labels_that_are_missing_or_too_few(save, data):
    path = save("x.npz", images=noise(3, 6, 6), labels=np.arange(2))
    told = (
        f"{path}: labels [2] int64: not one label for each image of {path}: images [3, 6, 6] uint8"
    )
    for keys in ({}, {"features": {"label": "labels"}}):
        assert message(data(path, labels=True, **keys)) == told
    with pytest.raises(LabelsError) as caught:
        open_named(str(path), None)
    assert str(caught.value) == told
    path = save("x.npz", images=noise(3, 6, 6), kind=np.arange(3))
    assert message(data(path, labels=True)) == (
        f"x.npz: data.labels is true, but no array of labels for {path}: images [3, 6, 6] uint8 is"
        " in it; it holds images [3, 6, 6] uint8, kind [3] int64: name it with data.features:"
        " {label: …}, or set data.labels to false"
    )
    path = save("x.npz", images=noise(3, 6, 6), labels=np.arange(3), class_names=np.arange(2))
    assert open_source(data(path, labels=True), None).labels.tolist() == [0, 1, 2]


def test_labels_lie_beside_a_file(save, data, tmp_path):
    x = noise(4, 6, 6)
    for split, count in (("train", 4), ("test", 2)):
        save(f"x_{split}.npy", x[:count])
        save(f"y_{split}.npy", np.arange(count))
    for source in (tmp_path / "x_train.npy", tmp_path):
        opened = open_source(data(source, labels=True), None)
        assert np.array_equal(images(opened), x)
        assert opened.labels.tolist() == [0, 1, 2, 3]
    assert len(open_source(data(tmp_path / "x_test.npy", labels=True), None).labels) == 2
    assert len(open_source(data(tmp_path, labels=True, split="test"), None)) == 2
    alone = save("alone/pictures.npy", x)
    assert "no array of labels for" in message(data(alone, labels=True))


def test_pieces_are_one_set(save, data, tmp_path):
    pieces = [noise(2, 6, 6), noise(3, 6, 6)]
    for number, piece in enumerate(pieces):
        save(f"images_{number}.npy", piece)
        save(f"labels_{number}.npy", np.arange(len(piece)))
    for source in (tmp_path, tmp_path / "*.npy"):
        opened = open_source(data(source, labels=True), None)
        assert np.array_equal(images(opened), np.concatenate(pieces))
        assert opened.labels.tolist() == [0, 1, 0, 1, 2]


def test_files_of_splits_in_a_folder(save, data, tmp_path):
    for split, count in (("train", 4), ("test", 2)):
        save(f"{split}.npz", images=noise(count, 6, 6))
    source = open_source(data(tmp_path), None)
    assert len(source) == 4
    assert source.notes == (
        f"{tmp_path.name}: 1 of 2 files are of the split train and taken; left out: test"
        " (data.split: all takes them, too)",
    )
    assert len(open_source(data(tmp_path, split="test"), None)) == 2
    assert message(data(tmp_path, split="all")) == (
        f"{tmp_path.name}: 2 files that are no image files and no TFRecord files (test.npz,"
        " train.npz): name one of them"
    )


@pytest.mark.parametrize(("shape", "channels"), [((9, 6, 5), 1), ((9, 6, 5), 3), ((9, 6, 5, 3), 3)])
def test_images_of_the_right_size_are_taken_at_once(save, data, monkeypatch, shape, channels):
    array = noise(*shape)
    section = data(save("x.npy", array), size=(6, 5), channels=channels)
    source = open_source(section, None)
    monkeypatch.setattr(type(source), "image", None)
    expected = array if array.ndim == 4 else np.stack([array] * channels, axis=3)
    assert np.array_equal(load_images(source, section).pixels, expected)


def test_images_of_another_size_are_not_made_pixels_first(save, data, monkeypatch):
    section = data(save("x.npy", noise(9, 6, 5)), size=(3, 5))
    source = open_source(section, None)
    monkeypatch.setattr(type(source), "pixels", None)
    assert load_images(source, section).pixels.shape == (9, 3, 5, 3)


# What is damaged, or would run code.


def test_objects_are_never_read(save, data, tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    array = np.array([Evil()], dtype=object)
    for path, shown in (
        (save("x.npy", array), f"{tmp_path}/x.npy"),
        (save("x.npz", images=array), f"{tmp_path}/x.npz: images"),
    ):
        assert message(data(path)) == (
            f"{shown}: it holds Python objects, which can run code when they are read and never"
            " are; save an array of numbers"
        )
    path = tmp_path / "y.npy"
    path.write_bytes(pickle.dumps(Evil()))
    assert message(data(path)) == f"{path}: not a .npy file, or damaged in its header"
    assert not (tmp_path / "ran").exists()


def test_what_is_cut_off(save, data, tmp_path):
    path = save("x.npy", noise(4, 6, 6))
    path.write_bytes(path.read_bytes()[:-1])
    assert message(data(path)) == (
        f"{path}: cut off: its header announces 144 bytes, and 143 are there; copy it again"
    )
    path.write_bytes(path.read_bytes()[:20])
    assert message(data(path)) == f"{path}: not a .npy file, or damaged in its header"
    path = tmp_path / "x.npz"
    np.savez_compressed(path, images=noise(4000, 6, 6))
    content = bytearray(path.read_bytes())
    content[3000] ^= 255
    path.write_bytes(content)
    source = open_source(data(path), None)
    with pytest.raises(UnreadableImageError, match="images, image 3: damaged in the zip file"):
        source.image(3)
    path.write_bytes(content[:-30])
    assert message(data(path)).startswith(f"{path}: no .npz file, or a damaged one (")


def test_a_header_that_claims_more_than_there_is(data, tmp_path):
    path = tmp_path / "x.npz"
    header = tmp_path / "h.npy"
    np.save(header, noise(1, 6, 6))
    content = header.read_bytes().replace(b"(1, 6, 6)", b"(9, 9, 9)")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("images.npy", content)
    with pytest.raises(UnreadableImageError, match="damaged: its length is not that of its header"):
        open_source(data(path), None).image(0)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(1, 9), st.integers(2, 9), st.integers(5, 9), st.sampled_from([1, 3, 4]))
def test_what_is_saved_is_what_is_trained_on(tmp_path, data, count, height, width, channels):
    array = RANDOM.integers(0, 256, (count, height, width, channels), np.uint8)
    np.save(tmp_path / "x.npy", array)
    section = data(tmp_path / "x.npy", size=(height, width), channels=channels)
    source = open_source(section, None)
    if channels == 4:
        array[array[..., 3] == 0] = 0
    assert np.array_equal(load_images(source, section).pixels, array)
