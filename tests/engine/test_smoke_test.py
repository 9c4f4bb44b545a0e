"""A real batch through both networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from gantool.engine.plan import make_plan
from gantool.engine.smoke_test import trace
from gantool.recipe.load import RecipeError


def test_what_the_generator_makes_goes_through_the_discriminator(
    load_tiny: Callable[..., Any],
) -> None:
    plan = make_plan(load_tiny())
    traced = trace(plan)
    assert traced.images.shape == (2, 28, 28, 1)
    assert traced.logits.shape == (2, 1)
    assert -1 <= traced.images.min() < traced.images.max() <= 1
    images, labels = tf.constant(traced.images), tf.constant([0, 1])
    again = plan.state.discriminator.model([images, labels], training=False)
    assert np.array_equal(traced.logits, again)


def test_a_network_that_builds_but_does_not_run_is_told(load_tiny: Callable[..., Any]) -> None:
    plan = make_plan(load_tiny("generator.layers.3=Discretization: {num_bins: 4}"))
    with pytest.raises(RecipeError) as raised:
        trace(plan)
    [line] = str(raised.value).splitlines()
    assert line.endswith(
        "tiny.yaml:12:3: generator cannot be run: Discretization: You need to either pass the"
        " `bin_boundaries` argument at construction time or call `adapt(dataset)` before you can"
        " start using the `Discretization` layer"
    )
