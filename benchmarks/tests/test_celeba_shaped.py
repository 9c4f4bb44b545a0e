from __future__ import annotations

import subprocess
import sys
import zipfile

import pytest
from PIL import Image


@pytest.fixture(scope="module")
def make(tmp_path_factory, repository):
    def make(count):
        folder = tmp_path_factory.mktemp("celeba")
        script = repository / "benchmarks" / "celeba_shaped.py"
        subprocess.run([sys.executable, script, folder, "--count", str(count)], check=True)
        return folder

    return make


@pytest.fixture(scope="module")
def made(make):
    return make(20)


def test_the_pictures_have_the_shape_of_celeba(made):
    paths = sorted((made / "img_align_celeba").iterdir())
    assert [path.name for path in paths] == [f"{number:06}.jpg" for number in range(1, 21)]
    for path in paths:
        with Image.open(path) as image:
            assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (178, 218))
            # Component, sampling factors …: the colours have half the brightness's resolution.
            assert [part[1:3] for part in image.layer] == [(2, 2), (1, 1), (1, 1)]
        assert 6_000 < path.stat().st_size < 14_000
    assert len({path.read_bytes() for path in paths}) == 20


def test_the_lists_have_the_form_of_celeba(made):
    count, names, *rows = (made / "list_attr_celeba.txt").read_text().splitlines()
    assert count == "20"
    assert (len(names.split()), names.split()[20]) == (40, "Male")
    assert [row.split()[0] for row in rows] == [f"{number:06}.jpg" for number in range(1, 21)]
    assert all(len(row.split()) == 41 and len(row) == 10 + 40 * 3 for row in rows)
    assert {value for row in rows for value in row.split()[1:]} == {"-1", "1"}
    parts = [row.split() for row in (made / "list_eval_partition.txt").read_text().splitlines()]
    assert [part for _, part in parts] == ["0"] * 16 + ["1"] * 2 + ["2"] * 2


def test_the_zip_holds_the_pictures(made):
    with zipfile.ZipFile(made / "img_align_celeba.zip") as archive:
        assert archive.namelist()[:2] == ["img_align_celeba/", "img_align_celeba/000001.jpg"]
        for path in (made / "img_align_celeba").iterdir():
            assert archive.read(f"img_align_celeba/{path.name}") == path.read_bytes()


@pytest.mark.slow
def test_a_larger_set_begins_with_the_same_pictures(made, make):
    # Large enough to be made by several processes.
    larger = make(260) / "img_align_celeba"
    assert len(list(larger.iterdir())) == 260
    for path in (made / "img_align_celeba").iterdir():
        assert (larger / path.name).read_bytes() == path.read_bytes()
