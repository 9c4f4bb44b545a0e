"""Where networks are computed."""

from __future__ import annotations

import tensorflow as tf


def has_gpu() -> bool:
    """Whether there is a GPU, which TensorFlow then computes on."""
    return bool(tf.config.list_physical_devices("GPU"))
