import pytest

from gantool.errors import InputError
from gantool.recipe.document import read_document
from gantool.recipe.edit import Override, changed, edited, parse_override

RECIPE = """\
# a recipe
name: cgan   # names the run
data:
    size: [28, 28]  # height, width
    crop:
generator:
  layers:
    # first
    - Dense: {units: 3}  # few
    - BatchNormalization
    - Conv2D:
        filters: 3
        kernel_size: 4   # even

    - ReLU  # last
train:
  # how long
  epochs: 25   # passes
  batch_size: 64

# the end
"""


def document(text):
    found, problems = read_document(text, "mine.yaml")
    assert problems == []
    return found


def apply(text, *arguments):
    """Return a text with the values of --set in it."""
    found = document(text)
    data = found.data
    for argument in arguments:
        data = changed(data, parse_override(argument))
    return edited(found, data)


def lines_changed(text, *arguments):
    """Return the lines that --set takes from a text, with '-', and those it adds, with '+'."""
    new = apply(text, *arguments)
    old_lines, new_lines = text.splitlines(), new.splitlines()
    gone = ["-" + line for line in old_lines if line not in new_lines]
    return gone + ["+" + line for line in new_lines if line not in old_lines]


@pytest.mark.parametrize(
    ("argument", "path", "value"),
    [
        ("train.batch_size=32", ("train", "batch_size"), 32),
        (
            "generator.layers.3.Conv2D.filters=64",
            ("generator", "layers", 3, "Conv2D", "filters"),
            64,
        ),
        ("data.size=[32,32]", ("data", "size"), [32, 32]),
        ("x=5e-5", ("x",), 5e-5),
        ("x=no", ("x",), "no"),
        ("x=a=b", ("x",), "a=b"),
        ("x='32'", ("x",), "32"),
        ("x=", ("x",), None),
        ("x=null", ("x",), None),
        ("x={Adam: {beta_1: 0.5}}", ("x",), {"Adam": {"beta_1": 0.5}}),
        ("-x-.y z=1", ("-x-", "y z"), 1),
    ],
)
def test_arguments(argument, path, value):
    assert parse_override(argument) == Override(path, value, argument)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        (
            "train.steps",
            "--set 'train.steps' has no '='; write key.path=value, such as train.batch_size=32",
        ),
        ("", "--set '' has no '='; write key.path=value, such as train.batch_size=32"),
        ("=3", "--set '=3' has an empty key; write key.path=value, such as train.batch_size=32"),
        (
            "a..b=3",
            "--set 'a..b=3' has an empty key; write key.path=value, such as train.batch_size=32",
        ),
        ("a=[1", "--set 'a=[1': in the value, this bracket is never closed"),
        ("a=!x 1", "--set 'a=!x 1': in the value, a recipe takes no tags; remove !x"),
        (
            "a={b: 1, b: 2}",
            "--set 'a={b: 1, b: 2}': in the value, key 'b' is given twice; the first is in line 1",
        ),
        (
            "a=*.png",
            "--set 'a=*.png': in the value, a text that starts with '*' needs quotes (`*name`"
            " repeats what `&name` marks)",
        ),
    ],
)
def test_wrong_arguments(argument, message):
    with pytest.raises(InputError) as error:
        parse_override(argument)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("argument", "lines"),
    [
        ("train.batch_size=32", ["-  batch_size: 64", "+  batch_size: 32"]),
        ("name=on", ["-name: cgan   # names the run", "+name: 'on'   # names the run"]),
        (
            "data.size=[32,32]",
            ["-    size: [28, 28]  # height, width", "+    size: [32, 32]  # height, width"],
        ),
        ("data.size.1=32", ["-    size: [28, 28]  # height, width",
                            "+    size: [28, 32]  # height, width"]),
        ("data.crop=[20, 20]", ["-    crop:", "+    crop: [20, 20]"]),
        ("data.flip=true", ["+    flip: true"]),
        ("train.learning_rate=5e-5", ["+  learning_rate: 5.0e-05"]),
        ("output.grid.every=10", ["+output: {grid: {every: 10}}"]),
        (
            "generator.layers.0.Dense.use_bias=false",
            ["-    - Dense: {units: 3}  # few", "+    - Dense: {units: 3, use_bias: false}  # few"],
        ),
        (
            "generator.layers.1.BatchNormalization.momentum=0.8",
            ["-    - BatchNormalization", "+    - BatchNormalization: {momentum: 0.8}"],
        ),
        (
            "generator.layers.3.ReLU={max_value: 6}",
            ["-    - ReLU  # last", "+    - ReLU: {max_value: 6}  # last"],
        ),
        (
            "generator.layers.2.Conv2D.kernel_size=[4,4]",
            ["-        kernel_size: 4   # even", "+        kernel_size: [4, 4]   # even"],
        ),
        ("generator.layers.2.Conv2D.padding=same", ["+        padding: same"]),
        (
            "generator.layers.2.Conv2D={filters: 5}",
            ["-    - Conv2D:", "-        filters: 3", "-        kernel_size: 4   # even",
             "+    - Conv2D: {filters: 5}   # even"],
        ),
        (
            "train=null",
            ["-train:", "-  epochs: 25   # passes", "-  batch_size: 64", "+train: null"],
        ),
    ],
)  # fmt: skip
def test_one_change_leaves_the_rest(argument, lines):
    assert lines_changed(RECIPE, argument) == lines


def test_a_new_key_stands_below_the_last_of_its_mapping():
    new = apply(RECIPE, "generator.layers.2.Conv2D.padding=same")
    assert "        kernel_size: 4   # even\n        padding: same\n\n    - ReLU" in new
    new = apply(RECIPE, "train.average=null")
    assert new.endswith("  batch_size: 64\n  average: null\n\n# the end\n")


def test_changes_build_on_each_other():
    assert lines_changed(RECIPE, "train.x={}", "train.x.y=1", "train.x.z=2", "train.x.y=3") == [
        "+  x: {y: 3, z: 2}"
    ]


def test_no_change_leaves_the_text():
    assert apply(RECIPE) == RECIPE


@pytest.mark.parametrize(
    ("text", "argument", "new"),
    [
        ("{}", "a.b=1", "{a: {b: 1}}"),
        ("{a: 1,}", "b=1", "{a: 1, b: 1,}"),
        ("a: 1", "b=1", "a: 1\nb: 1"),
        ("a: 1\r\nb: 2\r\n", "c=3", "a: 1\r\nb: 2\r\nc: 3\r\n"),
        ("a: 1\r\nb: 2", "a=3", "a: 3\r\nb: 2"),
        ("a:\n- 1\n- 2\n", "a=3", "a: 3\n"),
        ("a:\n- 1\n- 2\n", "a.1=[3]", "a:\n- 1\n- [3]\n"),
        ("a:\n- \n- 2\n", "a.0=3", "a:\n- 3 \n- 2\n"),
        ("a: [x, y]\n", "a.1.y.z=3", "a: [x, {y: {z: 3}}]\n"),
        ("a: |\n  text\n  more\n\nb: 1\n", "a=2", "a: 2\n\nb: 1\n"),
        ("a: |\n  text\n\n# end\n", "b=2", "a: |\n  text\nb: 2\n\n# end\n"),
        ("a: {\n  b: 1, # one\n  c: 2 # two\n}\n", "a.d=3",
         "a: {\n  b: 1, # one\n  c: 2, d: 3 # two\n}\n"),
        ("a:  # why\n  b: 1\n", "a=2", "a: 2  # why\n"),
        ("'a': 1\n", "a=2", "'a': 2\n"),
        ("1: x\n", "1=y", "1: y\n"),
        ("---\na: 1\n...\n", "b=2", "---\na: 1\nb: 2\n...\n"),
        # What is shared is written out where it changes, and only there.
        ("a: &a {x: 1}  # one\nb: *a\n", "b.x=2", "a: &a {x: 1}  # one\nb: {x: 2}\n"),
        ("a: &a {x: 1}  # one\nb: *a  # two\n", "b=2", "a: &a {x: 1}  # one\nb: 2  # two\n"),
        ("a: &a {x: 1}\nb:\n  <<: *a  # all\n", "b.x=2",
         "a: &a {x: 1}\nb:\n  <<: *a  # all\n  x: 2\n"),
        ("a: &a {x: {y: 1, z: 2}}\nb: {<<: *a}\n", "b.x.y=3",
         "a: &a {x: {y: 1, z: 2}}\nb: {<<: *a, x: {y: 3, z: 2}}\n"),
        # Here the text has to be written anew, or the alias would change as well.
        ("a: &a {x: 1}  # one\nb: *a\n", "a.x=2", "a: {x: 2}\nb: {x: 1}\n"),
        ("a: &a 5e-5  # one\nb: *a\n", "a=2", "a: 2\nb: 5.0e-05\n"),
        ("? a\n: 1\n", "a=2", "a: 2\n"),
        ("{a}", "b=2", "{a, b: 2}"),
        ("{a}", "a=2", "{a: 2}"),
    ],
)  # fmt: skip
def test_layouts(text, argument, new):
    assert apply(text, argument) == new


@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        (
            "generator.layers.9.Dense.units=1",
            "the list generator.layers has no item 9; its items are numbered 0 to 3",
        ),
        (
            "generator.layers.Dense=1",
            "the list generator.layers has no item 'Dense'; its items are numbered 0 to 3",
        ),
        ("generator.layers.-1=1", "the list generator.layers has no item '-1'; its items are"
         " numbered 0 to 3"),
        ("train.batch_size.x=1", "train.batch_size is 64, which holds no 'x'"),
        ("data.size.0.x=1", "data.size.0 is 28, which holds no 'x'"),
        (
            "generator.layers.3.LeakyReLU.x=1",
            "generator.layers.3 is ReLU, which holds no 'LeakyReLU'",
        ),
    ],
)  # fmt: skip
def test_paths_that_lead_nowhere(argument, reason):
    with pytest.raises(InputError) as error:
        apply(RECIPE, argument)
    assert str(error.value) == f"--set {argument!r}: {reason}"


def test_an_empty_list_has_no_items():
    with pytest.raises(InputError) as error:
        apply("a: []", "a.0=1")
    assert str(error.value) == "--set 'a.0=1': the list a has no item 0; it is empty"


@pytest.mark.slow
def test_what_the_reader_would_refuse_is_not_written():
    deep = "a.b.c.d.e.f.g.h.i.j.x=" + "[" * 89 + "]" * 89
    assert read_document(apply("a: {}", deep), "mine.yaml")[1] == []
    deeper = deep.replace("=", ".y=")
    with pytest.raises(InputError) as error:
        parse_override(deeper)
    assert str(error.value) == f"--set {deeper!r}: more than 100 levels are nested here"
    many = "=[" + "1," * 6_000 + "]"
    with pytest.raises(InputError) as error:
        apply("a: 1", "b" + many, "c" + many)
    assert str(error.value) == (
        "mine.yaml: with what --set puts into it, the text holds more than 10,000 values"
    )


def test_data_that_are_changed_are_left_as_they_were():
    data = document(RECIPE).data
    inner = {"x": 1}
    new = changed(data, Override(("train", "y"), inner, "train.y={x: 1}"))
    newer = changed(new, Override(("train", "y", "x"), 2, "train.y.x=2"))
    assert (data, inner) == (document(RECIPE).data, {"x": 1})
    assert (new["train"]["y"], newer["train"]["y"]) == ({"x": 1}, {"x": 2})


@pytest.mark.parametrize(
    ("text", "data", "new"),
    [
        # A key that goes makes place for one that comes, and leaves its comment.
        (
            "train:\n  epochs: 25   # passes\n  batch_size: 64\n",
            {"train": {"steps": 500, "batch_size": 64}},
            "train:\n  steps: 500   # passes\n  batch_size: 64\n",
        ),
        (
            "train: {epochs: 25, batch_size: 64}",
            {"train": {"batch_size": 64, "steps": 500}},
            "train: {steps: 500, batch_size: 64}",
        ),
        # Where none comes, the mapping around it is written anew.
        (
            "a: 1  # one\ntrain: {epochs: 25, steps: 3}\n",
            {"a": 1, "train": {"steps": 500}},
            "a: 1  # one\ntrain: {steps: 500}\n",
        ),
        # A value that has aliases or goes on in a merge changes in its own place alone.
        (
            "a: &a {epochs: 2}  # two\ntrain: *a\n",
            {"a": {"epochs": 2}, "train": {"steps": 500}},
            "a: &a {epochs: 2}  # two\ntrain: {steps: 500}\n",
        ),
        (
            "a: &a {epochs: 2}  # two\ntrain: {<<: *a}\n",
            {"a": {"epochs": 2}, "train": {"steps": 500}},
            "a: &a {epochs: 2}  # two\ntrain: {steps: 500}\n",
        ),
        # Changes in several places, one inside the last value of another's mapping.
        (
            "a: 1  # one\nb:\n  c: {d: 2}  # two\n# end\n",
            {"a": 3, "b": {"c": {"d": 4, "e": 5}, "f": 6, "g": 7}, "h": 8},
            "a: 3  # one\nb:\n  c: {d: 4, e: 5}  # two\n  f: 6\n  g: 7\nh: 8\n# end\n",
        ),
        ("a: [1, 2]  # two\n", {"a": [1, 2, 3]}, "a: [1, 2, 3]  # two\n"),
    ],
)
def test_a_text_is_edited_where_the_data_differ(text, data, new):
    assert edited(document(text), data) == new
