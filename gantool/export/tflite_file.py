"""TensorFlow Lite, which LiteRT runs on small devices."""

import re
import warnings
from pathlib import Path

import tensorflow as tf

from gantool.errors import InputError
from gantool.export.formats import Format, Reader
from gantool.export.network import Network
from gantool.export.saved_model import LATENTS, images, latent_function, save


class TFLiteFile(Format):
    """`.tflite`, with the signature `generate_latents`."""

    def write(self, network: Network, path: Path) -> None:
        """See `Format`."""
        saved = path.with_name("saved_model")
        save(network, {LATENTS: latent_function(network, images)}, saved)
        converter = tf.lite.TFLiteConverter.from_saved_model(str(saved), signature_keys=[LATENTS])
        try:
            content = converter.convert()
        except Exception as error:  # its class is not public
            named = re.search(r" ops: (.+)", str(error))
            if named is None:
                raise
            raise InputError(f"TensorFlow Lite has no form for {named[1]}") from error
        path.write_bytes(content)

    def reader(self, network: Network, path: Path) -> Reader:
        """See `Format`."""
        with warnings.catch_warnings(action="ignore"):  # that LiteRT's takes this one's place
            interpreter = tf.lite.Interpreter(str(path))
        run = interpreter.get_signature_runner()
        return lambda _, latents, labels: run(**network.inputs(latents, labels))[network.output]

    def loading(self, network: Network, path: Path) -> str:
        """See `Format`."""
        given = "z=z, label=label" if network.classes else "z=z"
        runner = f"Interpreter({str(path)!r}).get_signature_runner()"
        return f"{network.output} = {runner}({given})[{network.output!r}]  # {network.taken}"
