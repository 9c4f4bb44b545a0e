"""What is left out of a set, and what is found out about it, when it is loaded."""

from __future__ import annotations

import numpy as np
import pytest

from gantool.data import loading, pipeline
from gantool.data.loading import load_images, verify
from gantool.data.sources import open_source
from gantool.errors import InputError
from gantool.recipe.randomness import key

COUNT = 40
BROKEN = (3, 4, 29)


@pytest.fixture(params=["in memory", "streamed"])
def load(request, data):
    def load(source, progress=None, **keys):
        section = data(source, **{"range": (0, 255), **keys})
        at_most = 0 if request.param == "streamed" else None
        images = load_images(open_source(section, None), section, progress, at_most)
        assert (images.pixels is None) == (request.param == "streamed")
        return images

    return load


@pytest.fixture
def write(tmp_path, encode):
    """40 images in two classes, image k of the value 5 · k; of some only the first bytes."""

    def write(form="PNG", broken=BROKEN, suffix="png"):
        for number in range(COUNT):
            path = tmp_path / "set" / ("odd" if number >= 25 else "low") / f"{number:02}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            content = encode(np.full((4, 4, 3), 5 * number, np.uint8), form)
            path.write_bytes(content[:20] if number in broken else content)
        return tmp_path / "set"

    return write


def everything(images):
    return images.read(np.arange(len(images)))


def test_images_that_cannot_be_used_are_left_out_and_listed(load, write):
    folder, told = write(), []
    images = load(
        folder, lambda *news: told.append(news), skip_unreadable=True, labels=True, size=(2, 3)
    )
    left = [number for number in range(COUNT) if number not in BROKEN]
    assert len(images) == 37
    assert everything(images)[:, 0, 0, 0].tolist() == [5 * number for number in left]
    assert images.labels.tolist() == [int(number >= 25) for number in left]
    assert images.notes[-1].splitlines() == [
        "3 of 40 images cannot be used and are left out:",
        f"  {folder}/low/03.png: the image is truncated",
        f"  {folder}/low/04.png: the image is truncated",
        f"  {folder}/odd/29.png: the image is truncated",
    ]
    assert told == [(done, 40) for done in range(1, 41)]


def test_not_more_than_ten_are_named(load, write):
    images = load(write(broken=range(5, 17)), skip_unreadable=True)
    lines = images.notes[-1].splitlines()
    assert lines[0] == "12 of 40 images cannot be used and are left out:"
    assert len(lines) == 12
    assert lines[-1] == "  and 2 more"


@pytest.mark.slow
def test_it_is_the_same_as_if_they_had_never_been_there(load, write):
    folder = write()
    with_them = load(folder, skip_unreadable=True, labels=True, flip="both")
    for number in BROKEN:
        next(folder.glob(f"*/{number:02}.png")).unlink()
    without = load(folder, labels=True, flip="both")
    assert without.notes == ()
    batches = [
        list(pipeline.batches(i, i.data, batch_size=6, seed=1, first_batch=0).take(8))
        for i in (with_them, without)
    ]
    for (pixels, labels), (expected, their_labels) in zip(*batches, strict=True):
        np.testing.assert_array_equal(pixels, expected)
        np.testing.assert_array_equal(labels, their_labels)


def test_tensorflow_decodes_what_is_left(data, write):
    section = data(write("JPEG", suffix="jpg"), skip_unreadable=True, labels=True, range=(0, 255))
    images = load_images(open_source(section, None), section, at_most=0)
    assert len(images.batch(np.arange(37)).jpegs) > 0
    made = pipeline.batches(images, section, batch_size=37, seed=0, first_batch=0)
    [(pixels, labels)] = list(made.take(1))
    order = pipeline.permutation(37, key(0, "order"), 0).numpy()
    left = np.array([number for number in range(COUNT) if number not in BROKEN])[order]
    np.testing.assert_array_equal(labels, left >= 25)
    assert np.abs(pixels.numpy()[:, 0, 0, 0] - 5 * left).max() <= 1


def test_a_set_without_damage_is_whole(load, write):
    images = load(write(broken=()), skip_unreadable=True)
    assert (len(images), images.notes) == (COUNT, ())


def test_by_default_nothing_is_left_out(data, write):
    section = data(write())
    with pytest.raises(InputError, match="3 of 40 images cannot be used"):
        load_images(open_source(section, None), section)


def test_a_class_that_loses_all_its_images(load, write):
    folder = write(broken=range(25, 40))
    with pytest.raises(InputError) as caught:
        load(folder, skip_unreadable=True, labels=True)
    first, second, *_ = str(caught.value).splitlines()
    assert first == (
        "set: no image of odd can be used, and networks would be told of a class without images;"
        " mend them, or take them out of the set"
    )
    assert second == "15 of 40 cannot be used:"
    assert len(load(folder, skip_unreadable=True)) == 25


def test_nothing_is_left(load, write):
    with pytest.raises(InputError, match="40 of 40 images cannot be used"):
        load(write(broken=range(40)), skip_unreadable=True)


def test_a_large_set_can_be_looked_through_before(data, write):
    folder, told = write(), []
    section = data(folder)
    images = load_images(open_source(section, None), section, at_most=0)
    with pytest.raises(InputError) as caught:
        verify(images, lambda *news: told.append(news))
    assert str(caught.value).splitlines() == [
        "3 of 40 images cannot be used; remove or replace them, or leave them out"
        " (data.skip_unreadable: true):",
        *(f"  {folder}/{n}.png: the image is truncated" for n in ("low/03", "low/04", "odd/29")),
    ]
    assert told == [(done, 40) for done in range(1, 41)]
    section = data(folder, skip_unreadable=True)
    verify(load_images(open_source(section, None), section, at_most=0))


# White.


@pytest.fixture
def wide(tmp_path, encode):
    """Three pictures of 16 bits whose largest values are 1,000, 4,095 and 2,000."""
    for number, value in enumerate((1000, 4095, 2000)):
        pixels = np.array([[0, value], [value, value]], np.uint16)
        (tmp_path / f"{number}.png").write_bytes(encode(pixels))
    return tmp_path


@pytest.mark.parametrize(
    ("white", "largest", "told"),
    [
        (None, [4, 16, 8], "4,095 of 65,535; data.white: auto makes it white"),
        ("auto", [62, 255, 125], "4,095, which is white"),
        (4095, [62, 255, 125], None),
        (2000, [128, 255, 255], "4,095; what is above data.white, 2,000, is white"),
    ],
)
def test_white(load, wide, white, largest, told):
    """255 · 1000 / 4095 = 62.3, and 2000 gives 124.5…; 1000 / 257 = 3.9, 15.9 and 7.8."""
    images = load(wide, white=white, size=(2, 2))
    assert everything(images)[:, 1, 1, 0].tolist() == largest
    expected = f"{wide.name}: the largest value in pixels of 16 bits is {told}"
    assert images.notes == ((expected,) if told else ())


def test_white_of_eight_bits(load, write):
    images = load(write(broken=()), white="auto")
    assert images.notes == ()
    assert everything(images).max() == 195


def test_auto_looks_at_every_image(load, wide, encode):
    (wide / "broken.png").write_bytes(b"")
    (wide / "z.png").write_bytes(encode(np.full((2, 2), 8190, np.uint16)))
    images = load(wide, white="auto", size=(2, 2), skip_unreadable=True)
    assert everything(images)[:, 1, 1, 0].tolist() == [31, 128, 62, 255]
    assert [note.splitlines()[0] for note in images.notes] == [
        "1 of 5 images cannot be used and are left out:",
        f"{wide.name}: the largest value in pixels of 16 bits is 8,190, which is white",
    ]


def test_a_large_set_is_not_gone_through_for_a_hint(data, tmp_path, encode, monkeypatch):
    for number in range(300):
        (tmp_path / f"{number:03}.png").write_bytes(encode(np.full((2, 2), number, np.uint16)))
    section, looked = data(tmp_path, size=(2, 2)), []
    look = loading.look_at
    monkeypatch.setattr(
        loading, "look_at", lambda source, number, data: (
            looked.append(number), look(source, number, data)
        )[1]
    )  # fmt: skip
    images = load_images(open_source(section, None), section, at_most=0)
    assert sorted(looked) == list(range(0, 300, 5))
    assert images.notes == (
        f"{tmp_path.name}: the largest value in pixels of 16 bits is 295 of 65,535;"
        " data.white: auto makes it white",
    )
