"""Ours: the training step of a recipe, as `gantool train` runs it.

    python -m peers.ours RECIPE PRECISION [KEY.PATH=VALUE ...]

is what `steps.py` and `small.py` start; see `serving.py`.
"""

from __future__ import annotations

import sys

import numpy as np

from .serving import Advance, serve
from .settings import CLASSES


def build(name: str, precision: str, *settings: str) -> Advance:
    """A recipe at its full size, fed with one batch that is there."""
    from gantool.device import prepare_tensorflow

    prepare_tensorflow()
    import tensorflow as tf

    from gantool.engine.plan import make_plan
    from gantool.engine.step import TrainingStep
    from gantool.recipe.edit import parse_override
    from gantool.recipe.load import find_recipe, load

    asked = (f"train.precision={precision}", *settings)
    loaded = load(find_recipe(name), list(map(parse_override, asked)))
    state = make_plan(loaded).state
    step = TrainingStep(state, loaded.recipe)
    data, batch = loaded.recipe.data, loaded.recipe.train.batch_size
    random = np.random.default_rng(0)
    images = random.uniform(*data.range, (batch, *data.shape)).astype(np.float32)
    labels = random.integers(CLASSES, size=batch, dtype=np.int32)
    batches = iter(tf.data.Dataset.from_tensors((images, labels)).repeat())

    def advance(count: int) -> None:
        wanted = state.step + count
        step.run(batches, count)
        if state.step != wanted:
            raise SystemExit(f"{name}: a loss is no finite number after {state.step} steps")

    return advance


if __name__ == "__main__":
    serve(lambda: build(*sys.argv[1:]), first_compiles=True)
