"""Label smoothing, against the cross-entropy of the smoothed target in float64."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gantool.losses.minimax import Minimax
from gantool.losses.non_saturating import NonSaturating

LOGITS = np.array([-1e4, -30.0, -1.0, 0.0, 0.5, 2.0, 100.0, 1e4])


@pytest.mark.parametrize("loss", [NonSaturating, Minimax])
@pytest.mark.parametrize("smoothing", [0.1, 0.25])
def test_smoothed_labels_change_the_loss_on_real_examples_alone(
    loss: type[NonSaturating], smoothing: float
) -> None:
    logits = tf.constant(LOGITS, tf.float32)
    found, plain = loss(label_smoothing=smoothing), loss()
    wanted = (1 - smoothing) * np.logaddexp(0, -LOGITS) + smoothing * np.logaddexp(0, LOGITS)
    np.testing.assert_allclose(found.real(logits), wanted, rtol=1e-6)
    assert np.array_equal(found.generated(logits), plain.generated(logits))
    assert np.array_equal(found.fooling(logits), plain.fooling(logits))
