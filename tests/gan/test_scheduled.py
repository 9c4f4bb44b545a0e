"""Terms whose weights follow schedules."""

from __future__ import annotations

from typing import Any

import pytest

from gantool.gan.schedule import Progress
from gantool.gan.updates import descend_both, descend_discriminator, descend_generator
from gantool.recipe.types import Interval
from gantool.schedules.linear import Linear
from gantool.terms.gradient_penalty import GradientPenalty
from gantool.terms.r1 import R1
from gantool.terms.r2 import R2
from gantool.terms.weight_decay import WeightDecay

from .gans import gan_of, given_of

TERMS = [
    (GradientPenalty, descend_discriminator),
    (R1, descend_discriminator),
    (R2, descend_both),
    (WeightDecay, descend_discriminator),
    (WeightDecay, descend_generator),
]


@pytest.mark.parametrize(("term", "descend"), TERMS)
@pytest.mark.parametrize(("step", "weight"), [(0, 4.0), (4, 2.0), (6, 1.0), (60, 1.0)])
def test_a_term_weighs_what_its_schedule_says_of_the_step(
    term: Any, descend: Any, step: int, weight: float
) -> None:
    def total(number: Any) -> dict[str, float]:
        given = given_of()._replace(progress=Progress(step, 0, 0.0))
        totals = descend(gan_of(regularizers=[term(weight=number)]), given).totals
        return {name: float(value) for name, value in totals.items()}

    assert total(Linear(4, 1, Interval.of(6))) == total(weight)
