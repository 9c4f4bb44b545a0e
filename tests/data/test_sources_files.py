from __future__ import annotations

import os
import shutil
import struct
import tracemalloc
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from gantool.data.decoding import MAX_BYTES, UnreadableImageError
from gantool.data.reading import LabelsError, open_named
from gantool.data.sources import files, open_source
from gantool.data.undecoded import read_file
from gantool.errors import InputError


@pytest.fixture(params=["folder", "zip"])
def make(request, tmp_path):
    """Make a source's path, as a folder or as a zip, of {name: bytes}."""

    def make(contents, top=""):
        if request.param == "zip":
            path = tmp_path / "set.zip"
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in contents.items():
                    archive.writestr(top + name, content)
            return path
        path = tmp_path / "set"
        path.mkdir()
        for name, content in ((top + name, content) for name, content in contents.items()):
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(content)
        return path

    return make


def values(source):
    return [int(np.asarray(source.image(index)).flat[0]) for index in range(len(source))]


def test_images_are_sorted_by_path_and_all_else_is_left_out(make, plain, data):
    path = make(
        {
            "b.png": plain(1),
            "a/deep/er/z.PNG": plain(2),
            "a/y.png": plain(3),
            "notes.txt": b"text",
            ".hidden.png": b"",
            ".git/x.png": b"",
            "__MACOSX/b.png": b"",
            "__MACOSX/._b.png": b"",
        }
    )
    source = open_source(data(path), None)
    assert len(source) == 3
    assert values(source) == [2, 3, 1]
    assert source.labels is None
    assert source.classes == ()
    assert source.name == path.name
    separator = ": " if path.suffix else "/"
    assert source.where(1) == f"{path}{separator}a/y.png"


def test_the_folders_in_which_images_lie_are_classes(make, plain, data):
    path = make({"dogs/x.png": plain(1), "cats/y.png": plain(2), "cats/old/z.png": plain(3)})
    source = open_source(data(path, labels=True), None)
    assert source.classes == ("cats", "dogs", "old")
    assert source.labels.dtype == np.int32
    assert source.labels.tolist() == [2, 0, 1]
    assert values(source) == [3, 2, 1]
    assert source.notes == (
        f"{path}: classes are the folders in which images lie: cats, cats/old, dogs",
    )


def test_common_folders_at_the_top_are_no_classes(make, plain, data):
    path = make({"dogs/x.png": plain(1), "cats/y.png": plain(2)}, top="all/my/pets/")
    source = open_source(data(path, labels=True), None)
    assert (source.classes, source.notes) == (("cats", "dogs"), ())
    separator = ": " if path.suffix else "/"
    assert source.where(0) == f"{path}{separator}all/my/pets/cats/y.png"


def test_labels_without_class_folders(make, plain, data):
    path = make({"x.png": plain(1), "y.png": plain(2)})
    with pytest.raises(InputError) as caught:
        open_source(data(path, labels=True), None)
    assert str(caught.value) == (
        f"{path}: data.labels is true, but 2 of 2 images lie in no class folder (x.png, for one);"
        " put the images of each class into a folder of its own, or set data.labels to false"
    )


def test_some_images_outside_class_folders(make, plain, data):
    path = make({"x.png": plain(1), "cats/y.png": plain(2)})
    with pytest.raises(InputError, match=r"but 1 of 2 images lie in no class folder \(x\.png, "):
        open_source(data(path, labels=True), None)
    with pytest.raises(LabelsError, match=r"but 1 of 2 images lie in no class folder"):
        open_named(str(path), None)


def test_a_plain_folder_with_a_picture_deeper(make, plain):
    path = make({"x.png": plain(1), "y.png": plain(2), "more/z.png": plain(3)})
    source = open_named(str(path), None)
    assert (len(source), source.labels) == (3, None)
    assert source.notes == (
        f"{path}: 2 of 3 images lie in no class folder (x.png, for one), so that folders are not"
        " taken for classes",
    )
    assert open_named(str(path), False).notes == ()


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, ""),
        ({"notes.txt": b"", ".a.png": b""}, "; 1 file of another kind is left out (.txt 1)"),
    ],
)
def test_no_images(make, data, files, told):
    path = make(files)
    kind = "zip file" if path.suffix else "folder"
    with pytest.raises(InputError) as caught:
        open_source(data(path), None)
    formats = "PNG, JPEG, WEBP, GIF, BMP, TIFF, PPM, AVIF, JPEG2000, ICO, QOI, TGA, HEIF"
    assert str(caught.value) == f"{path}: no images in this {kind} ({formats}){told}"


def test_an_unreadable_image_is_named(make, plain, data):
    path = make({"a.png": plain(1), "b.png": b"text", "c.png": plain(1)[:45]})
    source = open_source(data(path), None)
    assert values_or_errors(source) == [
        1,
        f"{source.where(1)}: not an image (PNG, JPEG, WEBP, GIF, BMP, TIFF, PPM, AVIF,"
        " JPEG2000, ICO, QOI, TGA, HEIF), or cut off in its first bytes",
        f"{source.where(2)}: the image is truncated",
    ]


def values_or_errors(source):
    found = []
    for index in range(len(source)):
        try:
            found.append(int(np.asarray(source.image(index)).flat[0]))
        except UnreadableImageError as error:
            found.append(str(error))
    return found


def test_threads_read_the_same(make, plain, data):
    path = make({f"{number:03}.png": plain(number) for number in range(100)})
    source = open_source(data(path), None)
    with ThreadPoolExecutor(8) as pool:
        read = pool.map(lambda index: np.asarray(source.image(index)).flat[0], [*range(100)] * 5)
        assert [int(value) for value in read] == [*range(100)] * 5


# Folders alone.


def test_opening_reads_only_files_of_unknown_kinds(tmp_path, plain, data, monkeypatch):
    for name in ("a/1.png", "a/2", "b/3.JPG", "b/4.txt", "b/5.mp4", "b/6.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(plain(1))
    opened = []

    def spy(place, most=MAX_BYTES):
        opened.append((place, most))
        return read_file(place, most)

    monkeypatch.setattr(files, "read_file", spy)
    assert len(open_source(data(tmp_path, labels=True), None)) == 3
    assert opened == [(f"{tmp_path}/a/2", 64)]


def test_links_are_followed_but_not_in_circles(tmp_path, plain, data):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/x.png").write_bytes(plain(1))
    (tmp_path / "set").mkdir()
    (tmp_path / "set/cats").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/back").symlink_to(tmp_path / "set")
    source = open_source(data(tmp_path / "set"), None)
    assert [source.where(index) for index in range(len(source))] == [f"{tmp_path}/set/cats/x.png"]


def test_a_file_that_went_away_is_named(tmp_path, plain, data):
    (tmp_path / "x.png").write_bytes(plain(1))
    source = open_source(data(tmp_path), None)
    (tmp_path / "x.png").unlink()
    with pytest.raises(UnreadableImageError) as caught:
        source.image(0)
    assert str(caught.value) == f"{tmp_path}/x.png: No such file or directory"


# Zips alone.


def damaged(path, at, change):
    content = bytearray(path.read_bytes())
    content[at : at + len(change)] = change
    path.write_bytes(content)


@pytest.mark.parametrize("make", ["zip"], indirect=True)
@pytest.mark.parametrize("damage", [slice(-30), slice(20), slice(0)])
def test_a_damaged_zip(make, plain, data, damage):
    path = make({"a.png": plain(1)})
    path.write_bytes(path.read_bytes()[damage])
    with pytest.raises(InputError) as caught:
        open_source(data(path), None)
    assert str(caught.value) == (
        f"{path}: not a zip file, or a damaged one (File is not a zip file);"
        " copy or download it again"
    )


@pytest.mark.parametrize("make", ["zip"], indirect=True)
def test_a_damaged_member_is_named(make, plain, data):
    path = make({"a.png": plain(1), "b.png": plain(2)})
    damaged(path, 30 + len("a.png") + 10, b"\xff\xff\xff")
    first, second = values_or_errors(open_source(data(path), None))
    assert first.startswith(f"{path}: a.png: damaged in the zip file (")
    assert second == 2


@pytest.mark.parametrize("make", ["zip"], indirect=True)
def test_damage_anywhere_in_a_zip_is_an_input_error(make, plain, data):
    path = make({f"{name}.png": plain(1) for name in "abc"})
    whole = path.read_bytes()
    random = np.random.default_rng(0)
    for _ in range(500):
        path.write_bytes(whole)
        damaged(path, int(random.integers(len(whole))), random.bytes(int(random.integers(1, 5))))
        try:
            values_or_errors(open_source(data(path), None))
        except InputError:
            continue


@pytest.mark.parametrize("make", ["zip"], indirect=True)
def test_an_encrypted_member_is_told(make, plain, data):
    path = make({"a.png": plain(1)})
    content = path.read_bytes()
    damaged(path, 6, b"\1")
    damaged(path, content.index(b"PK\1\2") + 8, b"\1")
    assert values_or_errors(open_source(data(path), None)) == [
        f"{path}: a.png: it is encrypted; unpack the zip and zip it without a password"
    ]


@pytest.mark.parametrize("make", ["zip"], indirect=True)
def test_a_bomb_is_not_unpacked(make, plain, data):
    path = make({"a.png": plain(1)})
    entry = path.read_bytes().index(b"PK\1\2")
    damaged(path, entry + 24, struct.pack("<I", 3_000_000_000))
    assert values_or_errors(open_source(data(path), None)) == [
        f"{path}: a.png: 3,000,000,000 bytes are more than the 268,435,456 allowed"
    ]


@pytest.mark.parametrize("make", ["zip"], indirect=True)
def test_backslashes_of_windows_part_folders(make, plain, data):
    path = make({"cats\\x.png": plain(1), "dogs\\y.png": plain(2)})
    assert open_source(data(path, labels=True), None).classes == ("cats", "dogs")


@pytest.mark.usefixtures("in_repository")
def test_emoji(data, tmp_path, real_data):
    source = open_source(data("emoji"), None)
    assert (len(source), source.name) == (3916, "emoji")
    assert source.image(0).size == (136, 128)
    # Unpacked, the same images come in the same order.
    shutil.unpack_archive(real_data / "emoji/noto-emoji-136x128.zip", tmp_path / "emoji")
    folder = open_source(data(tmp_path / "emoji"), None)
    assert len(folder) == 3916
    for index in (0, 1, 1000, 3915):
        assert source.where(index).split(": ")[1] == folder.where(index).rsplit("/", 1)[1]
        assert source.encoded(index) == folder.encoded(index)


# What would fill memory, or wait for ever.


@pytest.mark.parametrize("make", ["folder"], indirect=True)
def test_what_is_no_plain_file_is_not_waited_for(make, plain, data):
    path = make({"a.png": plain(1)})
    os.mkfifo(path / "b.png")
    (path / "c.png").symlink_to("/dev/zero")
    assert values_or_errors(open_source(data(path), None)) == [
        1,
        f"{path}/b.png: it is no plain file",
        f"{path}/c.png: it is no plain file",
    ]


@pytest.mark.parametrize("make", ["folder"], indirect=True)
def test_a_file_of_any_size_is_not_read(make, plain, data):
    path = make({"a.png": plain(1)})
    with (path / "a.png").open("r+b") as file:
        file.truncate(MAX_BYTES)
    assert values_or_errors(open_source(data(path), None)) == [1]
    with (path / "a.png").open("r+b") as file:
        file.truncate(1 << 40)
    assert values_or_errors(open_source(data(path), None)) == [
        f"{path}/a.png: 1,099,511,627,776 bytes are more than the 268,435,456 allowed"
    ]


@pytest.mark.parametrize("make", ["zip"], indirect=True)
def test_a_member_unfolds_to_no_more_than_it_says(make, data):
    path = make({"a.png": bytes(100_000_000)})
    for place in (path.read_bytes().index(b"PK\1\2") + 24, 22):
        damaged(path, place, struct.pack("<I", 10))
    source = open_source(data(path), None)
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableImageError, match="damaged in the zip file"):
            source.image(0)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("method", "number"), [(zipfile.ZIP_BZIP2, 12), (zipfile.ZIP_LZMA, 14)])
def test_what_python_unfolds_without_bounds_is_refused(tmp_path, plain, data, method, number):
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a.png", plain(1))
    assert values_or_errors(open_source(data(path), None)) == [
        f"{path}: a.png: packed in a way that is not read (method {number}); unpack the zip and zip"
        " it by deflate"
    ]


@pytest.mark.parametrize("make", ["zip"], indirect=True)
def test_a_member_without_a_name_is_left_out(make, plain, data):
    path = make({"a.png": plain(1), "b": plain(2)})
    content = path.read_bytes()
    entry = content.index(b"PK\1\2", content.index(b"PK\1\2") + 1)
    # Its name becomes a comment.
    damaged(path, entry + 28, struct.pack("<HHH", 0, 0, 1))
    assert values(open_source(data(path), None)) == [1]


@pytest.mark.parametrize("make", ["zip"], indirect=True)
def test_a_name_makes_no_line_of_its_own(make, data):
    path = make({"a\nb\x1b[2Jé.png": b"text"})
    [told] = values_or_errors(open_source(data(path), None))
    assert told.startswith(f"{path}: a\\nb\\x1b[2Jé.png: not an image")
