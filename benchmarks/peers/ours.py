"""Ours: the training step of a reference recipe, as `gantool train` runs it.

    python -m peers.ours RECIPE PRECISION

is what `steps.py` starts; see `serving.py`.
"""

from __future__ import annotations

import json
import sys

import numpy as np

from .serving import Advance, serve
from .settings import CLASSES, SETTINGS


def build(name: str, precision: str) -> Advance:
    """A recipe at its full size, fed with one batch that is there."""
    from gantool.device import prepare_tensorflow

    prepare_tensorflow()
    import tensorflow as tf

    from gantool.engine.plan import make_plan
    from gantool.engine.step import TrainingStep
    from gantool.recipe.edit import Override
    from gantool.recipe.load import find_recipe, load

    path = ("train", "precision")
    override = Override(path, precision, f"{'.'.join(path)}={json.dumps(precision)}")
    loaded = load(find_recipe(name), [override])
    state = make_plan(loaded).state
    step = TrainingStep(state, loaded.recipe)
    setting = SETTINGS[name]
    random = np.random.default_rng(0)
    shape = (setting.batch, setting.side, setting.side, setting.channels)
    images = random.uniform(setting.black, setting.white, shape).astype(np.float32)
    labels = random.integers(CLASSES, size=setting.batch, dtype=np.int32)
    batches = iter(tf.data.Dataset.from_tensors((images, labels)).repeat())

    def advance(count: int) -> None:
        wanted = state.step + count
        step.run(batches, count)
        if state.step != wanted:
            raise SystemExit(f"{name}: a loss is no finite number after {state.step} steps")

    return advance


if __name__ == "__main__":
    serve(lambda: build(*sys.argv[1:]), first_compiles=True)
