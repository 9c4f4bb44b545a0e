"""Each set of the catalogue, from a given file to images: small ones of the same shape."""

from __future__ import annotations

import base64
import hashlib
import io
import struct
import tarfile
import zipfile
import zlib
from dataclasses import replace

import numpy as np
import pytest

from gantool.data.catalogue import CATALOGUE
from gantool.data.download import place
from gantool.data.loading import load_images
from gantool.data.sources import NotDownloadedError, open_source
from gantool.errors import InputError

pytestmark = pytest.mark.usefixtures("no_checkout")


@pytest.fixture
def have(monkeypatch, tmp_path):
    """Place a set of which the catalogue describes these files, in this order, given by the user.

    All else of the catalogue's entry stays.
    """

    def run(name, *contents):
        paths, files = [], []
        for file, content in zip(CATALOGUE[name].files, contents, strict=False):
            digest = hashlib.sha256(content).hexdigest()
            files.append(replace(file, size=len(content), sha256=digest, content_sha256=None))
            paths.append(tmp_path / file.name)
            paths[-1].write_bytes(content)
        changed = replace(CATALOGUE[name], files=tuple(files))
        monkeypatch.setitem(CATALOGUE, name, changed)
        return place(name, given=paths).path

    return run


@pytest.fixture
def photograph(encode):
    """A JPEG of one colour."""
    return lambda size, value: encode(np.full((*size, 3), value, np.uint8), "JPEG", quality=95)


def tgz(**files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def colours(images):
    return [round(float(image.mean())) for image in images.pixels]


def test_celeba(have, photograph, data):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("img_align_celeba/", b"")
        for number in (2, 1, 3):
            name = f"img_align_celeba/{number:06d}.jpg"
            archive.writestr(name, photograph((218, 178), 20 * number))
    folder = have("celeba", buffer.getvalue(), b"attributes", b"partition")
    section = data("celeba", size=(64, 64), crop=(108, 108))
    source = open_source(section, None)
    assert source.where(0) == f"{folder}/img_align_celeba.zip: img_align_celeba/000001.jpg"
    assert source.image(0).size == (178, 218)
    assert colours(load_images(source, section)) == [20, 40, 60]


def test_celeba_is_trained_on_without_its_lists(have, photograph, data):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("img_align_celeba/000001.jpg", photograph((218, 178), 20))
    have("celeba", buffer.getvalue())
    assert len(open_source(data("celeba"), None)) == 1


@pytest.mark.parametrize(
    ("name", "hint"),
    [("celeba", ", or to attributes of list_attr_celeba.txt, as Smiling"), ("emoji", "")],
)
def test_a_set_without_classes(data, name, hint):
    with pytest.raises(InputError) as caught:
        open_source(data(name, labels=True), None)
    assert str(caught.value) == (
        f"data.labels is true, but the images of {name} belong to no classes; set data.labels to"
        f" false{hint}"
    )


@pytest.mark.parametrize("name", ["fashion-mnist", "kmnist", "mnist"])
def test_the_sets_that_are_like_mnist(have, write_idx, tmp_path, data, name):
    pixels = np.arange(3, dtype=np.uint8)[:, None, None] * np.ones((3, 28, 28), np.uint8)
    images = write_idx(tmp_path / "i.gz", pixels).read_bytes()
    labels = write_idx(tmp_path / "l.gz", np.array([7, 0, 7])).read_bytes()
    have(name, images, labels, b"test images", b"test labels")
    section = data(name, size=(28, 28), channels=1, labels=True)
    loaded = load_images(open_source(section, None), section)
    assert colours(loaded) == [0, 1, 2]
    assert loaded.labels.tolist() == [1, 0, 1]
    assert loaded.classes == ("0", "7")


@pytest.mark.parametrize(
    ("name", "folder", "names", "label"),
    [
        ("cifar10", "cifar-10-batches-bin", "batches.meta.txt", b"%c"),
        ("cifar100", "cifar-100-binary", "fine_label_names.txt", b"\x07%c"),
    ],
)
def test_cifar(have, data, name, folder, names, label):
    batches, count = (5, 10) if name == "cifar10" else (1, 100)
    files = {f"{folder}/{names}": b"".join(b"kind%d\n" % n for n in range(count))}
    for n in range(batches):
        records = b"".join(label % c + bytes([2 * n + c]) * 3072 for c in range(2))
        file = f"data_batch_{n + 1}.bin" if name == "cifar10" else "train.bin"
        files[f"{folder}/{file}"] = records
    have(name, tgz(**files))
    section = data(name, size=(32, 32), labels=True)
    loaded = load_images(open_source(section, None), section)
    assert colours(loaded) == list(range(2 * batches))
    assert loaded.labels.tolist() == [0, 1] * batches
    assert loaded.classes == ("kind0", "kind1")


def test_the_python_version_of_cifar10_is_to_be_downloaded_again(tmp_path, data):
    old = tmp_path / "sets/cifar10/cifar-10-batches-py"
    old.mkdir(parents=True)
    with pytest.raises(NotDownloadedError) as caught:
        open_source(data("cifar10"), None)
    assert str(caught.value) == (
        "the data set cifar10 is not here yet: run `gantool download cifar10` (looked in"
        f" {tmp_path}/sets, {tmp_path}/here/data, {tmp_path}/share/gantool; {old} is the Python"
        " version, which is no longer read: remove it)"
    )


def test_lfw(have, photograph, data):
    names = ["Zoe_X/Zoe_X_0001", "Abe_Y/Abe_Y_0002", "Abe_Y/Abe_Y_0001"]
    files = {
        f"lfw/{name}.jpg": photograph((250, 250), 10 * number) for number, name in enumerate(names)
    }
    folder = have("lfw", tgz(**files))
    section = data("lfw", labels=True)
    source = open_source(section, None)
    assert source.where(0) == f"{folder}/lfw/Abe_Y/Abe_Y_0001.jpg"
    assert source.classes == ("Abe_Y", "Zoe_X")
    loaded = load_images(source, section)
    assert loaded.labels.tolist() == [0, 0, 1]
    assert colours(loaded) == [20, 10, 0]


def mat(labels):
    """A MATLAB file as SciPy's `savemat` writes it, compressed, of one array of unsigned bytes."""

    def element(kind, content):
        return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)

    shape = struct.pack("<ii", 1, len(labels))
    parts = (6, struct.pack("<II", 9, 0)), (5, shape), (1, b"labels"), (2, bytes(labels))
    packed = zlib.compress(element(14, b"".join(element(*part) for part in parts)))
    head = b"MATLAB 5.0 MAT-file".ljust(124, b"\x00") + b"\x00\x01IM"
    return head + struct.pack("<II", 15, len(packed)) + packed


@pytest.fixture
def flowers(have, photograph):
    def run(labels, numbers=(2, 1, 3)):
        files = {f"jpg/image_{n:05d}.jpg": photograph((50, 60), 30 * n) for n in numbers}
        return have("flowers102", tgz(**files), mat(labels))

    return run


def test_flowers102(flowers, data):
    flowers([77, 1, 102])
    section = data("flowers102", labels=True)
    source = open_source(section, None)
    assert source.classes == ("0", "76", "101")
    loaded = load_images(source, section)
    assert loaded.labels.tolist() == [1, 0, 2]
    assert colours(loaded) == [30, 60, 90]
    assert open_source(data("flowers102"), None).labels is None


@pytest.mark.parametrize(
    "elements",
    [
        "DwAAAC8AAAB4nONjYGCwAGI2IOYAYk4GCGCF8hmBmBlKg9TkJCal5hQzMDABRX0Z0xgAO34Dog==",
        "DgAAADgAAAAGAAAACAAAAAkAAAAAAAAABQAAAAgAAAABAAAAAwAAAAEAAAAGAAAAbGFiZWxzAAACAAMATQFmAA==",
    ],
)
def test_labels_as_scipy_1_17_wrote_them(flowers, data, elements):
    """By savemat(…, {"labels": np.array([[77, 1, 102]], np.uint8)}), compressed and not."""
    path = flowers([1, 1, 1]) / "imagelabels.mat"
    path.write_bytes(path.read_bytes()[:128] + base64.b64decode(elements))
    source = open_source(data("flowers102", labels=True), None)
    assert source.labels.tolist() == [1, 0, 2]
    assert source.classes == ("0", "76", "101")


def test_a_flower_that_is_missing_moves_no_label(flowers, data):
    flowers([77, 1, 102], numbers=(3, 1))
    source = open_source(data("flowers102", labels=True), None)
    assert source.labels.tolist() == [0, 1]
    assert source.classes == ("76", "101")


def refused(data):
    with pytest.raises(InputError) as caught:
        open_source(data("flowers102", labels=True), None)
    return str(caught.value)


def test_a_flower_without_a_label(flowers, data):
    folder = flowers([77, 1])
    assert refused(data) == (
        f"{folder}/jpg/image_00003.jpg: {folder}/imagelabels.mat has no label for it (labels of"
        " image_00001 to image_00002); remove the image, or set data.labels to false"
    )
    (folder / "jpg/image_00003.jpg").rename(folder / "jpg/mine.jpg")
    assert refused(data).startswith(f"{folder}/jpg/mine.jpg: ")


def test_labels_of_flowers_that_cannot_be_read(flowers, data):
    folder = flowers([77, 0, 102])
    assert refused(data) == (
        f"{folder}/imagelabels.mat: the labels of Flowers102 cannot be read from it (they count"
        " from 1, and one is 0); run `gantool download flowers102` again"
    )
    whole = mat([77, 1, 102])
    bomb = zlib.compress(bytes(1 << 24))
    contents = (
        *(b"", b"text" * 100, whole[:128], whole[:131], whole[:150], whole[:-1]),
        whole[:128] + struct.pack("<II", 15, len(bomb)) + bomb,
    )
    for content in contents:
        (folder / "imagelabels.mat").write_bytes(content)
        message = refused(data)
        assert message.startswith(f"{folder}/imagelabels.mat: the labels of Flowers102 cannot be")
        assert message.endswith("run `gantool download flowers102` again")
        assert "\n" not in message


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_a_set_that_is_not_here(data, tmp_path, name):
    (tmp_path / "sets" / name).mkdir(parents=True)
    with pytest.raises(NotDownloadedError) as caught:
        open_source(data(name), None)
    assert str(caught.value) == (
        f"the data set {name} is not here yet: run `gantool download {name}` (looked in"
        f" {tmp_path}/sets, {tmp_path}/here/data, {tmp_path}/share/gantool)"
    )
