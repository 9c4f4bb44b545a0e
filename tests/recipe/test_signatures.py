"""What is read from the source of Keras and gantool, against what Python says of the classes."""

import inspect
import pkgutil
import subprocess
import sys
from keyword import iskeyword
from typing import Any, Literal

import keras
import pytest

from gantool.recipe import class_source
from gantool.recipe.signatures import (
    NO_LITERAL,
    activations,
    aliases,
    attributes,
    names,
    own_modules,
    refusal,
    signature,
)
from gantool.recipe.types import Count, Every, Positive

MODULES = {
    "layer": (keras.layers, keras.layers.Layer),
    "optimizer": (keras.optimizers, keras.optimizers.Optimizer),
    "initializer": (keras.initializers, keras.initializers.Initializer),
    "regularizer": (keras.regularizers, keras.regularizers.Regularizer),
    "constraint": (keras.constraints, keras.constraints.Constraint),
    "schedule": (keras.optimizers.schedules, keras.optimizers.schedules.LearningRateSchedule),
}
REFUSED = {
    "layer": {
        *("Lambda", "TFSMLayer", "TorchModuleWrapper", "FlaxLayer", "JaxLayer"),
        *("Layer", "Wrapper", "InputLayer"),
    },
    "optimizer": {"Optimizer", "LossScaleOptimizer", "MultiOptimizer"},
    "initializer": {"Initializer"},
    "regularizer": {"Regularizer"},
    "constraint": {"Constraint"},
    "schedule": {"LearningRateSchedule"},
}
OWN_KINDS = ("layer", "loss", "term", "augmentation", "schedule", "metric", "hook")
OWN = [(kind, name) for kind in OWN_KINDS for name in own_modules(kind)]
OF_KERAS = [(kind, name) for kind in MODULES for name in names(kind) if (kind, name) not in OWN]
EVERY_CLASS = [*OF_KERAS, *OWN]
WITH_LABELS = ("ConcatLabel", "ConditionalBatchNormalization", "EmbedLabel", "Projection")
GIVEN = {
    ("layer", "AuxiliaryClassifier"): {"classes"},
    ("layer", "SpectralNormalization"): {"autocast"},
    **{("layer", name): {"classes"} for name in WITH_LABELS},
}
"""Keywords that a class is given by what builds it."""
WITHOUT_EFFECT = {
    "AuxiliaryClassifier": {"units"},  # which it works out itself
    "HashedCrossing": {"activity_regularizer", "autocast", "trainable"},
    "IntegerLookup": {"dtype", "trainable"},
    "SpectralNormalization": {"autocast"},
    "StringLookup": {"dtype", "trainable"},
}
"""Keywords of the base class that these take and then drop; a recipe may not give them."""


@pytest.mark.parametrize("kind", MODULES)
def test_the_names_are_the_classes_that_keras_exports(kind):
    module, base = MODULES[kind]
    real = {
        name
        for name, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, base) and name[0].isupper()
    }
    assert set(names(kind)) == (real - REFUSED[kind]) | own_modules(kind).keys()


def class_of(kind, name):
    """The imported class, of Keras or gantool."""
    if (kind, name) in OWN:
        return pkgutil.resolve_name(f"{own_modules(kind)[name]}:{name}")
    return getattr(MODULES[kind][0], name)


def real_parameters(cls):
    """Return the parameters of a class and, through **kwargs, those of its bases."""
    found = {}
    for base in cls.__mro__:
        if "__init__" not in vars(base) or base is object:
            continue
        parameters = list(inspect.signature(base.__init__).parameters.values())[1:]
        for parameter in parameters:
            if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                found.setdefault(parameter.name, parameter)
        if not any(parameter.kind == parameter.VAR_KEYWORD for parameter in parameters):
            break
    return found


@pytest.mark.parametrize(("kind", "name"), EVERY_CLASS)
def test_the_keywords_are_those_that_python_tells(kind, name):
    static = signature(kind, name)
    real = {
        word.rstrip("_"): parameter
        for word, parameter in real_parameters(class_of(kind, name)).items()
    }
    assert static.name == name
    assert set(static.keywords) <= set(real)
    left_out = set(real) - set(static.keywords)
    given = GIVEN.get((kind, name), set())
    assert left_out == WITHOUT_EFFECT.get(name, set()) | refused_by(kind, name, left_out) | given
    for keyword in static.keywords.values():
        default = real[keyword.name].default
        assert keyword.required == (default is inspect.Parameter.empty), keyword
        if not keyword.required and keyword.default is not NO_LITERAL:
            assert keyword.default == default, keyword
            assert type(keyword.default) is type(default), keyword


SAMPLES = {
    "activation": "relu",
    "activity_regularizer": None,
    "at": [10],
    "axes": -1,
    "boundaries": [10],
    "cropping": 1,
    "decay_rate": 0.5,
    "decay_steps": 10,
    "dims": [1],
    "equation": "ab,bc->ac",
    "factor": 0.5,
    "filters": 4,
    "first_decay_steps": 10,
    "from": 0.1,
    "head_dim": 4,
    "height": 4,
    "height_factor": 0.1,
    "initial_learning_rate": 0.1,
    "input_dim": 4,
    "kernel_size": 3,
    "key_dim": 4,
    "limit": 0.1,
    "max_number": 4,
    "n": 2,
    "num_bins": 4,
    "num_heads": 2,
    "num_key_value_heads": 2,
    "num_query_heads": 2,
    "output_dim": 4,
    "pieces": 2,
    "output_shape": 4,
    "output_size": 4,
    "over": 10,
    "pool_size": 2,
    "probability": 0.3,
    "rate": 0.5,
    "scale": 2.0,
    "stddev": 0.5,
    "target_shape": [4],
    "to": [0.2],
    "units": 4,
    "values": [0.1, 0.2],
    "weight": 1.0,
    "width": 4,
    "width_factor": 0.1,
}


def sample(kind, name):
    """Return values for the required keywords of a class, or None where they take a layer."""
    required = [word.name for word in signature(kind, name).keywords.values() if word.required]
    if any(word not in SAMPLES for word in required):
        assert set(required) & {"layer", "layers", "cell", "cells", "body"}, required
        return None
    given = dict.fromkeys(GIVEN.get((kind, name), ()), 3)
    return {word + "_" * iskeyword(word): SAMPLES[word] for word in required} | given


def refused_by(kind, name, words):
    """Return those keywords that Keras itself does not take, tried out."""
    cls = class_of(kind, name)
    given = sample(kind, name)
    if given is None:
        return set()
    refused = set()
    for word in words:
        try:
            cls(**given, **{word: None})
        except (TypeError, ValueError) as error:
            if word in str(error):
                refused.add(word)
    return refused


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name"), EVERY_CLASS)
def test_the_class_takes_every_keyword(kind, name):
    given = sample(kind, name)
    if given is None:
        return
    defaults = {
        word.name: word.default
        for word in signature(kind, name).keywords.values()
        if not word.required and word.default is not NO_LITERAL
    }
    cls = class_of(kind, name)
    for word, value in defaults.items():
        try:
            cls(**given, **{word: value})
        except (TypeError, ValueError) as error:
            told = str(error)
            assert "unexpected keyword" not in told, (word, told)
            assert "multiple values" not in told, (word, told)
            assert "nrecognized" not in told, (word, told)
            assert "not recognized" not in told, (word, told)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("Conv2D", "rank"),
        ("Conv2DTranspose", "rank"),
        ("MaxPooling2D", "pool_mode"),
        ("GlobalAveragePooling2D", "pool_dimensions"),
        ("LSTM", "cell"),
    ],
)
def test_what_a_class_gives_its_base_is_no_keyword(name, word):
    assert word not in signature("layer", name).keywords
    with pytest.raises((TypeError, ValueError)):
        getattr(keras.layers, name)(**sample("layer", name), **{word: 1})


@pytest.mark.parametrize("kind", ["initializer", "regularizer", "constraint"])
def test_aliases_are_those_of_keras(kind):
    module, base = MODULES[kind]
    source = sys.modules[f"keras.src.{kind}s"]
    real = {alias: cls for alias, cls in source.ALL_OBJECTS_DICT.items() if alias[0].islower()}
    real |= {
        name: cls
        for name, cls in vars(module).items()
        if name[0].islower() and inspect.isclass(cls) and issubclass(cls, base)
    }
    real = {alias: cls for alias, cls in real.items() if cls is not base}
    assert set(aliases(kind)) == set(real)
    for alias, name in aliases(kind).items():
        assert getattr(module, name) is real[alias]
        assert signature(kind, alias).name == name


@pytest.mark.parametrize("kind", ["layer", "optimizer", "schedule", "term", "metric", "hook"])
def test_other_kinds_have_no_aliases(kind):
    assert aliases(kind) == {}


def test_losses_have_their_former_names_too():
    former = "non-saturating", "minimax", "least-squares", "hinge", "wasserstein", "softmax"
    classes = "NonSaturating", "Minimax", "LeastSquares", "Hinge", "Wasserstein", "Softmax"
    for alias, name in zip(former, classes, strict=True):
        assert aliases("loss")[alias] == name
        assert signature("loss", alias).name == name
    assert signature("loss", "non_saturating") is None


CACHED = (
    *(names, own_modules, aliases, signature),
    *(class_source.find_class, class_source.module_tree, class_source.exports),
    class_source._definitions,
)


@pytest.fixture
def losses_of(tmp_path, monkeypatch):
    """Put modules in the place of gantool's losses, by their names."""
    (tmp_path / "losses").mkdir()
    folder = class_source._folder
    monkeypatch.setattr(
        class_source, "_folder", lambda top: tmp_path if top == "gantool" else folder(top)
    )

    def write(**modules):
        for name, text in modules.items():
            (tmp_path / "losses" / f"{name}.py").write_text(text)

    for function in CACHED:
        function.cache_clear()
    yield write
    for function in CACHED:
        function.cache_clear()


def test_a_class_is_found_in_a_module_of_its_name_alone(losses_of):
    losses_of(
        new_loss="class Base:\n    logits = 2\n\n\nclass NewLoss(Base):\n    pairs = True\n",
        helper="class Elsewhere:\n    pass\n",
        _hidden="class Hidden:\n    pass\n",
    )
    assert names("loss") == ("NewLoss",)
    assert own_modules("loss") == {"NewLoss": "gantool.losses.new_loss"}
    assert aliases("loss") == {"new-loss": "NewLoss"}
    assert attributes("loss", "NewLoss") == {"logits": 2, "pairs": True}
    for name in ("Base", "Elsewhere", "Hidden"):
        assert signature("loss", name) is None
        assert attributes("loss", name) == {}


TYPED = """
class Typed:
    '''What it is. And more.

    Args:
        weight: Of it.
        how: One way
            or another.
    '''

    def __init__(
        self,
        weight: Positive,
        how: Literal["a", "b"] = "a",
        every: Count = 1,
        often: Every | None = None,
        other: Something = 3,
    ):
        pass
"""


def test_annotations_of_our_own_classes_are_types(losses_of):
    losses_of(typed=TYPED)
    found = signature("loss", "typed")
    assert (found.name, found.summary) == ("Typed", "What it is.")
    assert found.is_own
    assert {word: keyword.type for word, keyword in found.keywords.items()} == {
        "weight": Positive,
        "how": Literal["a", "b"],
        "every": Count,
        "often": Every | None,
        "other": Any,
    }
    assert {word: keyword.default for word, keyword in found.keywords.items()} == {
        "weight": NO_LITERAL,
        "how": "a",
        "every": 1,
        "often": None,
        "other": 3,
    }
    assert [word for word, keyword in found.keywords.items() if keyword.required] == ["weight"]
    assert found.keywords["how"].description == "One way or another."


def test_some_aliases():
    assert aliases("initializer")["he_normal"] == "HeNormal"
    assert aliases("initializer")["normal"] == "RandomNormal"
    assert aliases("initializer")["zeros"] == "Zeros"
    assert aliases("initializer")["identity"] == "Identity"
    assert aliases("regularizer")["l2"] == "L2"
    assert aliases("constraint")["max_norm"] == "MaxNorm"


def test_activations_are_those_of_keras():
    helpers = {"serialize", "deserialize", "get"}
    real = {name for name, value in vars(keras.activations).items() if inspect.isfunction(value)}
    assert set(activations()) == real - helpers
    for name in activations():
        assert callable(keras.activations.get(name))


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("layer", "Lambda", "Lambda runs Python code, which a recipe may not"),
        (
            "layer",
            "TFSMLayer",
            "TFSMLayer runs a saved TensorFlow graph, which a recipe may not",
        ),
        (
            "layer",
            "Input",
            "Input is left out of a recipe: the input of a network is known from latent and data",
        ),
        ("layer", "Wrapper", "Wrapper is what other classes build on, and does nothing by itself"),
        ("layer", "Dense", None),
        ("layer", "Dens", None),
        ("optimizer", "OptimizerMap", "OptimizerMap is no optimizer"),
    ],
)
def test_refusals(kind, name, message):
    assert refusal(name) == message
    if message:
        assert signature(kind, name) is None


@pytest.mark.parametrize("name", ["Dens", "add", "serialize", "dense", "", "Dense.x"])
def test_names_that_are_no_layer(name):
    assert signature("layer", name) is None


def test_what_an_editor_shows():
    dense = signature("layer", "Dense")
    assert dense.summary == "Just your regular densely-connected NN layer."
    assert dense.keywords["units"].description == (
        "Positive integer, dimensionality of the output space."
    )
    assert dense.keywords["trainable"].description.startswith("Boolean, whether the layer's")
    adam = signature("optimizer", "Adam")
    assert adam.keywords["beta_1"].default == 0.9
    assert adam.summary == "Optimizer that implements the Adam algorithm."


def test_an_abbreviation_ends_no_summary():
    attention, cropping = (signature("layer", name) for name in ("Attention", "Cropping2D"))
    assert attention.summary == "Dot-product attention layer, a.k.a. Luong-style attention."
    assert cropping.summary == "Cropping layer for 2D input (e.g. picture)."


@pytest.mark.parametrize("kind", OWN_KINDS)
def test_every_component_has_a_summary_of_one_line(kind):
    for name in names(kind):
        summary = signature(kind, name).summary
        assert summary
        assert "\n" not in summary


FRESH = """
import sys, time
began = time.process_time()
from gantool.recipe.signatures import activations, names, signature
for name in ("Dense BatchNormalization ReLU Reshape Conv2DTranspose Conv2D LeakyReLU Flatten"
             " Dropout LayerNormalization Embedding UpSampling2D").split():
    assert signature("layer", name)
assert signature("optimizer", "Adam") and signature("initializer", "he_normal")
assert names("layer") and activations()
recipe = time.process_time()
for name in names("layer"):
    assert signature("layer", name)
everything = time.process_time()
assert not {"keras", "tensorflow", "numpy"} & set(sys.modules)
print(recipe - began, everything - began)
"""


def test_it_is_quick_and_imports_no_keras():
    run = subprocess.run([sys.executable, "-c", FRESH], capture_output=True, text=True, check=True)
    recipe, everything = map(float, run.stdout.split())
    # Several times what it takes of a processor, 0.1 s and 0.5 s.
    assert recipe < 1
    assert everything < 4
