from __future__ import annotations

import pytest

from gantool.data.order import batches_per_epoch, left_out, place
from gantool.errors import InputError


@pytest.mark.parametrize(
    ("count", "batch_size", "batches"), [(10, 3, 3), (9, 3, 3), (3, 3, 1), (5, 1, 5)]
)
def test_whole_batches(count, batch_size, batches):
    assert batches_per_epoch(count, batch_size) == batches


def test_a_batch_larger_than_the_set():
    with pytest.raises(InputError) as caught:
        batches_per_epoch(10, 11)
    assert str(caught.value) == (
        "train.batch_size 11 is larger than the set of 10 images; the largest batch is"
        " 10, or data.repeat: true goes through the images again"
    )
    assert batches_per_epoch(10, 11, repeat=True) == 1
    assert batches_per_epoch(10, 3, repeat=True) == 3


@pytest.mark.parametrize(
    ("count", "batch_size", "told"),
    [
        (100, 64, "36 of 100 images, others each time, as they fill no batch of 64; a batch of 50"
         " leaves out none"),
        (11, 3, "2 of 11 images, others each time, as they fill no batch of 3; a batch of 2 leaves"
         " out 1"),
        (11, 6, "5 of 11 images, others each time, as they fill no batch of 6; a batch of 5 leaves"
         " out 1"),
        (127, 64, "63 of 127 images, others each time, as they fill no batch of 64; a batch of 63"
         " leaves out 1"),
        (110, 100, ""),  # ten of a hundred and ten are less than a tenth
        (100, 90, ""),  # a tenth
        (99, 89, "10 of 99 images, others each time, as they fill no batch of 89; a batch of 49"
         " leaves out 1"),
        (64, 64, ""),
        (60_000, 64, ""),
        (10, 64, ""),  # nothing is left out where images are repeated
    ],
)  # fmt: skip
def test_what_an_epoch_leaves_out(count, batch_size, told):
    assert left_out(count, batch_size) == (told and f"each epoch leaves out {told}")


def test_what_an_epoch_leaves_out_of_updates_of_several_batches():
    # 100 = 2 · 3 · 14 + 16, and 2 · 3 · 16 + 4, and 3 · 3 · 11 + 1.
    assert left_out(100, 14, 3) == (
        "each epoch leaves out 16 of 100 images, others each time, as they fill no 3 batches of 14;"
        " a batch of 11 leaves out 1"
    )
    assert left_out(100, 16, 3) == ""


@pytest.mark.parametrize(
    ("batch", "expected"), [(0, (0, 0)), (2, (0, 2)), (3, (1, 0)), (7, (2, 1)), (30, (10, 0))]
)
def test_place(batch, expected):
    assert place(batch, 3) == expected
