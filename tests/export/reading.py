"""Reads exports where gantool cannot be imported, and prints how far images are from gantool's.

    python reading.py FOLDER

The folder holds manifest.json: by name of a case its exports, each with the code that `gantool
export` told, and whether it makes images or points. NAME.npz beside it has the latents, labels and
images of seeds 0 to 31. What is printed is JSON: by case and export the largest difference.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

sys.modules["gantool"] = None  # type: ignore[assignment]  # so that its import fails
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
warnings.filterwarnings("ignore", ".*tf.lite.Interpreter is deprecated")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402
import tensorflow as tf  # noqa: E402

WITH_CODE = {
    "keras": keras,
    "tf": tf,
    "onnxruntime": onnxruntime,
    "Interpreter": tf.lite.Interpreter,
}


def differences(exports: dict[str, Any], samples: Any) -> dict[str, float]:
    """The largest difference of each export's images from the samples."""
    z, label, wanted = samples["z"], samples["label"], samples["made"]
    names: dict[str, Any] = {**WITH_CODE, "z": z, "label": label}
    found = {}
    for name in ("keras", "onnx", "tflite"):
        exec(exports[name]["code"], names)
        found[name] = names[exports["output"]]
    model = keras.models.load_model(exports["keras"]["path"])
    own = [it for it in model._flatten_layers() if not type(it).__module__.startswith("keras.")]
    assert own == [], own
    if "weights" in exports:
        names["model"] = keras.models.clone_model(model)
        exec(exports["weights"]["code"], names)
        found["weights"] = names["model"](inputs_of(model, z, label))
    loaded = tf.saved_model.load(exports["savedmodel"]["path"])
    takes = {"label": tf.constant(label)} if len(model.inputs) > 1 else {}
    given = {"generate": {"seed": tf.range(32, dtype=tf.int64)}, "generate_latents": {"z": z}}
    for name, taken in given.items():
        found[name] = loaded.signatures[name](**taken, **takes)[exports["output"]]
    exec(exports["savedmodel"]["code"], names)
    last = "pixels" if exports["output"] == "images" else "points"
    return {
        **{name: largest(made, wanted) for name, made in found.items()},
        "printed": largest(names[last], samples["stored"][:3]),
    }


def inputs_of(model: Any, z: np.ndarray, label: np.ndarray) -> Any:
    return [z, label] if len(model.inputs) > 1 else z


def largest(made: Any, wanted: np.ndarray) -> float:
    array = np.asarray(made)
    assert (array.shape, array.dtype) == (wanted.shape, wanted.dtype)
    return float(np.abs(array.astype(np.float64) - wanted).max())


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    manifest = json.loads((folder / "manifest.json").read_text())
    found = {
        name: differences(exports, np.load(folder / f"{name}.npz"))
        for name, exports in manifest.items()
    }
    assert not [name for name in sys.modules if name.startswith("gantool.")]
    print(json.dumps(found))
