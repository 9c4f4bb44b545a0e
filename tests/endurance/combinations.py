"""Random combinations of what a recipe can say: each trains, is cut off, resumed, and compared.

A program, since two devices are made when TensorFlow starts, and since Keras never forgets a
network: FIRST COUNT → a line of JSON for each combination, what became of it.

    python tests/endurance/combinations.py 0 50
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import yaml

from gantool.device import prepare_tensorflow

prepare_tensorflow()

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

[PROCESSOR] = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(
    PROCESSOR, [tf.config.LogicalDeviceConfiguration() for _ in range(2)]
)

from gantool.data.loading import load_images  # noqa: E402
from gantool.distribute.distribution import mirrored  # noqa: E402
from gantool.distribute.replicas import ALONE, Replicas  # noqa: E402
from gantool.engine.plan import Plan, make_plan  # noqa: E402
from gantool.errors import GantoolError  # noqa: E402
from gantool.recipe.load import LoadedRecipe, RecipeText, load  # noqa: E402
from gantool.runs.resume import find_resume_point, recipe_of_run, restore, tidy  # noqa: E402
from gantool.runs.run_folder import RunFolder  # noqa: E402
from gantool.training.session import refuse_uneven_shares, run_session  # noqa: E402

SIDE, CLASSES = 8, 3
STEPS = 2
COMPILED = 20
"""One combination in so many is compiled as it is for users; the others run operation by operation,
in a third of the time."""

Drawn = dict[str, Any]


def drawn(number: int) -> Drawn:
    """Combination number so much: a recipe as plain data."""
    dice = random.Random(number)
    labels = dice.random() < 0.5
    recipe: Drawn = {
        "name": f"combination-{number}",
        "seed": number,
        "data": {"source": "pictures", "size": [SIDE, SIDE], "channels": dice.choice((1, 3, 4))},
        "latent": {"size": 6, "distribution": dice.choice(("normal", "uniform"))},
        "generator": {"layers": generator(dice, labels)},
        "discriminator": {"layers": discriminator(dice, labels)},
        "loss": loss(dice),
        "regularizers": regularizers(dice),
        "optimizers": {network: optimizer(dice) for network in ("generator", "discriminator")},
        "train": train(dice),
        "output": {
            "log_every": 1,
            "grid": {"every": STEPS, "rows": 2, "columns": 3},
            "checkpoint": {"every": 1, "keep": STEPS},
        },
    }
    recipe["generator"]["layers"][-1]["Conv2D"]["filters"] = recipe["data"]["channels"]
    if labels:
        recipe["data"] |= {"labels": True, "balance": dice.random() < 0.3}
    recipe["data"]["flip"] = dice.choice((False, True, "both"))
    if dice.random() < 0.3:
        recipe["spectral_normalization"] = dice.choice(("discriminator", "generator", "both"))
    if recipe["discriminator"]["layers"][-1] == "AuxiliaryClassifier":
        recipe["regularizers"].append("ClassLoss")
    if dice.random() < 0.3:
        recipe["initializer"] = {"RandomNormal": {"stddev": 0.05}}
    if dice.random() < 0.5:
        recipe["augment"] = augmentation(dice)
    return recipe


def generator(dice: random.Random, labels: bool) -> list[Any]:
    normalization = dice.choice(
        ("BatchNormalization", "PixelNormalization", "LayerNormalization", "Identity")
        + (("ConditionalBatchNormalization",) if labels else ())
    )
    conditioning = [dice.choice(("ConcatLabel", {"EmbedLabel": {"units": 4}}))] if labels else []
    begin = dice.choice(
        (
            [{"Dense": {"units": 64}}, {"Reshape": {"target_shape": [2, 2, 16]}}],
            [{"Dense": {"units": 16, "use_bias": False}}, {"Basis": {"height": 2, "width": 2}}],
        )
    )
    larger = dice.choice(
        (
            {"Conv2DTranspose": {"filters": 16, "kernel_size": 4, "strides": 2, "padding": "same"}},
            "Upsample",
            {"Upsample": {"filter": "nearest"}},
            {"UpSampling2D": {"size": 2}},
            {
                "Repeat": {
                    "times": 1,
                    "layers": [{"Conv2D": {"filters": 64, "kernel_size": 1}}, "PixelShuffle"],
                }
            },
        )
    )
    block: list[Any] = dice.choice(
        (
            [],
            [
                {
                    "Residual": {
                        "body": [
                            {
                                "Conv2D": {
                                    "filters": 16,
                                    "kernel_size": 3,
                                    "padding": "same",
                                    "groups": 4,
                                }
                            }
                        ]
                    }
                }
            ],
            ["SelfAttention"],
            ["NoiseInjection"],
            [{"Dropout": {"rate": 0.3}}],
        )
    )
    stage = [larger, normalization, *block, dice.choice(("ReLU", "LeakyReLU"))]
    end = {"Conv2D": {"filters": 1, "kernel_size": 3, "padding": "same", "activation": "tanh"}}
    return [*conditioning, *begin, *stage, *stage, end]


def discriminator(dice: random.Random, labels: bool) -> list[Any]:
    begin: list[Any] = dice.choice(([], [], [{"Pack": {"examples": 2}}]))
    if labels and dice.random() < 0.4:
        begin = ["ConcatLabel", *begin]
    stage: list[Any] = [
        {
            "Conv2D": {
                "filters": 8,
                "kernel_size": 3,
                "strides": dice.choice((1, 2)),
                "padding": "same",
            }
        },
        dice.choice(("LayerNormalization", "BatchNormalization", "Identity", "Identity")),
        "LeakyReLU",
    ]
    extra: list[Any] = dice.choice(
        (
            [],
            ["SelfAttention"],
            ["MinibatchStdDev"],
            ["Downsample"],
            [{"Dropout": {"rate": 0.3}}],
            [{"Residual": {"body": [{"Conv2D": {"filters": 8, "kernel_size": 1, "groups": 2}}]}}],
        )
    )
    features: list[Any] = dice.choice(
        (
            ["Flatten"],
            ["GlobalAveragePooling2D"],
            ["Flatten", {"Maxout": {"units": 5, "pieces": 2}}],
            ["Flatten", {"MinibatchDiscrimination": {"features": 3, "dimensions": 2}}],
        )
    )
    end: Any = {"Dense": {"units": 1}}
    if labels and dice.random() < 0.6:
        end = dice.choice(("Projection", "AuxiliaryClassifier"))
    return [*begin, *stage, *extra, *features, end]


LOSSES: tuple[Any, ...] = (
    {"generator": "Hinge", "discriminator": "NonSaturating"},
    {"RelativisticAverage": {"flip": 0.1}},
    {"LeastSquares": {"label_smoothing": 0.1, "generated_smoothing": 0.1}},
    "NonSaturating",
    "Minimax",
    "LeastSquares",
    "Hinge",
    "Wasserstein",
    "RelativisticPaired",
    {"NonSaturating": {"label_smoothing": 0.1}},
)


def loss(dice: random.Random) -> Any:
    return dice.choice(LOSSES)


def changing(dice: random.Random, value: float) -> Any:
    """A number, or a schedule that begins at it."""
    kind = dice.choice(("", "", "", "Cosine", "Linear", "Steps"))
    if kind == "Steps":
        return {"Steps": {"from": value, "to": [value / 2], "at": [1]}}
    over = dice.choice((3, "24 images", "1 epoch"))
    return {kind: {"from": value, "to": value / 2, "over": over}} if kind else value


def regularizers(dice: random.Random) -> list[Any]:
    every = dice.choice((1, 2))
    known = [
        {"R1": {"weight": changing(dice, 1.0), "every": every}},
        {"R2": {"weight": changing(dice, 0.5), "every": every}},
        {"GradientPenalty": {"weight": changing(dice, 10.0)}},
        {"GradientPenalty": {"at": "around-real", "center": 0, "every": every}},
        {"GradientPenalty": {"at": "generated", "one_sided": True}},
        {"WassersteinDivergence": {"every": every}},
        {"WeightDecay": {"weight": changing(dice, 0.01)}},
        {"OrthogonalRegularization": {"weight": 0.01}},
        {"WeightClip": {"limit": 0.1}},
        {"Consistency": {"weight": changing(dice, 10.0), "shift": 2, "every": every}},
        {"BalancedConsistency": {"real": 5, "every": every}},
    ]
    return dice.sample(known, dice.choice((0, 0, 1, 2)))


def augmentation(dice: random.Random) -> Any:
    return dice.choice(
        (
            {"DiffAugment": {"color": dice.choice((True, False))}},
            {"Augment": {"probability": changing(dice, 0.5)}},
            {"Adaptive": {"target": 0.01, "images": 20, "every": dice.choice((1, 3))}},
        )
    )


def optimizer(dice: random.Random) -> Any:
    rate = changing(dice, 1e-3)
    return dice.choice(
        (
            {"Adam": {"learning_rate": rate, "beta_1": 0.5, "beta_2": changing(dice, 0.9)}},
            {"RMSprop": {"learning_rate": rate}},
            {"Adam": {"learning_rate": rate, "clipnorm": 1.0}},
        )
    )


def train(dice: random.Random) -> Drawn:
    updates: Drawn = dice.choice(
        (
            {},
            {"order": "generator-first", "latents": "shared"},
            {"order": "simultaneous"},
            {"discriminator": 2, "generator": 2},
            {"real_and_generated": "separate"},
            {"burst": {"discriminator": 3, "first": 1, "every": 2}},
        )
    )
    average = dice.choice(
        (
            None,
            0.9,
            {"half_life": "50 images", "ramp_up": 0.5},
            {"half_life": {"Linear": {"from": 0, "to": 50, "over": "30 images"}}},
        )
    )
    return {
        "steps": STEPS,
        "batch_size": dice.choice((4, 6, 8)),
        "accumulate": dice.choice((1, 1, 2)),
        "updates": updates,
        "average": average,
        "precision": dice.choice(("float32", "float32", "mixed_bfloat16", "mixed_float16")),
    }


def pictures(folder: Path) -> None:
    """A folder of pictures with some classes."""
    from PIL import Image

    noise = np.random.default_rng(0)
    for label in range(CLASSES):
        (folder / f"class-{label}").mkdir(parents=True)
        for number in range(6):
            pixels = noise.integers(0, 256, (SIDE, SIDE, 4), np.uint8)
            Image.fromarray(pixels).save(folder / f"class-{label}" / f"{number}.png")


def contents(path: Path) -> dict[str, str]:
    """A digest of each data set of a checkpoint."""
    found: dict[str, str] = {}

    def collect(key: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and key != "recipe":
            found[key] = hashlib.sha256(np.asarray(item[()]).tobytes()).hexdigest()

    with h5py.File(path) as file:
        file.visititems(collect)
    return found


def trained(plan: Plan, folder: RunFolder, replicas: Replicas) -> dict[str, str]:
    """Train to the end; what the last checkpoint holds."""
    assert plan.source is not None
    images = load_images(plan.source, plan.recipe.data)
    with closing(run_session(plan, images, folder, lambda: 0, replicas)) as session:
        for _ in session:
            pass
    return contents(folder.checkpoints()[-1])


def planned(loaded: LoadedRecipe, replicas: Replicas) -> Plan:
    """The plan, as the command makes it: what cannot be is refused."""
    loaded.raise_problems()
    plan = make_plan(loaded, replicas.count)
    refuse_uneven_shares(plan, replicas)
    return plan


def outcome(number: int, folder: Path, replicas: Replicas) -> Mapping[str, Any]:
    """What became of a combination: refused with a line, or what differs after it was cut off."""
    recipe = drawn(number)
    text = RecipeText(yaml.safe_dump(recipe, sort_keys=False), "r.yaml", folder)
    run = RunFolder(folder / f"run-{number}")
    told: dict[str, Any] = {
        "number": number,
        "compiled": number % COMPILED == 0,
        "replicas": replicas.count,
    }
    try:
        plan = planned(load(text), replicas)
        run.make()
        whole = trained(plan, run, replicas)
        # As one that was killed before its last checkpoint was there.
        run.checkpoints()[-1].unlink()
        point = find_resume_point(run)
        again = make_plan(load(recipe_of_run(run, point)), replicas.count)
        restore(again.state, point)
        tidy(run, point, STEPS)
        resumed = trained(again, run, replicas)
    except GantoolError as error:
        return {**told, "refused": type(error).__name__, "lines": str(error).splitlines()}
    except Exception as error:
        return {**told, "failed": f"{type(error).__name__}: {error}", "recipe": recipe}
    finally:
        shutil.rmtree(run.path, ignore_errors=True)
        keras.utils.clear_session(free_memory=False)
    differ = sorted(
        key for key in whole.keys() | resumed.keys() if whole.get(key) != resumed.get(key)
    )
    return {**told, "step": again.state.step, "values": len(whole), "differ": differ}


def main(first: int, count: int) -> None:
    pair = mirrored()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures(folder / "pictures")
        for number in range(first, first + count):
            tf.config.run_functions_eagerly(number % COMPILED != 0)
            found = outcome(number, folder, pair if number % 7 == 1 else ALONE)
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
