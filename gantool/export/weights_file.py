"""The weights alone, for a Keras model that is written elsewhere."""

from pathlib import Path
from zipfile import ZipFile

import keras

from gantool.export.formats import Format, Reader
from gantool.export.network import Network, called


class WeightsFile(Format):
    """`.weights.h5`, which `load_weights` of a Keras model of the same layers takes."""

    traced = False

    def write(self, network: Network, path: Path) -> None:
        """See `Format`."""
        # HDF5 ends the process where a disk is full; `.keras` has it made in memory.
        whole = path.with_name("whole.keras")
        network.model.save(whole)
        with ZipFile(whole) as archive:
            path.write_bytes(archive.read("model.weights.h5"))

    def reader(self, network: Network, path: Path) -> Reader:
        """See `Format`."""
        model = keras.models.clone_model(network.model)
        model.load_weights(path)
        return lambda _, latents, labels: called(network, model, latents, labels)

    def loading(self, network: Network, path: Path) -> str:  # noqa: ARG002 - others go by it
        """See `Format`."""
        return f"model.load_weights({str(path)!r})  # of a Keras model of the same layers"
