"""What a plan tells of the data before a run begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gantool.data.loading import load_images
from gantool.data.pipeline import batches
from gantool.engine.plan import make_plan
from gantool.engine.timetable import timetable_of
from gantool.recipe.load import RecipeError

from .conftest import SMALL


@pytest.mark.parametrize(
    ("batch_size", "told"),
    [
        (200, "each epoch leaves out 100 of 300 images, others each time, as they fill no batch of"
         " 200; a batch of 150 leaves out none"),
        (270, None),  # thirty of three hundred are a tenth
        (300, None),
    ],
)  # fmt: skip
def test_what_an_epoch_leaves_out(
    load_tiny: Callable[..., Any], batch_size: int, told: str | None
) -> None:
    plan = make_plan(load_tiny(*SMALL, f"train.batch_size={batch_size}"))
    assert plan.warnings == (() if told is None else (told,))


def test_a_batch_larger_than_the_set(load_tiny: Callable[..., Any]) -> None:
    with pytest.raises(RecipeError, match=r"the largest batch is 300, or data\.repeat: true"):
        make_plan(load_tiny(*SMALL, "train.batch_size=301"))
    plan = make_plan(load_tiny(*SMALL, "train.batch_size=301", "data.repeat=true"))
    assert plan.warnings == ()
    assert timetable_of(plan.recipe.train, 300).batches_per_epoch == 1
    assert plan.source is not None
    images = load_images(plan.source, plan.recipe.data)
    made = batches(images, plan.recipe.data, batch_size=301, seed=0, first_batch=0)
    assert next(iter(made))[0].shape == (301, 28, 28, 1)
