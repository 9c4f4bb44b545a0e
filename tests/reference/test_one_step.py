"""One training step of each reference recipe against the same step in NumPy and float64.

The recipes' own files are built as tiny copies (`tiny.py`); the calculation is of the systems that
were published (`published.py`).
"""

from __future__ import annotations

import pytest

from gantool.engine.plan import make_plan
from gantool.engine.step import TrainingStep
from gantool.recipe.load import find_recipe

from .comparing import assert_losses, assert_stands_at, feed_of, latents_of
from .published import PUBLISHED
from .tiny import tiny_copy, unsettle


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLISHED)
def test_the_first_step_is_the_published_one(name, real_batches):
    published = PUBLISHED[name]
    batches = real_batches(5, *published.pictures)
    loaded = tiny_copy(find_recipe(name))
    state = make_plan(loaded).state
    unsettle(state)
    gan = published.gan(state)
    losses = TrainingStep(state, loaded.recipe).run(feed_of(batches), 1)
    assert_losses(losses, published.step(gan, batches, latents_of(loaded.recipe)))
    assert_stands_at(state, gan)
