"""What optimizers keep for each weight, beside the variables that they make for a real one."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest

from gantool.networks.components import make
from gantool.networks.memory_check import slots_of
from gantool.recipe.resolve import resolve

SLOTS = [
    ("SGD", 0),
    ({"SGD": {"momentum": 0.9}}, 1),
    ("RMSprop", 1),
    ({"RMSprop": {"momentum": 0.9, "centered": True}}, 3),
    ("Adagrad", 1),
    ("Adam", 2),
    ({"Adam": {"amsgrad": True}}, 3),
    ({"Adam": {"use_ema": True, "ema_overwrite_frequency": 9}}, 3),
    ({"Adam": {"gradient_accumulation_steps": 4}}, 3),
    ("AdamW", 2),
    ("Nadam", 2),
    ("Lion", 1),
    ("Adafactor", 1),
]


@pytest.mark.parametrize(("optimizer", "slots"), SLOTS)
def test_is_not_more_than_the_optimizer_keeps(optimizer, slots):
    parts, problems = resolve({"optimizers": {"generator": optimizer}})
    assert problems == []
    part = parts.generator_optimizer
    assert slots_of(part) == slots
    made = make(part)
    made.build([keras.Variable(np.zeros((500, 300), np.float32), name="kernel")])
    kept = sum(math.prod(variable.shape) for variable in made.variables)
    assert 0 <= kept - slots * 500 * 300 <= 1000


def test_an_optimizer_that_cannot_be_made_is_keras_s_to_tell():
    parts, problems = resolve({"optimizers": {"generator": {"SGD": {"momentum": 2.0}}}})
    assert problems == []
    with pytest.raises(ValueError, match="momentum"):
        slots_of(parts.generator_optimizer)
