from __future__ import annotations

import keras
import numpy as np
from gantool.gan.constraints import clip_weights


def test_weights_outside_are_brought_to_the_bound_and_those_inside_stay():
    kernel = keras.Variable([[-3.0, -0.01, 0.0099], [0.011, 0.0, 50.0]])
    bias = keras.Variable([-0.02, 0.005])
    clip_weights([kernel, bias], 0.01)
    limit = np.float32(0.01)
    assert np.array_equal(
        kernel.numpy(), np.float32([[-limit, -0.01, 0.0099], [limit, 0.0, limit]])
    )
    assert np.array_equal(bias.numpy(), np.float32([-limit, 0.005]))
