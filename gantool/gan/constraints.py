"""What is done to the discriminator's weights after an update of them."""

from __future__ import annotations

from collections.abc import Iterable

import keras
import tensorflow as tf


def clip_weights(variables: Iterable[keras.Variable], limit: float) -> None:
    """Bring every weight into [−limit, limit] (Arjovsky et al. 2017, algorithm 1, line 7)."""
    for variable in variables:
        variable.assign(tf.clip_by_value(variable.value, -limit, limit))
