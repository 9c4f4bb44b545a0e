from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gantool.data import records
from gantool.data.inspection.suggestion import data_lines
from gantool.data.inspection.survey import Survey, manifest_differences, survey
from gantool.errors import InputError


@pytest.fixture
def mixed(tmp_path, encode):
    """A folder of images of many kinds, some of them broken, some alike."""
    folder = tmp_path / "mixed"
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
    random = np.random.default_rng(6)
    noise = random.integers(0, 256, (40, 30, 4), np.uint8)
    files = {
        "cat/a.png": encode(noise[..., :3].copy()),
        "cat/b.png": encode(noise[..., :3].copy()),
        "cat/c.jpg": encode(noise[:20, :10, :3].copy(), "JPEG"),
        "cat/d.bmp": encode(noise[..., 0].copy(), "BMP"),
        "dog/a.png": encode(noise.copy()),
        "dog/b.png": encode(noise[..., :3].copy()),
        "dog/c.png": encode(noise[..., :3].copy())[:500],
        "dog/d.png": b"",
        "dog/e.png": b"",
        "dog/f.jpg": encode(noise[:20, :10, :3].copy(), "JPEG"),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "dog" / "gone.png").symlink_to(folder / "nowhere")
    return folder


def look(source):
    told = []
    found = survey(str(source), lambda done, count: told.append((done, count)))
    assert told[-1] == (found.images, found.images)
    return found


def test_what_a_folder_holds(mixed):
    found = look(mixed)
    assert (found.name, found.images) == ("mixed", 11)
    assert found.classes == {"cat": 4, "dog": 7}
    assert found.formats == {"PNG": 4, "JPEG": 2, "BMP": 1}
    assert found.modes == {"RGB": 5, "L": 1, "RGBA": 1}
    assert found.sizes == {(40, 30): 5, (20, 10): 2}
    assert found.transparent == 1
    assert found.unreadable == [
        (f"{mixed}/dog/c.png", "the image is truncated"),
        (f"{mixed}/dog/d.png", "the file is empty"),
        (f"{mixed}/dog/e.png", "the file is empty"),
        (f"{mixed}/dog/gone.png", "No such file or directory"),
    ]
    assert found.duplicates == [
        [f"{mixed}/cat/a.png", f"{mixed}/cat/b.png", f"{mixed}/dog/b.png"],
        [f"{mixed}/cat/c.jpg", f"{mixed}/dog/f.jpg"],
        [f"{mixed}/dog/d.png", f"{mixed}/dog/e.png"],
    ]


@pytest.mark.slow
def test_a_zip_holds_what_its_folder_does(mixed, tmp_path):
    (mixed / "dog" / "gone.png").unlink()
    with zipfile.ZipFile(tmp_path / "mixed.zip", "w") as archive:
        for path in mixed.rglob("*.*"):
            archive.write(path, path.relative_to(mixed))
    zipped, folder = look(tmp_path / "mixed.zip"), look(mixed)
    assert zipped.sizes == folder.sizes
    assert zipped.classes == folder.classes
    assert [reason for _, reason in zipped.unreadable] == [
        reason for _, reason in folder.unreadable
    ]
    assert zipped.duplicates[1] == [
        f"{tmp_path}/mixed.zip: {name}" for name in ("cat/c.jpg", "dog/f.jpg")
    ]


def test_an_idx_file(tmp_path, write_idx):
    pixels = np.zeros((3, 8, 8))
    pixels[1] = 1
    write_idx(tmp_path / "train-images-idx3-ubyte", pixels)
    write_idx(tmp_path / "train-labels-idx1-ubyte", np.array([2, 0, 2]))
    found = look(tmp_path)
    assert found.formats == {"pixels": 3}
    assert found.classes == {"0": 1, "2": 2}
    path = tmp_path / "train-images-idx3-ubyte"
    assert found.duplicates == [[f"{path}, image 0", f"{path}, image 2"]]


@pytest.mark.slow
def test_damaged_records_and_labels(tmp_path, plain):
    path = tmp_path / "a.tfrecord"
    examples = [records.encode_example(plain(value), value % 2) for value in range(3)]
    path.write_bytes(b"".join(map(records.frame, examples)))
    assert look(path).classes == {"0": 2, "1": 1}
    damaged = bytearray(path.read_bytes())
    damaged[-5] ^= 1
    path.write_bytes(damaged)
    found = look(path)
    reason = "the record is damaged: its checksum does not fit"
    assert found.unreadable == [(f"{path}, record 2", reason)]
    assert found.classes == {}
    assert found.label_problem == f"{path}, record 2: {reason}"


def test_a_source_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="is no data set of the catalogue"):
        survey(str(tmp_path / "gone"), lambda *_: None)


def test_only_a_folder_with_a_manifest_has_differences(mixed, tmp_path):
    assert manifest_differences(str(mixed)) is None
    assert manifest_differences("emoji") is None
    (mixed / "manifest.json").write_text("{}")
    with pytest.raises(InputError, match=r"manifest\.json: not the manifest of a converted set"):
        manifest_differences(str(mixed))
    assert not (tmp_path / "gone").exists()


def suggested(*sizes, modes=("RGB",), classes=(), transparent=0):
    found = Survey("somewhere", "somewhere", len(sizes), dict.fromkeys(classes, 1))
    found.transparent = transparent
    found.sizes.update(sizes)
    found.modes.update(modes)
    return [line.strip() for line in data_lines(found)][2:]


ALL = "all images have it in both directions"
LARGEST = "; a larger size trains longer"


@pytest.mark.parametrize(
    ("sizes", "size", "reason"),
    [
        ([(28, 28)], 28, "as all images are"),
        ([(96, 96)], 96, "as all images are"),
        ([(300, 300)], 64, ALL + LARGEST),
        ([(128, 136)], 64, ALL + LARGEST),
        ([(64, 64), (64, 64), (480, 640), (100, 70)], 64, ALL + LARGEST),
        (
            [(60, 60), *[(480, 640)] * 9],
            64,
            "90 % of the images have it in both directions" + LARGEST,
        ),
        ([(31, 60), (60, 31), *[(480, 640)] * 8], 16, ALL),
        ([(40, 60), (40, 60), (300, 500)], 32, ALL),
        ([(1, 1)], 1, "as all images are"),
        ([(1, 2)], 1, ALL),
    ],
)
def test_the_suggested_size_has_a_reason(sizes, size, reason):
    assert suggested(*sizes)[0] == f"size: [{size}, {size}]  # {reason}"


def test_the_face_is_cropped_out_of_pictures_like_those_of_celeba():
    assert suggested((218, 178), (218, 178))[0::3] == [
        "size: [64, 64]  # of the faces, which the crop cuts out",
        "crop: [108, 108]",
    ]
    assert not any(line.startswith("crop") for line in suggested((218, 178), (219, 178)))


def test_suggested_channels_and_labels():
    assert suggested((8, 8), modes=("L", "1", "I;16"))[1:] == ["channels: 1", "labels: false"]
    assert suggested((8, 8), modes=("L", "P"), classes=("a", "b"))[1:] == [
        "channels: 3",
        "labels: true",
    ]
    assert suggested((8, 8), classes=("a",))[2] == "labels: false"
    assert suggested((8, 8), transparent=1)[1] == "channels: 3  # 4 keeps transparency"
    assert data_lines(Survey("s", "s", 1, {})) == []


def test_pictures_are_looked_at_upright(tmp_path, encode):
    exif = Image.Exif()
    exif[0x0112] = 6
    Path(tmp_path / "a.jpg").write_bytes(encode(np.zeros((8, 6, 3), np.uint8), "JPEG", exif=exif))
    assert look(tmp_path).sizes == {(6, 8): 1}
