from __future__ import annotations

import io
import json
import tarfile

import numpy as np
import pytest

from gantool.data.sources import open_source
from gantool.errors import InputError


@pytest.fixture
def pack(tmp_path, plain):
    """Write a tar of these files; a number is a picture of it."""

    def pack(name, files, form=tarfile.PAX_FORMAT):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(path, "w", format=form) as tar:
            for inner, content in files.items():
                content = plain(content) if isinstance(content, int) else content
                info = tarfile.TarInfo(inner)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        return path

    return pack


def values(source):
    return [int(np.asarray(source.image(index)).flat[0]) for index in range(len(source))]


def message(data):
    with pytest.raises(InputError) as caught:
        open_source(data, None)
    return str(caught.value)


LONG = f"a/{'x' * 150}/{'y' * 120}.png"


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_images_in_order(pack, data, form):
    files = {"b/3.png": 3, "./a/2.png": 2, LONG: 4, "a/Käfer.png": 1, "._x.png": 9}
    path = pack("x.tar", files, form)
    source = open_source(data(path, labels=True), None)
    assert values(source) == [2, 1, 4, 3]
    assert source.where(0) == f"{path}: a/2.png"
    assert len(source.labels) == 4


def test_folders_are_classes_and_splits(pack, data):
    path = pack(
        "x.tar",
        {f"top/{s}/{c}/{n}.png": n for s in ("train", "test") for c in "ab" for n in (1, 2)},
    )
    source = open_source(data(path, labels=True), None)
    assert (source.labels.tolist(), source.classes) == ([0, 0, 1, 1], ("a", "b"))
    assert len(open_source(data(path, split="all"), None)) == 8


def shard(start, stop, label):
    files = {}
    for n in range(start, stop):
        files[f"{n:04}.png"] = n
        files |= label(n)
    return files


@pytest.mark.parametrize(
    ("label", "classes", "keys"),
    [
        (lambda n: {f"{n:04}.cls": b"%d\n" % (5 + n % 2)}, ("5", "6"), {}),
        (lambda n: {f"{n:04}.cls": [b"cat", b"dog"][n % 2]}, ("cat", "dog"), {}),
        (lambda n: {f"{n:04}.json": json.dumps({"label": n % 2}).encode()}, ("0", "1"), {}),
        (
            lambda n: {f"{n:04}.json": json.dumps({"kind": "ab"[n % 2], "label": 3}).encode()},
            ("a", "b"),
            {"features": {"label": "kind"}},
        ),
        (
            lambda n: {
                f"{n:04}.json": json.dumps({"label": [1 - n % 2, n % 2]}).encode(),
                f"{n:04}.txt": b"a picture",
            },
            ("0", "1"),
            {},
        ),
        (
            lambda n: {f"{n:04}.txt": [b"cat", b"dog"][n % 2]},
            ("cat", "dog"),
            {"features": {"label": "txt"}},
        ),
    ],
)
def test_shards_of_webdataset(pack, data, tmp_path, label, classes, keys):
    for number in range(3):
        pack(f"set/set-{number:06}.tar", shard(4 * number, 4 * number + 4, label))
    for source in (tmp_path / "set", tmp_path / "set/set-*.tar"):
        opened = open_source(data(source, labels=True, **keys), None)
        assert values(opened) == list(range(12))
        assert opened.classes == classes
        assert opened.labels.tolist() == [0, 1] * 6


def test_shards_whose_names_are_equal(pack, data, tmp_path):
    for number in range(2):
        pack(f"set/{number}.tar", {"0.png": number, "0.cls": b"%d" % number})
    source = open_source(data(tmp_path / "set", labels=True), None)
    assert (values(source), source.labels.tolist()) == ([0, 1], [0, 1])


def test_shards_of_splits(pack, data, tmp_path):
    for number, split in enumerate(("train", "val")):
        pack(f"set/{split}-000000.tar", {f"{number}.png": number})
    source = open_source(data(tmp_path / "set"), None)
    assert values(source) == [0]
    assert source.notes == (
        "set: 1 of 2 files are of the split train and taken; left out: validation (data.split: all"
        " takes them, too)",
    )
    assert values(open_source(data(tmp_path / "set", split="validation"), None)) == [1]


def test_labels_that_are_missing_or_none(pack, data):
    path = pack("x.tar", {"0.png": 0, "0.cls": b"1", "1.png": 1, "1.txt": b"a"})
    assert message(data(path, labels=True)) == (
        f"{path}: 1.png: data.labels is true, but no .json lies beside it (but .txt); set"
        " data.labels to false, or say where labels are with data.features: {label: txt}"
    )
    path = pack("x.tar", {"0.png": 0, "0.json": b'{"a": 1, "b": 2}', "1.png": 0, "1.json": b"{}"})
    assert message(data(path, labels=True, features={"label": "a"})) == (
        f"{path}: 1.png: data.labels is true, but the .json beside it has no a; it has : name one"
        " with data.features: {label: …}"
    )
    path = pack("x.tar", {"0.png": 0, "0.cls": b"\xff\x00"})
    assert message(data(path, labels=True)).startswith(
        f"{path}: 0.png: its label is 2 bytes, 'ÿ\\x00', that are no name"
    )
    path = pack("x.tar", {"0.png": 0, "0.cls": b"-1\n"})
    assert message(data(path, labels=True)) == (
        f"{path}: 0.png: its label is -1; labels are class numbers from 0 to 99,999"
    )
    path = pack("x.tar", {"0.png": 0, "0.json": b"{", "1.png": 0})
    assert message(data(path, labels=True)) == f"{path}: 0.json: no JSON, or a damaged one"


def test_several_images_of_each_example(pack, data):
    path = pack(
        "x.tar",
        {f"{n}.{kind}.png": 2 * n + i for n in range(3) for i, kind in enumerate(("in", "seg"))}
        | {f"{n}.cls": b"1" for n in range(3)},
    )
    assert message(data(path)) == (
        f"{path}: 0.in.png: several files of each example (.in.png, .seg.png); say which is the"
        " image, as in --set data.features.image=in.png (inspect, convert: --features"
        " image=in.png)"
    )
    assert values(open_source(data(path, features={"image": "seg.png"}), None)) == [1, 3, 5]
    assert message(data(path, features={"image": "jpg"})) == (
        f"{path}: 0.in.png: no files end in .jpg (data.features.image)"
    )


def test_links(data, tmp_path, plain):
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as tar:
        info = tarfile.TarInfo("a.png")
        info.size = len(plain(7))
        tar.addfile(info, io.BytesIO(plain(7)))
        for name, kind, to in (("b.png", tarfile.LNKTYPE, "a.png"), ("c.png", b"2", "/etc/x")):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = kind, to
            tar.addfile(link)
    source = open_source(data(path), None)
    assert values(source) == [7, 7]
    assert source.notes == (f"{path}: 1 links and other things that are no files are left out",)


def test_what_is_damaged_or_cut_off(pack, data):
    path = pack("x.tar", {f"{n}.png": n for n in range(4)})
    whole = path.read_bytes()
    second = whole.index(b"2.png")
    damaged = bytearray(whole)
    damaged[second + 148] ^= 1
    path.write_bytes(damaged)
    assert message(data(path)) == (
        f"{path}: damaged or cut off behind 2 files; copy or download it again"
    )
    path.write_bytes(whole[: second + 512 + 20])
    assert message(data(path)) == (
        f"{path}: no tar file, or a damaged one (unexpected end of data); copy it again"
    )
    path.write_bytes(whole[: second + 300])
    assert "damaged or cut off behind 2 files" in message(data(path))
    path.write_bytes(whole[:second])
    source = open_source(data(path), None)
    assert len(source) == 2
    assert source.notes == (f"{path}: no mark of its end behind 2 files; it may be cut off",)
    path.write_bytes(whole + whole)
    source = open_source(data(path), None)
    assert source.notes == (f"{path}: behind the end of the archive lies more, which is not read",)
    path.write_bytes(b"text")
    assert message(data(path)).startswith(f"{path}: no tar file, or a damaged one (")


def test_nothing_is_unpacked(pack, data, tmp_path):
    path = pack("x.tar", {"../../evil.png": 1, "/etc/evil.png": 2})
    assert sorted(values(open_source(data(path), None))) == [1, 2]
    assert [file.name for file in tmp_path.iterdir()] == ["x.tar"]
