from __future__ import annotations

from pathlib import Path

import pytest

from gantool.recipe.differences import differences
from gantool.recipe.edit import parse_override
from gantool.recipe.load import RecipeText, load

RIGHT = (Path(__file__).parent / "golden" / "right.yaml").read_text(encoding="utf-8")


def recipe_with(*settings):
    overrides = [parse_override(setting) for setting in settings]
    return load(RecipeText(RIGHT, "mine.yaml", Path.cwd()), overrides).recipe


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ([], []),
        (["train.batch_size=32"], [("train.batch_size", 8, 32)]),
        # A value that only spells out the default is no difference.
        (["seed=0", "train.updates.generator=1", "data.flip=false"], []),
        (["train.average=0.9"], [("train.average", None, 0.9)]),
        (["data.size=[28, 32]"], [("data.size", (28, 28), (28, 32))]),
        (
            ["generator.layers.0.Dense.units=392"],
            [("generator.layers.0.keywords.units", 196, 392)],
        ),
        (
            ["generator.layers.0.Dense.use_bias=false"],
            [("generator.layers.0.keywords.use_bias", None, False)],
        ),
        (["discriminator.layers.1=ReLU"], [("discriminator.layers.1.name", "Flatten", "ReLU")]),
        (
            ["optimizers.generator={SGD: {learning_rate: 2e-4, beta_1: 0.5}}"],
            [("optimizers.generator.name", "Adam", "SGD")],
        ),
        (
            ["seed=1", "loss=hinge"],
            [
                ("seed", 0, 1),
                ("loss.name", "NonSaturating", "Hinge"),
                ("loss.keywords.label_smoothing", 0.0, None),
                ("loss.keywords.generated_smoothing", 0.0, None),
                ("loss.keywords.flip", 0.0, None),
            ],
        ),
        # Another name of the same class, and a keyword's default, are none either.
        (["loss=NonSaturating"], []),
        (["loss={non-saturating: {}}"], []),
    ],
)
def test_every_value_that_differs_is_told_with_its_path(settings, expected):
    assert differences(recipe_with(), recipe_with(*settings)) == expected


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("GradientPenalty", "GradientPenalty: {weight: 10}", []),
        ("GradientPenalty", "GradientPenalty: {weight: 10.0}", []),
        (
            "GradientPenalty",
            "GradientPenalty: {weight: 9}",
            [("regularizers.0.keywords.weight", 10.0, 9)],
        ),
        (
            "WeightClip: {limit: 1}",
            "WeightClip: {limit: 1, batch_normalization: weights}",
            [],
        ),
        (
            "WeightClip: {limit: 1}",
            "WeightDecay: {weight: 1}",
            [
                ("regularizers.0.name", "WeightClip", "WeightDecay"),
                ("regularizers.0.keywords.limit", 1, None),
                ("regularizers.0.keywords.batch_normalization", "weights", None),
                ("regularizers.0.keywords.weight", None, 1),
            ],
        ),
    ],
)
def test_defaults_of_regularizers_are_spelled_out(ours, theirs, expected):
    recipes = [recipe_with(f"regularizers=[{{{item}}}]") for item in (ours, theirs)]
    if ":" not in ours:
        recipes[0] = recipe_with(f"regularizers=[{ours}]")
    assert differences(*recipes) == expected


def test_lists_of_other_lengths_differ_as_a_whole():
    changed = recipe_with("discriminator.layers=[Flatten]")
    [(path, ours, theirs)] = differences(recipe_with(), changed)
    assert path == "discriminator.layers"
    assert (len(ours), len(theirs)) == (3, 1)


def test_layout_and_comments_are_no_difference():
    other = "# Mine.\n" + RIGHT.replace("latent: {size: 16}", "latent:\n  size: 16  # numbers")
    assert other != RIGHT
    loaded = load(RecipeText(other, "mine.yaml", Path.cwd()))
    assert differences(recipe_with(), loaded.recipe) == []
