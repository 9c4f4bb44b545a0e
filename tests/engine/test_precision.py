"""What a run in mixed precision has in common with one in float32."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gantool.data.loading import load_images
from gantool.data.pipeline import batches
from gantool.engine.plan import make_plan
from gantool.engine.step import TrainingStep
from gantool.recipe.load import LoadedRecipe

WINDOW = 40
SEEDS = range(4)


def curve(loaded: LoadedRecipe) -> np.ndarray:
    """The losses of generator and discriminator, each a mean over a window: [windows, 2]."""
    plan = make_plan(loaded)
    data, train = plan.recipe.data, plan.recipe.train
    assert plan.source is not None
    images = load_images(plan.source, data)
    seed = plan.recipe.seed
    feed = iter(batches(images, data, batch_size=train.batch_size, seed=seed, first_batch=0))
    step = TrainingStep(plan.state, plan.recipe)
    losses = [step.run(feed, 1) for _ in range(train.steps)]
    pairs = np.array([(it.generator, it.discriminator) for it in losses])
    return pairs.reshape(-1, WINDOW, 2).mean(axis=1)


@pytest.mark.slow
def test_losses_in_bfloat16_are_those_in_float32_within_noise(
    load_tiny: Callable[..., LoadedRecipe],
) -> None:
    """From the same seed they part by less than a quarter of what seeds differ by."""
    wide, mixed = (
        np.array(
            [curve(load_tiny(f"train.precision={precision}", f"seed={seed}")) for seed in SEEDS]
        )
        for precision in ("float32", "mixed_bfloat16")
    )
    noise = wide.std(axis=0, ddof=1)
    assert (np.abs((mixed - wide).mean(axis=0)) < 0.25 * noise).all()
    assert (mixed != wide).all()  # it was another precision
