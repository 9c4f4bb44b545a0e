from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from gantool.data import loading, pipeline
from gantool.data.loading import load_images
from gantool.data.pixels import to_range
from gantool.data.sources import open_source
from gantool.errors import InputError
from gantool.recipe.randomness import key

COUNT = 22
GOLDEN_ORDER = [4, 9, 3, 0, 2, 5, 8, 1, 7, 6]
GOLDEN_FLIP = [1, 0, 1, 1, 1, 0, 1, 0, 0, 0]


@pytest.fixture(params=["in memory", "streamed"])
def make(request, tmp_path, encode, data, monkeypatch):
    """Batches of 22 images in two classes; image k has 2k + 1 left, and 2k + 2 elsewhere."""
    if request.param == "streamed":
        monkeypatch.setattr(loading, "MAX_BYTES_IN_MEMORY", 0)
    for number in range(COUNT):
        path = tmp_path / "set" / ("b" if number >= 10 else "a") / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.full((4, 4, 3), 2 * number + 2, np.uint8)
        pixels[:, 0] -= 1
        path.write_bytes(encode(pixels))

    def make(first_batch=0, seed=0, batch_size=5, share=(0, 1), **keys):
        section = data(tmp_path / "set", **{"range": (0, 255), "labels": True, **keys})
        images = load_images(open_source(section, None), section)
        made = pipeline.batches(
            images,
            section,
            batch_size=batch_size,
            seed=seed,
            first_batch=first_batch,
            share=share,
        )
        return images, made

    return make


def take(made, count):
    return [(pixels.numpy(), labels.numpy()) for pixels, labels in made.take(count)]


def numbers(batch):
    """Which images a batch holds, flipped or not."""
    return [(int(value) + 1) // 2 - 1 for value in batch[0][:, 0, 0, 0]]


@pytest.mark.parametrize("streamed", [False, True])
def test_four_channels(tmp_path, data, encode, streamed):
    """Of PNG with transparency, and of JPEG, which has none and is left to Pillow here."""
    clear = np.full((4, 4, 4), [10, 20, 30, 40], np.uint8)
    (tmp_path / "a.png").write_bytes(encode(clear))
    (tmp_path / "b.jpg").write_bytes(encode(np.full((4, 4, 3), 128, np.uint8), "JPEG"))
    section = data(tmp_path, channels=4, range=(0, 255))
    source = open_source(section, None)
    images = load_images(source, section, at_most=0 if streamed else 2 * 4 * 4 * 4)
    assert (images.pixels is None, images.example.shape, images.example.dtype) == (
        streamed,
        (4, 4, 4),
        np.uint8,
    )
    made = pipeline.batches(images, section, batch_size=2, seed=0, first_batch=0)
    [(pixels, _)] = take(made, 1)
    order = pipeline.permutation(2, key(0, "order"), 0).numpy()
    np.testing.assert_array_equal(pixels[list(order).index(0)], clear)
    assert np.unique(pixels[list(order).index(1)].reshape(-1, 4), axis=0).tolist() == [
        [128, 128, 128, 255]
    ]


def test_memory_is_counted_in_all_channels(tmp_path, data, plain):
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(plain(number))
    section = data(tmp_path, channels=4)
    source = open_source(section, None)
    assert load_images(source, section, at_most=3 * 4 * 4 * 4).pixels is not None
    assert load_images(source, section, at_most=3 * 4 * 4 * 4 - 1).pixels is None


def test_shapes_values_and_labels(make):
    _, made = make(range=(-1, 1))
    pixels, labels = made.element_spec
    assert (pixels.shape, pixels.dtype) == ((5, 4, 4, 3), tf.float32)
    assert (labels.shape, labels.dtype) == ((5,), tf.int32)
    [(pixels, labels)] = take(made, 1)
    order = pipeline.permutation(COUNT, key(0, "order"), 0).numpy()[:5]
    assert labels.tolist() == [int(number >= 10) for number in order]
    expected = np.repeat(2 * order + 2, 48).reshape(5, 4, 4, 3).astype(np.uint8)
    expected[:, :, 0] -= 1
    np.testing.assert_array_equal(pixels, to_range(expected, (-1, 1)))


@pytest.mark.slow
def test_each_epoch_is_another_permutation_without_the_rest(make):
    _, made = make()
    epochs = np.array([numbers(batch) for batch in take(made, 12)]).reshape(3, 20)
    assert all(len(set(epoch)) == 20 for epoch in epochs.tolist())
    assert len({tuple(epoch) for epoch in epochs.tolist()}) == 3
    # What one epoch leaves out, another shows.
    assert len(set(epochs.flatten().tolist())) == COUNT


@pytest.mark.slow
@pytest.mark.parametrize("first", [0, 1, 3, 4, 5, 8, 11, 4001])
def test_a_later_start_goes_on_exactly(make, first):
    _, whole = make(flip=True)
    start = max(0, first - 6)
    _, before = make(first_batch=start, flip=True)
    _, after = make(first_batch=first, flip=True)
    if start == 0:
        before = whole
    expected = take(before.skip(first - start), 7)  # 7 batches: over the end of an epoch
    found = take(after, 7)
    for (pixels, labels), (expected_pixels, expected_labels) in zip(found, expected, strict=True):
        assert pixels.tobytes() == expected_pixels.tobytes()
        assert labels.tobytes() == expected_labels.tobytes()


@pytest.mark.slow
def test_two_runs_are_equal_and_seeds_differ(make):
    first, again, other = (
        [numbers(batch) for batch in take(make(seed=seed)[1], 4)] for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other


def test_memory_and_stream_give_the_same(make, monkeypatch):
    one = take(make(flip=True)[1], 6)
    monkeypatch.setattr(loading, "MAX_BYTES_IN_MEMORY", 1 << 30)
    two = take(make(flip=True)[1], 6)
    assert b"".join(pixels.tobytes() for pixels, _ in one) == b"".join(
        pixels.tobytes() for pixels, _ in two
    )


def test_flip_mirrors_left_to_right(make):
    _, made = make(flip=True)
    plain = take(make()[1], 4)
    for (pixels, _), (unflipped, _) in zip(take(made, 4), plain, strict=True):
        for image, original in zip(pixels, unflipped, strict=True):
            mirrored = image[0, 0, 0] % 2 == 0
            np.testing.assert_array_equal(image, original[:, ::-1] if mirrored else original)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flip", "alike"), [("horizontal", True), ("both", True), ("vertical", False)]
)
def test_other_ways_to_flip(make, flip, alike):
    """The pictures of this set are alike from top to bottom."""
    made, expected = take(make(flip=flip)[1], 8), take(make(flip=alike)[1], 8)
    for (pixels, _), (others, _) in zip(made, expected, strict=True):
        np.testing.assert_array_equal(pixels, others)


def test_flips_are_drawn_for_each_way(data, tmp_path, encode):
    picture = np.zeros((2, 2, 3), np.uint8)
    picture[0, 0] = 255
    for number in range(20):
        (tmp_path / f"{number:02}.png").write_bytes(encode(picture))
    found = {}
    for way in ("vertical", "both"):
        section = data(tmp_path, size=(2, 2), flip=way, range=(0, 255))
        images = load_images(open_source(section, None), section)
        made = pipeline.batches(images, section, batch_size=20, seed=0, first_batch=0)
        found[way] = np.concatenate([pixels for pixels, _ in take(made, 10)])[..., 0]
        share = pipeline.batches(
            images, section, batch_size=20, seed=0, first_batch=0, share=(1, 2)
        )
        np.testing.assert_array_equal(
            np.concatenate([pixels[10:, ..., 0] for pixels, _ in take(made, 3)]),
            np.concatenate([pixels[..., 0] for pixels, _ in take(share, 3)]),
        )
    down, right = (found["vertical"][:, 1] > 0).any(1), (found["vertical"][..., 1] > 0).any(1)
    assert not right.any()
    assert 70 < down.sum() < 130
    corners = found["both"].reshape(200, 4).argmax(1)
    counts = np.bincount(corners, minlength=4)
    assert (counts > 30).all()
    # Top to bottom as without the other.
    np.testing.assert_array_equal(corners >= 2, down)


@pytest.mark.slow
@pytest.mark.parametrize("batch_size", [23, 44, 70])
def test_a_batch_larger_than_the_set_repeats_images(make, batch_size):
    """Each batch is an epoch: its permutation, again and again, cut off."""
    whole = take(make(batch_size=batch_size, repeat=True, flip=True)[1], 5)
    for number, batch in enumerate(whole):
        order = pipeline.permutation(COUNT, key(0, "order"), number).numpy()
        assert numbers(batch) == np.resize(order, batch_size).tolist()
        assert batch[1].tolist() == [int(place >= 10) for place in np.resize(order, batch_size)]
    later = take(make(batch_size=batch_size, repeat=True, flip=True, first_batch=3)[1], 2)
    for batch, expected in zip(later, whole[3:], strict=True):
        np.testing.assert_array_equal(batch[0], expected[0])


def test_repeat_changes_nothing_where_a_batch_is_full(make):
    for batch, expected in zip(take(make(repeat=True)[1], 6), take(make()[1], 6), strict=True):
        np.testing.assert_array_equal(batch[0], expected[0])


def test_flip_changes_neither_order_nor_labels(make):
    flipped = take(make(flip=True)[1], 5)
    for with_flip, without in zip(flipped, take(make()[1], 5), strict=True):
        assert numbers(with_flip) == numbers(without)
        assert with_flip[1].tolist() == without[1].tolist()


@pytest.mark.slow
def test_shares_are_the_rows_of_the_batch_in_order(make):
    """From the last batch of an epoch on, with flips that are drawn for the whole batch."""
    whole = take(make(first_batch=2, batch_size=6, flip=True)[1], 3)
    shares = [
        take(make(first_batch=2, batch_size=6, flip=True, share=(number, 3))[1], 3)
        for number in range(3)
    ]
    for (pixels, labels), *parts in zip(whole, *shares, strict=True):
        assert [part.shape for part, _ in parts] == [(2, 4, 4, 3)] * 3
        np.testing.assert_array_equal(np.concatenate([part for part, _ in parts]), pixels)
        np.testing.assert_array_equal(np.concatenate([part for _, part in parts]), labels)


@pytest.mark.slow
def test_a_share_reads_its_own_images_alone(make, monkeypatch):
    read = []

    def noting(method):
        return lambda images, indices: read.append(indices.tolist()) or method(images, indices)

    for name in ("read", "batch"):
        monkeypatch.setattr(loading.Images, name, noting(getattr(loading.Images, name)))
    take(make(batch_size=10, share=(1, 2))[1], 2)
    # It reads ahead, by how much depends on the machine.
    epochs = [pipeline.permutation(COUNT, key(0, "order"), epoch).numpy() for epoch in range(50)]
    second_halves = [row[5:].tolist() for epoch in epochs for row in epoch[:20].reshape(2, 10)]
    assert len(read) >= 2
    assert all(indices in second_halves for indices in read)


def test_a_batch_larger_than_the_set(make):
    with pytest.raises(
        InputError, match=r"^train\.batch_size 23 is larger than the set of 22 images"
    ):
        make(batch_size=23)


def test_a_batch_may_be_the_whole_set(make):
    epochs = [numbers(batch) for batch in take(make(batch_size=COUNT)[1], 2)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(COUNT))] * 2
    assert epochs[0] != epochs[1]


@pytest.mark.parametrize("make", ["streamed"], indirect=True)
def test_an_unreadable_image_ends_it_and_is_remembered(make, tmp_path):
    images, made = make()
    spoilt = numbers(take(made, 3)[2])[1]  # in the third batch
    path = tmp_path / "set" / ("b" if spoilt >= 10 else "a") / f"{spoilt:02}.png"
    path.write_bytes(b"")
    iterator = iter(made)
    for _ in range(2):
        next(iterator)
    with pytest.raises(tf.errors.OpError):
        next(iterator)
    assert str(images.failure).splitlines() == [
        "1 of 5 images cannot be used; remove or replace them, or leave them out"
        " (data.skip_unreadable: true):",
        f"  {path}: the file is empty",
    ]


# What the pipeline maps, eagerly and inside it.


def in_pipeline(function, *steps):
    steps = tf.data.Dataset.from_tensor_slices(np.array(steps, np.int64))
    return [made.numpy() for made in steps.map(function)]


def test_a_permutation_is_the_same_eagerly_and_inside():
    eager = [pipeline.permutation(50, key(3, "order"), step).numpy() for step in (0, 1, 2**40)]
    inside = in_pipeline(lambda step: pipeline.permutation(50, key(3, "order"), step), 0, 1, 2**40)
    np.testing.assert_array_equal(eager, inside)
    assert [sorted(order.tolist()) for order in eager] == [list(range(50))] * 3


def test_the_order_does_not_change_between_versions():
    # Resumed runs rest on it; worked out once, with TensorFlow 2.21.
    assert pipeline.permutation(10, key(0, "order"), 0).numpy().tolist() == GOLDEN_ORDER
    ones = tf.reshape(tf.constant([0, 1] * 10, tf.uint8), [10, 1, 2, 1])
    flipped = pipeline.flip(ones, key(0, "flip"), 0).numpy()[:, 0, 0, 0]
    assert flipped.tolist() == GOLDEN_FLIP


def test_a_permutation_sorts_the_drawn_numbers_by_hand():
    drawn = tf.random.stateless_uniform(
        [1000], [key(5, "order"), 7], None, None, tf.int64, alg="philox"
    ).numpy()
    expected = np.argsort(drawn, kind="stable")
    np.testing.assert_array_equal(pipeline.permutation(1000, key(5, "order"), 7), expected)


def test_every_place_is_as_likely():
    orders = in_pipeline(lambda step: pipeline.permutation(4, key(0, "order"), step), *range(2400))
    _, counts = np.unique(np.array(orders), axis=0, return_counts=True)
    # 24 orders, 100 times each: chi-squared with 23 degrees of freedom is below 50 in 99.9 %.
    assert len(counts) == 24
    assert ((counts - 100) ** 2 / 100).sum() < 50


def test_flip_is_the_same_eagerly_and_inside_and_mirrors_half():
    batch = tf.constant(np.random.default_rng(0).integers(0, 256, (64, 3, 4, 1), np.uint8))
    eager = [pipeline.flip(batch, key(1, "flip"), step).numpy() for step in range(20)]
    inside = in_pipeline(lambda step: pipeline.flip(batch, key(1, "flip"), step), *range(20))
    np.testing.assert_array_equal(eager, inside)
    mirrored = (np.array(eager) != batch.numpy()).any(axis=(2, 3, 4))
    assert 560 < mirrored.sum() < 720  # of 1,280
    assert len({row.tobytes() for row in mirrored}) == 20


@pytest.mark.parametrize("bounds", [(-1.0, 1.0), (0.0, 1.0), (-0.5, 0.5), (-3.7, 11.1)])
def test_to_range_is_the_same_in_numpy_and_inside(bounds):
    pixels = np.arange(256, dtype=np.uint8)
    expected = to_range(pixels, bounds)
    eager = to_range(tf.cast(pixels, tf.float32), bounds)
    assert eager.dtype == tf.float32
    inside = tf.data.Dataset.from_tensors(pixels).map(
        lambda batch: to_range(tf.cast(batch, tf.float32), bounds)
    )
    assert eager.numpy().tobytes() == expected.tobytes()
    assert next(iter(inside)).numpy().tobytes() == expected.tobytes()


@pytest.mark.usefixtures("in_repository")
def test_mnist_through_the_pipeline(data):
    section = data("mnist", size=(28, 28), channels=1, labels=True)
    images = load_images(open_source(section, None), section)
    made = pipeline.batches(images, section, batch_size=128, seed=0, first_batch=467)
    # 60,000 / 128 is 468 and a rest: this is the last batch of an epoch and the first of the next.
    orders = [pipeline.permutation(60000, key(0, "order"), epoch).numpy() for epoch in (0, 1)]
    expected = [orders[0][467 * 128 : 468 * 128], orders[1][:128]]
    for (pixels, labels), indices in zip(take(made, 2), expected, strict=True):
        np.testing.assert_array_equal(labels, images.labels[indices])
        np.testing.assert_array_equal(pixels, to_range(images.pixels[indices], (-1, 1)))


@pytest.mark.slow
def test_a_process_ends_while_batches_are_read_ahead(tmp_path, plain):
    """It has written no files on its way, which one that is killed would leave behind."""
    (tmp_path / "set").mkdir()
    (tmp_path / "temporary").mkdir()
    for number in range(50):
        (tmp_path / "set" / f"{number}.png").write_bytes(plain(number))
    code = f"""
import os, tempfile
from gantool.data import loading, pipeline, sources
from gantool.recipe.data import Data
loading.MAX_BYTES_IN_MEMORY = 0
data = Data(source={str(tmp_path / "set")!r}, size=(64, 64))
images = loading.load_images(sources.open_source(data, None), data)
batches = iter(pipeline.batches(images, data, batch_size=8, seed=0, first_batch=0))
print(next(batches)[0].shape, os.listdir(tempfile.gettempdir()))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"TMPDIR": str(tmp_path / "temporary")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "(8, 64, 64, 3) []\n"), done.stderr


def test_no_thread_tunes_it(make):
    """That thread sleeps for up to a minute, and the end of an iterator waits for it."""
    assert make()[1].options().autotune.enabled is False


def test_balanced_classes_come_equally_often_and_each_in_a_new_order(make):
    """Ten images of one class and twelve of the other, in batches that divide the set."""
    images, made = make(batch_size=11, balance=True)
    found = take(made, 8)
    for first, second in zip(found[::2], found[1::2], strict=True):
        labels = np.concatenate([first[1], second[1]])
        assert np.bincount(labels).tolist() == [11, 11]
        epoch = numbers(first) + numbers(second)
        np.testing.assert_array_equal(images.labels[epoch], labels)
        times = np.bincount(epoch, minlength=22)
        # Of ten images one comes twice, of twelve one is left out.
        assert sorted(times[:10]) == [1] * 9 + [2]
        assert sorted(times[10:]) == [0] + [1] * 11
    assert len({tuple(numbers(batch)) for batch in found}) == 8


def test_balanced_batches_go_on_exactly_and_are_shared(make):
    _, made = make(batch_size=4, balance=True)
    whole = take(made, 9)
    _, later = make(first_batch=6, batch_size=4, balance=True)
    shares = [take(make(batch_size=4, balance=True, share=(own, 2))[1], 9) for own in range(2)]
    for (pixels, labels), (again, same) in zip(whole[6:], take(later, 3), strict=True):
        np.testing.assert_array_equal(pixels, again)
        np.testing.assert_array_equal(labels, same)
    for (_, labels), *parts in zip(whole, *shares, strict=True):
        np.testing.assert_array_equal(np.concatenate([part for _, part in parts]), labels)


def test_a_rare_class_is_drawn_as_often_as_a_common_one():
    """Class 1 has no image, and class 2 has one among two hundred."""
    labels = np.zeros(201, np.int32)
    labels[77] = 2
    made = pipeline.balanced(
        labels,
        lambda epoch: pipeline.permutation(201, key(0, "order"), epoch),
        lambda epoch: pipeline.permutation(201, key(0, "classes"), epoch),
        tf.constant(3),
    ).numpy()
    assert np.count_nonzero(made == 77) in (100, 101)
    others = made[made != 77]
    assert len(set(others.tolist())) == len(others)
