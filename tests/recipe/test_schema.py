from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from gantool.recipe.builtin import builtin_recipes
from gantool.recipe.document import read_document
from gantool.recipe.load import RecipeText, load
from gantool.recipe.schema import recipe_schema

GOLDEN = Path(__file__).parent / "golden"
RIGHT = (GOLDEN / "right.yaml").read_text(encoding="utf-8")
OF_KERAS = {
    *("Layer", "Optimizer", "Initializer", "Activation"),
    *("KerasRegularizer", "KerasConstraint", "Schedule"),
}


@pytest.fixture(scope="module")
def schema():
    return recipe_schema()


@pytest.fixture(scope="module")
def is_valid(schema):
    validator = Draft202012Validator(schema)

    def is_valid(text):
        document, problems = read_document(text, "x.yaml")
        assert problems == []
        return validator.is_valid(document.data)

    return is_valid


@pytest.mark.slow
def test_is_a_json_schema(schema):
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere(schema):
    def references(part):
        if isinstance(part, dict):
            yield from ([part["$ref"]] if "$ref" in part else [])
            part = part.values()
        if not isinstance(part, str) and hasattr(part, "__iter__"):
            for item in part:
                yield from references(item)

    found = set(references(schema))
    assert found <= {f"#/$defs/{name}" for name in schema["$defs"]}
    assert {f"#/$defs/{name}" for name in OF_KERAS | {"Loss", "Term"}} <= found


def test_names_the_keras_that_it_was_made_with(schema):
    assert schema["$comment"] == f"keras {version('keras')}"


@pytest.mark.parametrize("name", sorted(builtin_recipes()))
def test_built_in_recipes_are_valid(is_valid, name):
    assert is_valid(builtin_recipes()[name].read_text(encoding="utf-8"))


def test_the_recipe_that_tests_train_is_valid(is_valid, tiny):
    assert is_valid(tiny.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("- Flatten", "- Residual: {body: [ReLU], shortcut: [{Dense: {units: 1}}]}"),
        ("- Flatten", "- Repeat: {times: 2, layers: [ReLU]}"),
        ("- Flatten", "- SpectralNormalization: {layer: {Dense: {units: 3}}}"),
        ("- Flatten", "- Dense: {units: 3, kernel_initializer: he_normal, activation: relu}"),
        ("- Flatten", "- Dense: {units: 3, kernel_regularizer: {L2: {l2: 0.1}}}"),
        ("- Flatten", "- Flatten:"),
        ("discriminator: Adam", "discriminator: {Adam: {learning_rate: {ExponentialDecay:"
         " {initial_learning_rate: 0.1, decay_steps: 3, decay_rate: 0.5}}}}"),
        ("loss:", "initializer: he_normal\nloss:"),
        ("loss:", "initializer: {TruncatedNormal: {stddev: 0.02}}\nloss:"),
        ("latent: {size: 16}", "latent: {size: 16, distribution: uniform}"),
        ("loss:", "regularizers: [GradientPenalty, {WeightClip: {limit: 0.01}}]\nloss:"),
        ("loss: non-saturating", "loss: NonSaturating"),
        ("loss: non-saturating", "loss: {Hinge: {}}"),
        ("loss: non-saturating", "loss: {generator: hinge, discriminator: {Hinge: {}}}"),
        ("loss:", "regularizers: [{GradientPenalty: {center: 0, at: real}}]\nloss:"),
        ("steps: 100", "epochs: 3"),
        ("steps: 100", "steps: 100, average: null"),
    ],
)  # fmt: skip
def test_what_a_recipe_may_hold_is_valid(is_valid, old, new):
    text = RIGHT.replace(old, new)
    assert text != RIGHT
    assert is_valid(text)
    load(RecipeText(text, "x.yaml", Path.cwd())).raise_problems()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: mine", "name: mine\ncolour: blue"),
        ("name: mine", "name: my recipe"),
        ("latent: {size: 16}", "latent: {size: 16, sise: 3}"),
        ("latent: {size: 16}", "latent: {size: 0}"),
        ("latent: {size: 16}\n", ""),
        ("- Flatten", "- Flaten"),
        ("- Flatten", "- Lambda: {function: x}"),
        ("- Flatten", "- Dense"),
        ("- Flatten", "- Dense: {unit: 3}"),
        ("- Flatten", "- Dense: {units: 3, name: first}"),
        ("- Flatten", "- Dense: {units: 3, activation: rellu}"),
        ("- Flatten", "- Residual: {body: [Flaten]}"),
        ("- Flatten", "- SpectralNormalization: {layer: {Dense: {unit: 3}}}"),
        ("- Flatten", "- {ReLU: {}, Flatten: {}}"),
        ("discriminator: Adam", "discriminator: Adem"),
        ("discriminator: Adam", "discriminator: {Adam: {lr: 0.1}}"),
        ("loss: non-saturating", "loss: saturating"),
        ("loss:", "regularizers: [GradientPenality]\nloss:"),
        ("loss:", "regularizers: [WeightClip]\nloss:"),
        ("loss:", "regularizers: [{WeightClip: {limit: 0}}]\nloss:"),
        ("loss:", "regularizers: [{WeightClip: {limit: 1, batch_normalization: some}}]\nloss:"),
        ("loss: non-saturating", "loss: {Hinge: {margin: 2}}"),
        ("loss: non-saturating", "loss: [Hinge]"),
        ("loss: non-saturating", "loss: {generator: Hinge}"),
        ("loss: non-saturating", "loss: {generator: Hinge, discriminator: Hingg}"),
        ("batch_size: 8", "batch_size: 2.5"),
        ("channels: 1", "channels: 2"),
        ("size: [28, 28]", "size: [28, 28, 1]"),
    ],
)
def test_common_mistakes_are_not_valid(is_valid, old, new):
    text = RIGHT.replace(old, new)
    assert text != RIGHT
    assert not is_valid(text)


def test_the_default_of_components_is_as_a_recipe_says_it(schema):
    assert schema["$defs"]["Output"]["properties"]["metrics"]["default"] == ["Diversity"]
