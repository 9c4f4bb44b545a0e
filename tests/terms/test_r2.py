"""The gradient penalty on generated examples: that of real ones at others."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from gantool.terms.r1 import R1
from gantool.terms.r2 import R2

from .test_r1 import WEIGHTS, discriminator_of, penalty_of_tanh, seen_by

GENERATED = np.random.default_rng(4).normal(size=(4, 2, 3, 2))


def test_it_is_judged_at_the_generated_examples() -> None:
    network = discriminator_of(WEIGHTS, "tanh")
    seen = seen_by(network, lambda: tf.constant(GENERATED, tf.float32))
    found = R2(weight=2.0)(seen, network)
    np.testing.assert_allclose(found, 2.0 * penalty_of_tanh(WEIGHTS, GENERATED), rtol=1e-4)
    assert float(found) != float(R1(weight=2.0)(seen, network))
