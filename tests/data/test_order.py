from __future__ import annotations

import pytest

from gantool.data.order import batches_per_epoch, place
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
        "train.batch_size is 11, but the data set has only 10 images; make the batch smaller"
    )


@pytest.mark.parametrize(
    ("batch", "expected"), [(0, (0, 0)), (2, (0, 2)), (3, (1, 0)), (7, (2, 1)), (30, (10, 0))]
)
def test_place(batch, expected):
    assert place(batch, 3) == expected
