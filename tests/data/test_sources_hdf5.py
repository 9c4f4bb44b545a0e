from __future__ import annotations

import h5py
import numpy as np
import pytest

from gantool.data.decoding import UnreadableImageError
from gantool.data.sources import hdf5, open_source
from gantool.errors import InputError

RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 256, (7, 6, 5, 3), np.uint8)


@pytest.fixture
def write(tmp_path):
    def write(name="x.h5", **arrays):
        with h5py.File(tmp_path / name, "w") as file:
            for inner, made in arrays.items():
                array, keys = made if isinstance(made, tuple) else (made, {})
                file.create_dataset(inner.replace("__", "/"), data=array, **keys)
        return tmp_path / name

    return write


def images(source):
    return [np.asarray(source.image(index)) for index in range(len(source))]


def message(data):
    with pytest.raises(InputError) as caught:
        open_source(data, None)
    return str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"chunks": (1, 6, 5, 3)},
        {"chunks": (3, 4, 5, 2)},
        {"chunks": (2, 6, 5, 3), "compression": "gzip"},
        {"chunks": (4, 5, 3, 1), "compression": "gzip", "shuffle": True},
        {"chunks": True, "maxshape": (None, 6, 5, 3)},
    ],
)
@pytest.mark.parametrize("dtype", ["u1", ">f4"])
def test_data_sets_however_they_lie(write, data, keys, dtype):
    array = PIXELS if dtype == "u1" else (PIXELS / 255).astype(dtype)
    path = write(images=(array, keys), labels=np.arange(7) // 2)
    source = open_source(data(path, labels=True), None)
    assert np.array_equal(images(source), PIXELS)
    assert np.array_equal(source.pixels(), PIXELS)
    assert source.labels.tolist() == [0, 0, 1, 1, 2, 2, 3]
    assert source.where(3) == f"{path}:/images, image 3"
    assert np.array_equal(np.asarray(source.image(5)), PIXELS[5])


def test_a_data_set_is_named_behind_the_file(write, data, tmp_path, monkeypatch):
    path = write(before=PIXELS, deep__after=PIXELS[:3, :5])
    for source in (f"{path}:/deep/after", f"{path}:deep/after"):
        assert np.array_equal(images(open_source(data(source), None)), PIXELS[:3, :5])
    monkeypatch.chdir(tmp_path)
    assert len(open_source(data("x.h5:/before"), None)) == 7
    assert message(data("x.h5:/nothing")) == (
        "x.h5: no array nothing in it; it holds before [7, 6, 5, 3] uint8, deep/after [3, 5, 5, 3]"
        " uint8"
    )
    assert message(data(path)).startswith("x.h5: several arrays may be the images: before [7, 6,")


def test_splits(write, data):
    path = write(
        train_set_x=PIXELS,
        train_set_y=np.arange(7),
        test_set_x=PIXELS[:2],
        test_set_y=np.arange(2),
        list_classes=np.array([b"no", b"yes"]),
    )
    source = open_source(data(path, labels=True), None)
    assert (len(source), source.labels.tolist()) == (7, list(range(7)))
    assert len(open_source(data(path, split="test"), None)) == 2


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"compression": "lzf"}, "packed by filter 32000 of HDF5; save it by gzip, or plain"),
        ({"fletcher32": True}, "packed by filter 3 of HDF5; save it by gzip, or plain"),
    ],
)
def test_filters_that_are_not_read(write, data, keys, told):
    path = write(images=(PIXELS, {"chunks": (1, 6, 5, 3), **keys}))
    assert message(data(path)) == f"{path}:/images [7, 6, 5, 3] uint8: {told}"


def test_what_points_elsewhere_is_not_followed(write, data, tmp_path):
    other = write("other.h5", images=PIXELS)
    (tmp_path / "raw").write_bytes(PIXELS.tobytes())
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["images"] = h5py.ExternalLink(str(other), "/images")
    assert message(data(tmp_path / "x.h5")) == (f"{tmp_path}/x.h5: no data sets in this HDF5 file")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        layout = h5py.VirtualLayout(PIXELS.shape, np.uint8)
        layout[:] = h5py.VirtualSource(other, "images", PIXELS.shape)
        file.create_virtual_dataset("images", layout)
    shown = f"{tmp_path}/x.h5:/images [7, 6, 5, 3] uint8"
    assert message(data(tmp_path / "x.h5")) == (
        f"{shown}: it is virtual: copy it into a plain data set"
    )
    with h5py.File(tmp_path / "x.h5", "w") as file:
        outside = [(str(tmp_path / "raw"), 0, PIXELS.size)]
        file.create_dataset("images", PIXELS.shape, np.uint8, external=outside)
    assert message(data(tmp_path / "x.h5")) == (
        f"{shown}: it is external: copy it into a plain data set"
    )


def test_circles_of_groups_end(write, data):
    path = write(images=PIXELS)
    with h5py.File(path, "a") as file:
        for number in range(20):
            file[f"group{number}"] = file["/"]
    assert len(open_source(data(path), None)) == 7


def test_what_was_never_written(tmp_path, data):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("images", (1 << 40, 6, 5), np.uint8, chunks=(1 << 20, 6, 5))
    assert message(data(tmp_path / "x.h5")).endswith("parts of it were never written")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("images", (100, 6, 5), np.uint8)
    assert message(data(tmp_path / "x.h5")).endswith("uint8: cut off, or never written whole")


def test_image_files_in_a_data_set(tmp_path, data, plain):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = file.create_dataset("images", 2, h5py.vlen_dtype(np.uint8))
        made[0] = np.frombuffer(plain(1), np.uint8)
    assert message(data(tmp_path / "x.h5", features={"image": "images"})) == (
        f"{tmp_path}/x.h5:/images [2] object: its type is object: no numbers"
    )


def test_a_damaged_file(write, data):
    path = write(images=(PIXELS, {"compression": "gzip", "chunks": (1, 6, 5, 3)}))
    whole = path.read_bytes()
    path.write_bytes(whole[:600])
    assert message(data(path)).startswith(
        f"{path}: an HDF5 file that is damaged or cannot be read: OSError: "
    )
    with h5py.File(path, "w") as file:
        file.create_dataset("images", data=PIXELS, compression="gzip", chunks=(1, 6, 5, 3))
        place = file["images"].id.get_chunk_info(2).byte_offset
    content = bytearray(path.read_bytes())
    content[place : place + 40] = bytes(40)
    path.write_bytes(content)
    source = open_source(data(path), None)
    assert np.array_equal(np.asarray(source.image(1)), PIXELS[1])
    with pytest.raises(UnreadableImageError) as caught:
        source.image(2)
    assert str(caught.value) == f"{path}:/images, image 2: a piece of it is damaged"


def test_a_library_that_crashes_or_never_comes_back_is_told(write, data, monkeypatch, tmp_path):
    path = write(images=PIXELS)
    told = f"{path}: an HDF5 file that is damaged or cannot be read"
    program = tmp_path / "program.py"
    monkeypatch.setattr(hdf5, "_INDEX", program)
    program.write_text("import os; os.abort()")
    assert message(data(path)) == told
    program.write_text("while True: pass")
    monkeypatch.setattr(hdf5, "_PATIENCE", 0.3)
    assert message(data(path)) == told


def test_one_chunk_is_not_unpacked_for_each_of_its_images(write, data, monkeypatch):
    path = write(images=(PIXELS, {"compression": "gzip", "chunks": (7, 6, 5, 3)}))
    source = open_source(data(path), None)
    source.image(0)
    monkeypatch.setattr(hdf5.os, "pread", None)
    assert np.array_equal(images(source), PIXELS)
