"""Every kind of error in a recipe, by golden files: `<case>.yaml` and the lines it must give."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from gantool.errors import InputError
from gantool.recipe.document import dotted
from gantool.recipe.load import find_recipe, load
from gantool.recipe.model import Recipe
from gantool.recipe.resolve import resolve
from gantool.recipe.validate import validate

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path.stem for path in GOLDEN.glob("*.yaml"))


def told(name: str) -> str:
    """What `gantool check` says of a recipe, as far as its data and networks go."""
    try:
        loaded = load(find_recipe(name))
        from gantool.engine.plan import make_plan

        make_plan(loaded)
    except InputError as error:
        return f"{error}\n"
    return ""


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_recipe_is_told_as_the_golden_file_says(case, repository, monkeypatch):
    monkeypatch.setenv("GANTOOL_DATA", str(repository / "data"))
    monkeypatch.chdir(GOLDEN)
    found = told(f"{case}.yaml").replace(str(GOLDEN), "<here>")
    assert found == (GOLDEN / f"{case}.txt").read_text(encoding="utf-8")


def test_every_golden_text_belongs_to_a_case():
    assert sorted(path.stem for path in GOLDEN.glob("*.txt")) == CASES
    assert len(CASES) > 40


SMALLEST = {
    "name": "mine",
    "data": {"source": "mnist", "size": [28, 28]},
    "latent": {"size": 16},
    "generator": {"layers": [{"Dense": {"units": 4}}]},
    "discriminator": {"layers": ["Flatten"]},
    "loss": "hinge",
    "optimizers": {"generator": "Adam", "discriminator": "Adam"},
    "train": {"steps": 10, "batch_size": 8},
}


def checked(data):
    """A recipe, and the problems of its structure and of its components."""
    recipe, problems = validate(data)
    return recipe, [*problems, *resolve(data)[1]]


def test_what_a_recipe_leaves_out_has_the_values_of_the_design():
    recipe, problems = validate(SMALLEST)
    assert problems == []
    assert recipe.seed == 0
    assert recipe.data.channels == 3
    assert recipe.data.range == (-1.0, 1.0)
    assert (recipe.data.labels, recipe.data.flip) == (False, False)
    assert (recipe.latent.distribution, recipe.latent.bounds) == ("normal", None)
    assert (recipe.train.updates.discriminator, recipe.train.updates.generator) == (1, 1)
    assert recipe.train.updates.real_and_generated == "together"
    assert recipe.train.precision == "auto"
    assert recipe.train.average is None
    assert recipe.regularizers == []
    assert recipe.initializer is None


@pytest.mark.parametrize(
    ("given", "read"), [("5e-5", 5e-5), ("1e-4", 1e-4), ("1.0e-4", 1e-4), (".5", 0.5)]
)
def test_numbers_are_numbers_however_they_are_written(given, read):
    from gantool.recipe.document import read_document

    text = f"limit: {given}"
    document, problems = read_document(text, "x")
    assert problems == []
    recipe, problems = checked(SMALLEST | {"regularizers": [{"WeightClip": document.data}]})
    assert problems == []
    assert recipe.regularizers[0].keywords["limit"] == read


def test_regularizers_are_told_apart_by_their_names():
    given = ["GradientPenalty", {"WeightDecay": {"weight": 1}}, {"WeightClip": {"limit": 0.5}}]
    recipe, problems = checked(SMALLEST | {"regularizers": given})
    assert problems == []
    assert [(item.name, item.keywords) for item in recipe.regularizers] == [
        (
            "GradientPenalty",
            {
                "weight": 10.0,
                "center": 1.0,
                "one_sided": False,
                "at": "interpolates",
                "every": 1,
            },
        ),
        ("WeightDecay", {"weight": 1}),
        ("WeightClip", {"limit": 0.5, "batch_normalization": "weights"}),
    ]


def test_a_regularizer_is_given_once():
    clip, decay = {"WeightClip": {"limit": 0.01}}, {"WeightDecay": {"weight": 1}}
    given = [clip, "GradientPenalty", decay, {"WeightClip": {"limit": 0.001}}, "GradientPenalty"]
    _, problems = validate(SMALLEST | {"regularizers": given})
    assert [(problem.path, problem.message) for problem in problems] == [
        (("regularizers", 3), "WeightClip is given twice"),
        (("regularizers", 4), "GradientPenalty is given twice"),
    ]


WHOLE = {
    ("seed",): 0,
    ("data", "size", 0): 28,
    ("data", "crop", 1): 28,
    ("data", "channels"): 3,
    ("latent", "size"): 16,
    ("train", "steps"): 10,
    ("train", "batch_size"): 8,
    ("train", "accumulate"): 2,
    ("train", "retries"): 0,
    ("train", "updates", "discriminator"): 1,
    ("train", "updates", "generator"): 1,
    ("train", "updates", "burst", "discriminator"): 9,
    ("train", "updates", "burst", "first"): 0,
    ("train", "updates", "burst", "every"): 9,
    ("output", "grid", "rows"): 8,
    ("output", "grid", "columns"): 8,
    ("output", "checkpoint", "keep"): 3,
}
NUMBERS = {
    ("data", "range", 0): -1,
    ("data", "range", 1): 1,
    ("latent", "bounds", 0): -2,
    ("latent", "bounds", 1): 2.5,
    ("train", "average"): 0.5,
    ("regularizers", 0, "GradientPenalty", "weight"): 10,
    ("regularizers", 1, "WeightClip", "limit"): 0.01,
    ("regularizers", 2, "WeightDecay", "weight"): 1,
}
INTERVALS = (
    ("output", "log_every"),
    ("output", "grid", "every"),
    ("output", "checkpoint", "every"),
)


def with_value(path, value):
    """The smallest recipe with every section that holds numbers, and one value changed."""
    data = copy.deepcopy(SMALLEST)
    data["data"] |= {"range": [-1, 1], "crop": [28, 28]}
    data["latent"] |= {"distribution": "uniform", "bounds": [-1, 1]}
    data["train"]["updates"] = {"burst": {}}
    data["regularizers"] = [
        *({"GradientPenalty": {}}, {"WeightClip": {"limit": 1}}, {"WeightDecay": {"weight": 1}})
    ]
    if path == ("train", "epochs"):
        del data["train"]["steps"]
    *above, last = path
    parent = data
    for key in above:
        parent = parent.setdefault(key, {}) if isinstance(parent, dict) else parent[key]
    parent[last] = value
    return data


@pytest.mark.parametrize("path", [*WHOLE, ("train", "epochs"), *NUMBERS], ids=dotted)
def test_what_is_no_number_is_not_taken_for_one(path):
    kind = "a number" if path in NUMBERS else "a whole number"
    for value in (True, False, "1", "4.0"):
        _, [problem] = checked(with_value(path, value))
        assert problem.path == path
        assert problem.message == f"{dotted(path)} must be {kind}, not {value!r}"


@pytest.mark.parametrize(("path", "value"), [*WHOLE.items(), *NUMBERS.items()])
def test_numbers_are_taken_whole_or_not(path, value):
    for number in (value, float(value)):
        assert checked(with_value(path, number))[1] == []


def test_the_tables_above_hold_every_number_of_a_recipe():
    schema = Recipe.model_json_schema()

    def numbers(part, path):
        if "$ref" in part:
            part = schema["$defs"][part["$ref"].rpartition("/")[2]]
        if part.get("type") in ("integer", "number"):
            yield path
        for name, inner in part.get("properties", {}).items():
            yield from numbers(inner, (*path, name))
        for index, inner in enumerate(part.get("prefixItems", ())):
            yield from numbers(inner, (*path, index))
        for inner in part.get("anyOf", ()):
            yield from numbers(inner, path)

    def by_key(paths):
        return {tuple(key for key in path if isinstance(key, str)) for path in paths}

    told = [path for path in (*WHOLE, *NUMBERS, *INTERVALS) if path[0] != "regularizers"]
    told += [("data", "rotate"), ("data", "white")]  # have words of their own
    told += [("train", "average", "decay"), ("train", "average", "ramp_up")]  # and tests
    assert by_key(numbers(schema, ())) == by_key([*told, ("train", "epochs")])


@pytest.mark.parametrize(
    "path",
    [*sorted(WHOLE.keys() - {("data", "channels")}, key=str), *INTERVALS, ("train", "epochs")],
    ids=dotted,
)
def test_whole_numbers_end_where_those_of_tensorflow_do(path):
    assert validate(with_value(path, 2**63 - 1))[1] == []
    for number in (2**63, 10**30):
        _, [problem] = validate(with_value(path, number))
        assert problem.path == path
        what = "write" if path in INTERVALS else f"{dotted(path)} must be"
        assert problem.message.startswith(f"{what} at most 9223372036854775807")
        assert problem.message.endswith(f", not {number}")


@pytest.mark.parametrize("path", INTERVALS, ids=dotted)
def test_intervals_of_epochs_end_there_too(path):
    assert validate(with_value(path, f"{2**63 - 1} epochs"))[1] == []
    _, [problem] = validate(with_value(path, f"{2**63} epochs"))
    assert problem.message == (
        "write at most 9223372036854775807 steps, epochs or images,"
        " not '9223372036854775808 epochs'"
    )
    _, [problem] = validate(with_value(path, "9" * 5_000 + " epochs"))
    assert problem.message.startswith("write a number of steps of at least 1, or epochs")


@pytest.mark.parametrize(
    ("changes", "path", "name"),
    [
        ({"loss": "RelativisticPaired"}, ("loss",), "RelativisticPaired"),
        ({"regularizers": ["GradientPenalty"]}, ("regularizers", 0), "GradientPenalty"),
    ],
)
def test_what_needs_both_sides_is_refused_where_updates_are_separate(changes, path, name):
    train = SMALLEST["train"] | {"updates": {"real_and_generated": "separate"}}
    _, [problem] = validate(SMALLEST | changes | {"train": train})
    assert problem.path == path
    assert problem.message == (
        f"{name} needs real and generated images in one update:"
        " set train.updates.real_and_generated to together"
    )


def test_a_term_of_one_side_goes_with_separate_updates():
    train = SMALLEST["train"] | {"updates": {"real_and_generated": "separate"}}
    _, problems = validate(SMALLEST | {"regularizers": ["R1", "R2"], "train": train})
    assert problems == []


@pytest.mark.parametrize(
    ("average", "message"),
    [
        (1, "train.average must be less than 1, not 1"),
        (0.0, "train.average must be greater than 0, not 0.0"),
        ("0.99", "train.average must be a number, not '0.99'"),
        (True, "train.average must be a number, not True"),
        ({"decay": 2}, "train.average.decay must be less than 1, not 2"),
        ({}, "give decay or half_life, one of the two"),
        ({"decay": 0.9, "half_life": "9 images"}, "give decay or half_life, one of the two"),
        ({"decay": 0.9, "ramp_up": 0.05}, "ramp_up belongs to half_life"),
        (
            {"half_life": 500},
            "write a half-life in images as in `500000 images`, or a schedule of a number of"
            " images, not 500",
        ),
        (
            {"half_life": {"Linear": {"from": -1, "to": 1, "over": 3}}},
            "train.average.half_life.Linear.from must be at least 0, not -1",
        ),
        (
            {"half_life": {"Lineal": {"from": 1, "to": 1, "over": 3}}},
            "unknown schedule 'Lineal'; did you mean 'Linear'?",
        ),
    ],
)
def test_an_average_that_cannot_be(average, message):
    _, problems = checked(with_value(("train", "average"), average))
    assert [problem.message for problem in problems] == [message]


@pytest.mark.parametrize(
    ("average", "written"),
    [
        (0.5, 0.5),
        ({"decay": 0.5}, 0.5),
        (
            {"half_life": "500000 images", "ramp_up": 0.05},
            {"decay": None, "half_life": "500000 images", "ramp_up": 0.05},
        ),
        (
            {"half_life": {"Linear": {"from": 0, "to": 9, "over": 3}}},
            {
                "decay": None,
                "half_life": {"Linear": {"from": 0, "to": 9, "over": 3}},
                "ramp_up": None,
            },
        ),
    ],
)
def test_an_average_says_what_it_was_read_from(average, written):
    recipe, problems = checked(with_value(("train", "average"), average))
    assert problems == []
    assert recipe.model_dump(mode="json")["train"]["average"] == written


@pytest.mark.parametrize("at", ["real", "generated", "around-real"])
def test_a_gradient_penalty_that_needs_one_side_goes_with_separate_updates(at):
    train = SMALLEST["train"] | {"updates": {"real_and_generated": "separate"}}
    given = [{"GradientPenalty": {"at": at}}]
    _, problems = validate(SMALLEST | {"regularizers": given, "train": train})
    assert problems == []


class TestLossForEachNetwork:
    def test_is_one_for_both_or_one_for_each(self):
        both, _ = validate(SMALLEST | {"loss": "hinge"})
        assert both.losses.generator == both.losses.discriminator == both.loss
        given = {"generator": "hinge", "discriminator": {"NonSaturating": {"flip": 0.1}}}
        each, _ = validate(SMALLEST | {"loss": given})
        assert each.losses.generator.name == "Hinge"
        assert each.losses.discriminator.name == "NonSaturating"
        assert each.losses.discriminator.keywords["flip"] == 0.1

    @pytest.mark.parametrize(
        ("loss", "path", "message"),
        [
            (
                {"generator": "Softmax", "discriminator": "Hinge"},
                ("loss", "generator"),
                "Softmax takes 2 of the discriminator's logits for an image, Hinge 1:"
                " take two losses of as many",
            ),
            ({"generator": "Hinge"}, ("loss",), "loss needs 'discriminator'"),
            (
                {"generator": "Hinge", "discriminator": "Hinge", "both": "Hinge"},
                ("loss", "both"),
                "unknown key 'both' in loss",
            ),
            (
                {"generator": "Hinge", "discriminator": ["Hinge"]},
                ("loss", "discriminator"),
                "write `Name` or `Name: {keyword: value}` here",
            ),
        ],
    )
    def test_that_cannot_be_is_told_where_it_stands(self, loss, path, message):
        _, [problem] = validate(SMALLEST | {"loss": loss})
        assert (problem.path, problem.message) == (path, message)

    def test_pairs_are_refused_in_separate_updates_for_the_discriminator_alone(self):
        train = SMALLEST["train"] | {"updates": {"real_and_generated": "separate"}}
        given = {"generator": "RelativisticPaired", "discriminator": "Hinge"}
        assert validate(SMALLEST | {"loss": given, "train": train})[1] == []
        given = {"generator": "Hinge", "discriminator": "RelativisticAverage"}
        _, [problem] = validate(SMALLEST | {"loss": given, "train": train})
        assert problem.path == ("loss", "discriminator")
        assert problem.message.startswith("RelativisticAverage needs real and generated images")
