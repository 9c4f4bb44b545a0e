"""`gantool export`: what it writes, what it tells, and what it refuses."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from gantool.export import formats, forms
from gantool.layers.pixel_normalization import PixelNormalization
from gantool.recipe.load import RecipeText, load

from ..export.checkpoints import write_untrained

RECIPE = """\
name: mine
data: {source: digits, size: [8, 8], channels: 1, labels: true}
latent: {size: 4}
generator:
  layers:
    - ConcatLabel
    - PixelNormalization
    - Dense: {units: 64, activation: tanh}
    - Reshape: {target_shape: [8, 8, 1]}
discriminator:
  layers: [Flatten, Dense: {units: 1}]
loss: NonSaturating
optimizers: {generator: Adam, discriminator: Adam}
train: {steps: 1, batch_size: 8, precision: float32, average: 0.99}
"""


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


Make = Callable[..., Path]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Write a checkpoint alone in a folder: neither run, recipe nor data are there."""

    def make(*changes: tuple[str, str]) -> Path:
        text = RECIPE
        for before, after in changes:
            assert before in text
            text = text.replace(before, after)
        folder = tmp_path_factory.mktemp("alone")
        loaded = load(RecipeText(text, "mine.yaml", folder))
        return write_untrained(folder / "my.h5", loaded, 3)

    return make


@pytest.fixture(scope="module")
def checkpoint(make: Make) -> Path:
    return make()


def names() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def test_it_tells_what_it_wrote_and_how_to_load_it(command: Any, checkpoint: Path) -> None:
    ended = command("export", checkpoint, "--format", "keras")
    difference = re.search(r"within \d\.\de-0[78] of", ended.out)
    assert difference
    assert ended == (
        0,
        f"mine-step-00000001.keras: step 1, average weights, {difference[0]} gantool sample"
        " (range -1 to 1)\n"
        "images = keras.models.load_model('mine-step-00000001.keras')([z, label])"
        "  # z float32 [N, 4], label int32 [N] of 0 to 2\n",
        "",
    )
    assert names() == ["mine-step-00000001.keras"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "path", "loading"),
    [
        (
            "weights",
            "mine-step-00000001.weights.h5",
            "model.load_weights('{}')  # of a Keras model of the same layers\n",
        ),
        (
            "onnx",
            "mine-step-00000001.onnx",
            "images = onnxruntime.InferenceSession('{}').run(None, {{'z': z, 'label': label}})[0]"
            "  # z float32 [N, 4], label int32 [N] of 0 to 2\n",
        ),
        (
            "tflite",
            "mine-step-00000001.tflite",
            "images = Interpreter('{}').get_signature_runner()(z=z, label=label)['images']"
            "  # z float32 [N, 4], label int32 [N] of 0 to 2\n",
        ),
    ],
)
def test_the_other_formats_are_told_likewise(
    name: str, path: str, loading: str, command: Any, checkpoint: Path
) -> None:
    ended = command("export", checkpoint, "--format", name)
    first, _, rest = ended.out.partition("\n")
    assert (ended.code, ended.err) == (0, "")
    assert first.startswith(f"{path}: step 1, average weights, ")
    assert rest == loading.format(path)
    assert names() == [path]


@pytest.mark.slow
def test_a_saved_model_has_the_pixels_of_gantool_sample(command: Any, checkpoint: Path) -> None:
    import tensorflow as tf

    path = "mine-step-00000001-savedmodel"
    ended = command("export", checkpoint, "--format", "savedmodel")
    assert ended.out.splitlines()[1:] == [
        f"loaded = tf.saved_model.load('{path}')",
        "pixels = loaded.generate([0, 1, 2], [0, 1, 2])['pixels']",
    ]
    drawn = ("--seeds", "5", "--label", "1", "--out", "drawn")
    assert command("sample", "--ckpt", checkpoint, *drawn).code == 0
    loaded = tf.saved_model.load(path)
    found = loaded.generate([5], [1])["pixels"].numpy()[0, :, :, 0]
    with Image.open("drawn/seed-00000005-label-1.png") as image:
        np.testing.assert_array_equal(found, np.asarray(image))


def test_raw_weights_are_those_that_training_moves(command: Any, checkpoint: Path) -> None:
    import h5py

    for asked in ("raw", "average"):
        ended = command(
            *("export", checkpoint, "--format", "keras", "--weights", asked),
            *("--out", f"{asked}.keras"),
        )
        assert ended.out.startswith(f"{asked}.keras: step 1, {asked} weights, ")
        model = keras.models.load_model(f"{asked}.keras")
        group = {"raw": "generator", "average": "generator_average"}[asked]
        with h5py.File(checkpoint) as file:
            kernel = file[f"{group}/02_Dense/kernel"][()]
        np.testing.assert_array_equal(model.get_layer("02_Dense").kernel.numpy(), kernel)


@pytest.mark.slow
def test_what_is_there_is_replaced(command: Any, checkpoint: Path) -> None:
    Path("mine.keras").write_text("before")
    Path("model/variables").mkdir(parents=True)
    Path("model/saved_model.pb").write_text("before")
    for name, out in (("keras", "mine.keras"), ("savedmodel", "model")):
        assert command("export", checkpoint, "--format", name, "--out", out).code == 0
    assert zipfile.is_zipfile("mine.keras")
    assert Path("model/saved_model.pb").stat().st_size > 1000
    assert names() == ["mine.keras", "model"]


def test_a_run_folder_means_its_newest_checkpoint(command: Any, checkpoint: Path) -> None:
    Path("run/checkpoints").mkdir(parents=True)
    shutil.copy(checkpoint, "run/checkpoints/step-00000001.h5")
    ended = command("export", "run", "--format", "keras", "--out", "a.keras")
    assert (ended.code, ended.err) == (0, "")


def test_without_labels_only_latents_are_asked_for(command: Any, make: Make) -> None:
    ended = command("export", make(("    - ConcatLabel\n", "")), "--format", "keras")
    assert ended.out.endswith("('mine-step-00000001.keras')(z)  # z float32 [N, 4]\n")


def test_networks_of_bfloat16_leave_in_float32(command: Any, make: Make) -> None:
    ended = command("export", make(("float32", "mixed_bfloat16")), "--format", "keras")
    assert (ended.code, ended.err) == (0, "")
    line = ended.out.splitlines()[0]
    assert line.endswith(" of gantool sample, which computes in mixed_bfloat16 (range -1 to 1)")
    model = keras.models.load_model("mine-step-00000001.keras")
    assert {layer.compute_dtype for layer in model.layers if layer.weights} == {"float32"}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            ["--format", "pb"],
            "Error: Invalid value for '--format': 'pb' is not one of 'keras', 'weights',"
            " 'savedmodel', 'onnx', 'tflite'.",
        ),
        ([], "Error: Missing option '--format'. Choose from:"),
        (
            ["--format", "keras", "--out", "a.h5"],
            "Error: --out a.h5: a file of --format keras ends in .keras",
        ),
        (
            ["--format", "weights", "--out", "a.h5"],
            "Error: --out a.h5: a file of --format weights ends in .weights.h5",
        ),
        (
            ["--format", "onnx", "--out", "folder"],
            "Error: --out folder: a file of --format onnx ends in .onnx",
        ),
        (
            ["--format", "keras", "--out", "folder.keras"],
            "Error: --out folder.keras: is a folder; --format keras makes a file",
        ),
        (
            ["--format", "savedmodel", "--out", "a.onnx"],
            "Error: --out a.onnx: --format savedmodel makes a folder: leave the ending out",
        ),
        (
            ["--format", "savedmodel", "--out", "file"],
            "Error: --out file: is a file; --format savedmodel makes a folder",
        ),
        (
            ["--format", "savedmodel", "--out", "folder.keras/.."],
            "Error: --out folder.keras/..: name a new folder",
        ),
        (["--format", "savedmodel", "--out", "."], "Error: --out .: name a new folder"),
        (
            ["--format", "savedmodel", "--out", "full"],
            "Error: --out full: holds other files than a SavedModel: name another",
        ),
        (
            ["--format", "keras", "--out", "no/a.keras"],
            "no/a.keras: cannot be written (No such file or directory)",
        ),
        (
            ["--format", "savedmodel", "--out", "file/a"],
            "file/a: cannot be written (Not a directory)",
        ),
    ],
)
def test_wrong_options_end_with_2(
    arguments: list[str], complaint: str, command: Any, checkpoint: Path
) -> None:
    Path("file").write_text("mine")
    Path("folder.keras").mkdir()
    Path("full").mkdir()
    Path("full/letter").write_text("mine")
    ended = command("export", checkpoint, *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert complaint in ended.err.splitlines()
    assert names() == ["file", "folder.keras", "full"]
    assert Path("file").read_text() == Path("full/letter").read_text() == "mine"


def test_what_is_no_checkpoint(command: Any) -> None:
    ended = command("export", "gone.h5", "--format", "keras")
    assert ended == (2, "", "gone.h5: no such file or run folder\n")


def test_without_an_average_there_is_none_to_export(command: Any, make: Make) -> None:
    file = make((", average: 0.99", ""))
    ended = command("export", file, "--format", "keras", "--weights", "average")
    assert ended == (
        2,
        "",
        f"{file}: mine keeps no average of its weights (train.average): there are raw weights"
        " alone\n",
    )
    assert "step 1, raw weights" in command("export", file, "--format", "keras").out


def test_without_the_packages_it_says_what_to_install(
    command: Any, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "find_spec", lambda _: None)
    ended = command("export", checkpoint, "--format", "onnx")
    assert ended == (
        2,
        "",
        "--format onnx needs tf2onnx and onnx, which is not here: pip install '.[onnx]' in the"
        " clone\n",
    )


@pytest.mark.slow
def test_layers_that_keras_lacks_are_named(
    command: Any, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = {cls: form for cls, form in forms.FORMS.items() if cls is not PixelNormalization}
    monkeypatch.setattr("gantool.export.network.FORMS", without)
    ended = command("export", checkpoint, "--format", "keras")
    assert ended == (
        2,
        "",
        f"{checkpoint}: --format keras holds Keras's layers, and Keras has none for gantool's"
        " PixelNormalization: export as savedmodel, onnx or tflite\n",
    )
    assert names() == []
    assert command("export", checkpoint, "--format", "onnx").code == 0


def test_an_image_that_depends_on_those_beside_it_cannot_leave(command: Any, make: Make) -> None:
    file = make(("PixelNormalization", "MinibatchDiscrimination: {features: 2, dimensions: 2}"))
    ended = command("export", file, "--format", "savedmodel")
    assert ended == (
        2,
        "",
        f"{file}: in the generator, MinibatchDiscrimination makes an image depend on those beside"
        " it, so that there is no one image of a latent vector to export\n",
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "layers", "complaint"),
    [
        (
            "onnx",
            "TimeDistributed: {layer: {Conv2D: {filters: 2, kernel_size: 1, groups: 2}}}",
            "tf2onnx knows no form in ONNX for StatefulPartitionedCall",
        ),
        (
            "tflite",
            "TimeDistributed: {layer: {UpSampling2D: {interpolation: bicubic}}}",
            "TensorFlow Lite has no form for ResizeBicubic",
        ),
    ],
)
def test_operations_that_a_format_lacks_are_named(
    name: str, layers: str, complaint: str, command: Any, make: Make
) -> None:
    dense = "    - Dense: {units: 64, activation: tanh}\n"
    around = (
        "    - Dense: {units: 128}\n    - Reshape: {target_shape: [1, 8, 8, 2]}\n",
        f"    - {layers}\n    - Flatten\n",
    )
    file = make((dense, "".join((*around, dense))))
    ended = command("export", file, "--format", name)
    assert ended == (2, "", f"{file}: --format {name}: {complaint}\n")
    assert names() == []


def test_what_makes_other_images_is_not_kept(
    command: Any, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(_layer: Any, _values: Any, inputs: Any) -> Any:
        return keras.layers.Rescaling(1.1)(inputs)

    monkeypatch.setattr("gantool.export.network.FORMS", {**forms.FORMS, PixelNormalization: wrong})
    Path("mine.keras").write_text("before")
    ended = command("export", checkpoint, "--format", "keras", "--out", "mine.keras")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(
        "mine.keras: not written, because what was written makes other images than gantool sample:"
    )
    assert names() == ["mine.keras"]
    assert Path("mine.keras").read_text() == "before"


def test_where_nothing_reads_it_that_is_told(
    command: Any, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats.format_of("keras").__class__, "reader", lambda *_: None)
    ended = command("export", checkpoint, "--format", "keras")
    assert ended.out.splitlines()[0] == (
        "mine-step-00000001.keras: step 1, average weights, not compared with gantool sample:"
        " nothing that runs it is installed"
    )
