"""What the headers of images tell before training."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
from PIL import Image

from gantool.data.inspection.headers import HeaderReport, look_at_headers
from gantool.data.sources import open_source


@pytest.fixture
def files(encode):
    """Images of 8×6 (height×width), and others."""
    lying = Image.Exif()
    lying[0x0112] = 6
    noise = np.random.default_rng(0).integers(0, 256, (90, 90, 3), np.uint8)
    return {
        "a.png": encode(np.zeros((8, 6, 3), np.uint8)),
        "b.png": b"",
        "c.png": b"no image",
        "d.png": encode(np.zeros((7, 6, 3), np.uint8)),
        # Turned upright, 8×6.
        "e.jpg": encode(np.zeros((6, 8, 3), np.uint8), "JPEG", exif=lying),
        # Its directory lies behind the pixels, beyond the first bytes.
        "f.tif": encode(np.concatenate([noise] * 10), "TIFF"),
        "g.png": encode(noise)[:9000],
    }


@pytest.fixture(params=["folder", "zip"])
def path(request, files, tmp_path):
    if request.param == "zip":
        with zipfile.ZipFile(tmp_path / "set.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return tmp_path / "set.zip"
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def report(data, seconds=60.0):
    return look_at_headers(open_source(data, None), data, seconds)


def test_what_cannot_be_opened_and_what_is_too_small(path, data):
    at = f"{path}: " if path.suffix else f"{path}/"
    found = report(data(path, crop=(8, 6)))
    assert (found.images, found.looked_at, found.unseen()) == (7, 7, "")
    assert found.unreadable[0] == (f"{at}b.png", "the file is empty")
    assert [where for where, _ in found.unreadable] == [f"{at}b.png", f"{at}c.png"]
    assert found.small == ((f"{at}d.png", (7, 6)),)
    broken, small = found.problems(skipped=True)
    assert broken.startswith(f"2 of 7 images cannot be read: {at}b.png: the file is empty; {at}c.p")
    assert small == f"1 of 7 images is smaller than data.crop: {at}d.png (7×6)"


def test_without_a_crop_no_image_is_too_small(path, data):
    assert report(data(path)).small == ()


def test_a_crop_of_turned_pictures(path, data):
    small = report(data(path, crop=(6, 8), rotate=90)).small
    assert [(where[-5:], size) for where, size in small] == [("d.png", (7, 6))]


def test_the_time_is_bounded(path, data):
    found = report(data(path, crop=(8, 6)), -1.0)
    assert found == HeaderReport(7, 0)
    assert found.problems(skipped=True) == []
    assert found.unseen() == (
        "7 of 7 images were not looked at, which would take longer; --data opens every one"
    )


def test_a_long_list_is_cut():
    found = HeaderReport(9, 9, tuple((f"{number}.png", "empty") for number in range(5)))
    assert found.problems(skipped=True) == [
        "5 of 9 images cannot be read: 0.png: empty; 1.png: empty; 2.png: empty; and 2 more"
    ]


def test_the_way_on():
    assert HeaderReport(9, 9, (("0.png", "empty"),)).problems(skipped=False) == [
        "1 of 9 images cannot be read: 0.png: empty; remove or replace them, or leave them out"
        " (data.skip_unreadable: true)"
    ]


def test_images_without_files_have_no_headers(tmp_path, write_idx, data):
    path = write_idx(tmp_path / "x-images-idx3-ubyte", np.zeros((3, 8, 8)))
    found = report(data(path))
    assert (found.images, found.unseen(), found.problems(skipped=True)) == (0, "", [])
