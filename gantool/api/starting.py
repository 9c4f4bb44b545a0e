"""TensorFlow and Keras as gantool needs them, in a process that may be somebody else's."""

from contextlib import suppress

from gantool.device import prepare_tensorflow
from gantool.errors import InputError

_MEANT = {"backend": "tensorflow", "floatx": "float32", "image_data_format": "channels_last"}
"""Settings of Keras by which a recipe is what its writer has meant."""


def start() -> None:
    """Import TensorFlow and Keras, told how to be fast unless they are imported already.

    Raises:
        InputError: Keras has other settings, which gantool does not change under a program.
    """
    prepare_tensorflow()
    import keras
    import tensorflow as tf

    for name, meant in _MEANT.items():
        found = getattr(keras.config, name)()
        if found != meant:
            raise InputError(f"keras.config.{name}() is {found!r}; gantool needs {meant!r}")
    from gantool.kernels.gpu import gpus

    for device in gpus():
        # Without this TensorFlow takes all of a GPU's memory, whatever it needs. Once it has begun
        # to compute, it is too late.
        with suppress(RuntimeError):
            tf.config.experimental.set_memory_growth(device, True)
