"""The way on which TensorFlow decodes JPEG files, beside Pillow's for all the rest."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from gantool.data import jpeg_decoding, loading, pipeline, records
from gantool.data.batch import chunk_size, find_jpeg
from gantool.data.fitting import Fit, prepare
from gantool.data.loading import load_images
from gantool.data.sources import open_source
from gantool.errors import InputError
from gantool.recipe.randomness import key


def write_records(path, contents):
    examples = map(records.encode_example, contents)
    path.write_bytes(b"".join(map(records.frame, examples)))


def picture(number, height=47, width=38):
    """Soft colours with hard edges and a little grain, as photographs have them."""
    random = np.random.default_rng(number)
    soft = Image.fromarray(random.integers(0, 256, (5, 4, 3), np.uint8))
    pixels = np.asarray(soft.resize((width, height), Image.Resampling.BICUBIC)).astype(np.int64)
    pixels[height // 3 : height // 2, width // 4 : width // 2] = random.integers(0, 256, 3)
    return np.clip(pixels + random.integers(-6, 7, pixels.shape), 0, 255).astype(np.uint8)


@pytest.fixture
def stream(data):
    """Images that are not held in memory, and their section."""

    def stream(source, **keys):
        section = data(source, **{"range": (0, 255), "size": (16, 16), **keys})
        return load_images(open_source(section, None), section, at_most=0), section

    return stream


@pytest.fixture
def write(tmp_path, encode):
    """A TFRecord file of these pictures, as JPEG."""

    def write(pictures, mode="RGB", **options):
        path = tmp_path / "a.tfrecord"
        contents = (
            encode(Image.fromarray(pixels).convert(mode), "JPEG", **options) for pixels in pictures
        )
        write_records(path, contents)
        return path

    return write


def first(images, section, count, batch_size):
    made = pipeline.batches(images, section, batch_size=batch_size, seed=0, first_batch=0)
    return np.concatenate([pixels.numpy() for pixels, _ in made.take(count)])


def assert_equal_to_pillow(images, section):
    """One batch of all images, by the pipeline and by Pillow alone."""
    count = len(images)
    found = first(images, section, 1, count)
    order = pipeline.permutation(count, key(0, "order"), 0).numpy()
    difference = np.abs(found - images.read(order))
    assert difference.max() <= 1
    assert (difference > 0).mean() < 1e-3


FORMS = {
    "halved colours": {"subsampling": "4:2:0"},
    "full colours": {"subsampling": "4:4:4"},
    "progressive": {"progressive": True},
    "grey": {"mode": "L"},
}


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "keys",
    [
        {"crop": (24, 24)},
        {"crop": (33, 22), "size": (15, 10)},
        {"crop": (19, 19)},
        {},
        {"size": (94, 76)},
        {"size": (47, 38)},
        {"size": (47, 38), "crop": (47, 38)},
        {"size": (20, 20), "crop": (20, 20)},
        {"size": (1, 1)},
    ],
)
def test_the_pictures_are_those_of_pillow(stream, write, form, keys):
    images, section = stream(write(map(picture, range(6)), **FORMS[form]), **keys)
    assert len(images.batch(np.arange(6)).pixels) == 0  # TensorFlow decodes all
    assert_equal_to_pillow(images, section)


def test_grey_pictures_for_one_channel(stream, write):
    images, section = stream(write(map(picture, range(6)), mode="L"), channels=1, crop=(24, 24))
    assert len(images.batch(np.arange(6)).pixels) == 0
    assert_equal_to_pillow(images, section)


def test_colours_become_grey_by_pillow(stream, write):
    images, section = stream(write(map(picture, range(6))), channels=1)
    assert len(images.batch(np.arange(6)).jpegs) == 0
    order = pipeline.permutation(6, key(0, "order"), 0).numpy()
    np.testing.assert_array_equal(first(images, section, 1, 6), images.read(order))


def test_pictures_out_of_proportion_are_left_to_pillow(stream, write):
    images, section = stream(write(map(picture, range(4))), crop=(31, 17), size=(13, 9))
    assert len(images.batch(np.arange(4)).jpegs) == 0
    order = pipeline.permutation(4, key(0, "order"), 0).numpy()
    np.testing.assert_array_equal(first(images, section, 1, 4), images.read(order))


def test_all_kinds_in_one_batch(stream, tmp_path, encode):
    turned = Image.Exif()
    turned[0x0112] = 6
    kinds = [
        encode(picture(0), "JPEG"),
        encode(picture(1), "PNG"),
        encode(picture(2), "JPEG", exif=turned),
        encode(Image.fromarray(picture(3)).convert("CMYK"), "JPEG"),
        encode(picture(4, 60, 80), "JPEG"),  # a window of another size
        encode(picture(5), "JPEG"),
        encode(picture(6), "WEBP"),
    ]
    (tmp_path / "a.tfrecord").write_bytes(
        b"".join(map(records.frame, map(records.encode_example, kinds)))
    )
    images, section = stream(tmp_path / "a.tfrecord")
    batch = images.batch(np.arange(7))
    assert list(batch.jpegs) == [kinds[0], *[kinds[5]] * 6]  # as many as are decoded together
    assert batch.windows[0].tolist() == [4, 0, 38, 38]
    np.testing.assert_array_equal(batch.pixels, images.read(np.array([1, 2, 3, 4, 6])))
    assert batch.places.tolist() == [0, 7, 8, 9, 10, 1, 11]
    assert_equal_to_pillow(images, section)


def test_large_files_are_decoded_at_a_smaller_scale_by_pillow(stream, tmp_path, encode):
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(encode(picture(number, 320, 320), "JPEG"))
    images, _ = stream(tmp_path)
    batch = images.batch(np.arange(3))
    assert (len(batch.jpegs), len(batch.pixels)) == (0, 3)
    whole = [prepare(Image.open(tmp_path / f"{n}.jpg"), Fit((16, 16))) for n in range(3)]
    difference = np.abs(batch.pixels.astype(int) - np.array(whole, int))
    assert 0 < difference.mean() < 1.5  # not the same computation, but the same pictures
    images, _ = stream(tmp_path, crop=(128, 128))
    small = images.read(np.arange(3)).astype(int)
    whole = [
        prepare(Image.open(tmp_path / f"{n}.jpg"), Fit((16, 16), 3, (128, 128), "white"))
        for n in range(3)
    ]
    assert np.abs(small - np.array(whole, int)).mean() < 1.5


def test_a_folder_is_read_in_the_same_way(stream, tmp_path, encode):
    for number in range(5):
        (tmp_path / f"{number}.jpg").write_bytes(encode(picture(number), "JPEG"))
    images, section = stream(tmp_path, crop=(20, 20))
    assert len(images.batch(np.arange(5)).pixels) == 0
    assert_equal_to_pillow(images, section)


@pytest.mark.slow
def test_eagerly_and_inside_a_pipeline(stream, write):
    images, _ = stream(write(map(picture, range(8))), crop=(30, 30))
    batch = images.batch(np.arange(8))

    def decode(_):
        tensors = tf.nest.map_structure(tf.convert_to_tensor, batch)
        return jpeg_decoding.decode(
            tensors, chunk_size(8), images.example.shape, lambda pixels: pixels
        )

    inside = next(iter(tf.data.Dataset.range(1).map(decode)))
    np.testing.assert_array_equal(inside, decode(0))


@pytest.mark.parametrize(
    ("batch_size", "together"), [(1, 1), (8, 8), (16, 16), (17, 9), (64, 16), (96, 16), (100, 15)]
)
def test_a_batch_is_cut_into_equal_chunks(batch_size, together):
    assert chunk_size(batch_size) == together


@pytest.mark.slow
def test_a_later_start_goes_on_exactly_with_flips(stream, write):
    images, section = stream(write(map(picture, range(22))), crop=(24, 24), flip=True)

    def batches(start):
        return pipeline.batches(images, section, batch_size=5, seed=1, first_batch=start)

    expected = [pixels.numpy().tobytes() for pixels, _ in batches(0).take(9)]
    assert [pixels.numpy().tobytes() for pixels, _ in batches(3).take(6)] == expected[3:]
    unflipped = first(images, section.model_copy(update={"flip": False}), 4, 5)
    flipped = first(images, section, 4, 5)
    mirrored = [not np.array_equal(a, b) for a, b in zip(flipped, unflipped, strict=True)]
    assert 4 <= sum(mirrored) <= 16
    for image, original, turned in zip(flipped, unflipped, mirrored, strict=True):
        np.testing.assert_array_equal(image, original[:, ::-1] if turned else original)


DAMAGES = {
    "cut": (lambda content: content[: len(content) // 2], "the image is truncated"),
    "a table of a wrong number": (
        lambda content: content.replace(b"\xff\xc4\x00\x1f\x00", b"\xff\xc4\x00\x1f\x0f"),
        "the image is damaged (broken data stream when reading image file)",
    ),
    "bomb": (
        lambda content: content.replace(bytes([8, 0, 47, 0, 38]), b"\x08\xff\xff\xff\xff"),
        "65,535×65,535 pixels are more than the 100,000,000 allowed",
    ),
    "small": (
        lambda content: content.replace(bytes([8, 0, 47, 0, 38]), bytes([8, 0, 7, 0, 38])),
        "a crop of 20×20 (height×width) is larger than the image, 7×38; make the crop smaller or"
        " leave it out",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_told_as_pillow_sees_it(stream, tmp_path, encode, damage):
    spoil, reason = DAMAGES[damage]
    contents = [encode(picture(number), "JPEG") for number in range(10)]
    contents[7] = spoil(contents[7])
    (tmp_path / "a.tfrecord").write_bytes(
        b"".join(map(records.frame, map(records.encode_example, contents)))
    )
    images, section = stream(tmp_path / "a.tfrecord", crop=(20, 20))
    with pytest.raises(InputError), pipeline.errors_of(images):
        first(images, section, 2, 5)
    assert str(images.failure).splitlines() == [
        "1 of 5 images cannot be used; remove or replace them, or leave them out"
        " (data.skip_unreadable: true):",
        f"  {tmp_path}/a.tfrecord, record 7: {reason}",
    ]


def test_a_batch_is_looked_through_before_pillow_gives_up(stream, tmp_path, encode):
    contents = [encode(picture(0), "JPEG")[:300] + b"\xff\xd9", b"", encode(picture(2), "JPEG")]
    (tmp_path / "a.tfrecord").write_bytes(
        b"".join(map(records.frame, map(records.encode_example, contents)))
    )
    images, section = stream(tmp_path / "a.tfrecord")
    with pytest.raises(tf.errors.OpError):
        first(images, section, 1, 3)
    assert str(images.failure).splitlines()[0] == (
        "2 of 3 images cannot be used; remove or replace them, or leave them out"
        " (data.skip_unreadable: true):"
    )


def test_nothing_is_found_where_nothing_is_damaged(stream, write):
    images, section = stream(write(map(picture, range(4))))
    first(images, section, 2, 2)
    images.look_for_damage(lambda jpeg: jpeg_decoding.is_refused(jpeg, 3))
    assert images.failure is None


def test_a_jpeg_that_tensorflow_refuses_and_pillow_reads(stream, tmp_path, encode, monkeypatch):
    """TensorFlow is asked for a window that lies outside: none of its own refusals is known."""
    for number in range(6):
        (tmp_path / f"{number}.jpg").write_bytes(encode(picture(number), "JPEG"))
    spoilt = (tmp_path / "4.jpg").read_bytes()
    images, section = stream(tmp_path)

    def find(content, data):
        found = find_jpeg(content, data)
        return found._replace(window=(30, 0, 38, 38)) if content == spoilt else found

    monkeypatch.setattr(loading, "find_jpeg", find)
    with pytest.raises(InputError) as caught, pipeline.errors_of(images):
        first(images, section, 2, 3)
    assert str(caught.value) == (
        f"{tmp_path}/4.jpg: a JPEG that Pillow reads and TensorFlow refuses; save it anew, or"
        " remove it"
    )


MEMORY = """
import resource, sys
from gantool.data import loading, pipeline, sources
from gantool.recipe.data import Data
data = Data(source=sys.argv[1], size=(64, 64), crop=(108, 108))
images = loading.load_images(sources.open_source(data, None), data, at_most=0)
batches = iter(pipeline.batches(images, data, batch_size=16, seed=0, first_batch=0))
for epoch in range(12):
    for _ in range(len(images) // 16):
        next(batches)
    if epoch in (3, 11):
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_epochs(tmp_path, encode):
    contents = (encode(picture(number, 218, 178), "JPEG", quality=90) for number in range(160))
    (tmp_path / "a.tfrecord").write_bytes(
        b"".join(map(records.frame, map(records.encode_example, contents)))
    )
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, tmp_path / "a.tfrecord"],
        capture_output=True,
        text=True,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        check=True,
    )
    early, late = map(int, done.stdout.split())
    # 1,280 more images are 63 MB as floats and 12 MB as files.
    assert late - early < 20_000  # kilobytes
