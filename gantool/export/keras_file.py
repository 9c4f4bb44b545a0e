"""A Keras model in one file, of Keras's own layers."""

from pathlib import Path

import keras

from gantool.export.formats import Format, Reader
from gantool.export.network import Network, called


class KerasFile(Format):
    """`.keras`, which `keras.models.load_model` opens."""

    traced = False

    def write(self, network: Network, path: Path) -> None:
        """See `Format`."""
        network.model.save(path)

    def reader(self, network: Network, path: Path) -> Reader:
        """See `Format`."""
        model = keras.models.load_model(path, compile=False)
        return lambda _, latents, labels: called(network, model, latents, labels)

    def loading(self, network: Network, path: Path) -> str:
        """See `Format`."""
        given = "[z, label]" if network.classes else "z"
        return (
            f"{network.output} = keras.models.load_model({str(path)!r})({given})  # {network.taken}"
        )
