"""Smoothed and flipped labels, against the cross-entropy of those labels in float64."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from gantool.gan.objective import LabelledLoss
from gantool.losses.least_squares import LeastSquares
from gantool.losses.minimax import Minimax
from gantool.losses.non_saturating import NonSaturating
from gantool.losses.softmax import Softmax

LOGITS = np.array([-1e4, -30.0, -1.0, 0.0, 0.5, 2.0, 100.0, 1e4])
SHARES = {"real": np.array([0.0, 0.3, 0.2, 0.9, 0.1, 0.24, 0.26, 0.5])}
SHARES["generated"] = SHARES["real"][::-1]
EVERY = pytest.mark.parametrize("loss", [NonSaturating, Minimax, Softmax, LeastSquares])


def logits_of(loss: type[LabelledLoss], numbers: np.ndarray = LOGITS) -> tf.Tensor:
    """Logits [B, 1], or two whose difference is the number."""
    columns = [0.25 * numbers, 1.25 * numbers] if loss is Softmax else [numbers]
    return tf.constant(np.stack(columns, axis=1), tf.float32)


def of_label(loss: type[LabelledLoss], label: float) -> np.ndarray:
    if loss is LeastSquares:
        return np.asarray(0.5 * (LOGITS - label) ** 2)
    return np.asarray(label * np.logaddexp(0, -LOGITS) + (1 - label) * np.logaddexp(0, LOGITS))


@EVERY
@pytest.mark.parametrize(("real", "generated"), [(0.1, 0.0), (0.25, 0.0), (0.0, 0.2), (0.1, 0.3)])
def test_smoothed_labels_change_the_discriminators_loss_alone(
    loss: type[LabelledLoss], real: float, generated: float
) -> None:
    logits = logits_of(loss)
    found, plain = loss(label_smoothing=real, generated_smoothing=generated), loss()
    for values, label in ((found.real, 1 - real), (found.generated, generated)):
        np.testing.assert_allclose(
            np.ravel(values(logits)), of_label(loss, label), rtol=1e-6, atol=1e-30
        )
    assert np.array_equal(found.fooling(logits), plain.fooling(logits))


@EVERY
def test_flipped_labels_are_those_of_the_other_side_for_a_share_of_the_examples(
    loss: type[LabelledLoss],
) -> None:
    def uniform(purpose: str) -> tf.Tensor:
        numbers = SHARES[purpose.removeprefix("flip/")]
        return tf.constant(numbers.reshape(8, 1, 1, 1), tf.float32)

    seen: Any = SimpleNamespace(logits=lambda _: logits_of(loss), uniform=uniform)
    found = loss(label_smoothing=0.1, generated_smoothing=0.2, flip=0.25)
    for side, own, other in (("real", 0.9, 0.2), ("generated", 0.2, 0.9)):
        wanted = np.where(SHARES[side] < 0.25, of_label(loss, other), of_label(loss, own))
        np.testing.assert_allclose(found.on(side, seen), wanted.mean(), rtol=1e-6)  # type: ignore[arg-type]
    np.testing.assert_allclose(found.generator(seen), loss().generator(seen), rtol=0)
