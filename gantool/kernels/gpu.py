"""The GPUs of this machine."""

from typing import Any

import tensorflow as tf


def gpus() -> list[Any]:
    """The GPUs that TensorFlow sees, the first of which it computes on."""
    found: list[Any] = tf.config.list_physical_devices("GPU")
    return found


def has_gpu() -> bool:
    """Whether there is a GPU, which TensorFlow then computes on."""
    return bool(gpus())
