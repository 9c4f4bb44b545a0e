"""What other programs make of exports, in a process where there is no gantool."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gantool.data.example import example_of
from gantool.export.formats import FORMATS, format_of
from gantool.export.writing import Exporter
from gantool.gan.latents import draw_each
from gantool.recipe.edit import parse_override
from gantool.recipe.load import LoadedRecipe, RecipeText, find_recipe, load
from gantool.runs.checkpoint import Checkpoint

from ..reference.tiny import tiny_copy
from .checkpoints import write_untrained

REFERENCE = (
    "dcgan-mnist",
    "dcgan-mnist-sigmoid",
    "cgan-mnist",
    "wgan-celeba",
    "dcgan-faces-96",
    "quickstart",
)
WITH_WEIGHTS = ("dcgan-mnist", "quickstart", "own")
OWN = """\
name: own
data: {source: cats, size: [8, 16], channels: 4, labels: true}
latent: {size: 6}
spectral_normalization: generator
generator:
  layers:
    - EmbedLabel
    - PixelNormalization
    - Dense: {units: 16}
    - Basis: {height: 4, width: 8}
    - Residual:
        body:
          - ConditionalBatchNormalization
          - LeakyReLU
          - Conv2D: {filters: 16, kernel_size: 3, padding: same, groups: 4}
          - NoiseInjection
    - SelfAttention
    - Upsample
    - ConcatLabel
    - Conv2D: {filters: 16, kernel_size: 3, padding: same}
    - PixelShuffle
    - Downsample
    - Conv2D: {filters: 4, kernel_size: 3, padding: same, activation: tanh}
discriminator:
  layers: [Flatten, Dense: {units: 1}]
loss: Hinge
optimizers: {generator: Adam, discriminator: Adam}
train: {steps: 1, batch_size: 8, precision: float32}
"""
SMALL_RING = (
    "train.precision=float32",
    "generator.layers=[Dense: {units: 16}, BatchNormalization, ReLU, Dense: {units: 2}]",
)


def loaded_of(name: str) -> LoadedRecipe:
    if name == "own":
        return load(RecipeText(OWN, "own.yaml", Path()))
    if name == "ring":
        return load(find_recipe("ring"), [parse_override(each) for each in SMALL_RING])
    return tiny_copy(find_recipe(name))


def export_all(folder: Path, name: str, loaded: LoadedRecipe) -> dict[str, Any]:
    """Write a checkpoint, its samples and all of its exports; the entry of the manifest."""
    recipe = loaded.recipe
    classes = {"own": 3}.get(name, 10) if recipe.data.labels else 0
    checkpoint = Checkpoint(write_untrained(folder / f"{name}.h5", loaded, classes))
    exporter = Exporter(checkpoint)
    entry: dict[str, Any] = {"output": "images" if recipe.data.size else "points"}
    for kind, (suffix, *_) in FORMATS.items():
        if kind == "weights" and name not in WITH_WEIGHTS:
            continue
        path = folder / f"{name}{suffix}"
        entry[kind] = {"path": str(path), "code": exporter.write(kind, path).loading}
    made = exporter.samples
    stored = example_of(recipe.data).from_network(made)
    z = draw_each(recipe.latent, np.arange(32)).numpy()
    label = np.arange(32, dtype=np.int32) % max(1, classes)
    np.savez(folder / f"{name}.npz", z=z, label=label, made=made, stored=stored)
    return entry


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, float]]:
    """The largest difference by case and export, from a process without gantool."""
    folder = tmp_path_factory.mktemp("exports")
    with pytest.MonkeyPatch.context() as patch:
        for kind in FORMATS:  # it is read there, and once is enough
            patch.setattr(type(format_of(kind)), "reader", lambda *_: None)
        manifest = {
            name: export_all(folder, name, loaded_of(name)) for name in (*REFERENCE, "ring", "own")
        }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    script = Path(__file__).with_name("reading.py")
    done = subprocess.run(
        [sys.executable, "-P", str(script), str(folder)],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    differences: dict[str, dict[str, float]] = json.loads(done.stdout)
    return differences


@pytest.mark.slow
@pytest.mark.parametrize("name", [*REFERENCE, "ring", "own"])
def test_others_make_the_same_of_a_seed(found: dict[str, dict[str, float]], name: str) -> None:
    differences = dict(found[name])
    printed = differences.pop("printed")
    assert printed <= (1 if name != "ring" else 1e-5)  # a pixel that was rounded the other way
    made = ["generate", "generate_latents", "keras", "onnx", "tflite"]
    assert sorted(differences) == [*made, *(["weights"] if name in WITH_WEIGHTS else [])]
    assert max(differences.values()) <= 1e-5, differences
