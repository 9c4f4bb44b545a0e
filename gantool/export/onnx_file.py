"""ONNX, which onnxruntime and others run."""

from importlib.util import find_spec
from pathlib import Path

from gantool.errors import InputError
from gantool.export.formats import Format, Reader
from gantool.export.network import Network
from gantool.export.saved_model import images, latent_function


class OnnxFile(Format):
    """`.onnx`, with the inputs `z` and `label`."""

    def write(self, network: Network, path: Path) -> None:
        """See `Format`."""
        import onnx
        import tf2onnx

        function = latent_function(network, images)
        model, _ = tf2onnx.convert.from_function(function, function.input_signature)
        nodes = {(node.op_type, node.domain) for node in model.graph.node}
        if unknown := sorted(kind for kind, domain in nodes if not onnx.defs.has(kind, domain)):
            raise InputError(f"tf2onnx knows no form in ONNX for {' and '.join(unknown)}")
        onnx.save(model, path)

    def reader(self, network: Network, path: Path) -> Reader | None:
        """See `Format`."""
        if find_spec("onnxruntime") is None:
            return None
        import onnxruntime

        session = onnxruntime.InferenceSession(path)
        return lambda _, latents, labels: session.run(None, network.inputs(latents, labels))[0]

    def loading(self, network: Network, path: Path) -> str:
        """See `Format`."""
        given = "{'z': z, 'label': label}" if network.classes else "{'z': z}"
        session = f"onnxruntime.InferenceSession({str(path)!r})"
        return f"{network.output} = {session}.run(None, {given})[0]  # {network.taken}"
