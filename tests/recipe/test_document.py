import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gantool.recipe.document import Position, Problem, read_document, read_value
from gantool.recipe.yaml_nodes import MAX_DEPTH, MAX_NODES

EMPTY = "the file is empty; a recipe is a mapping of keys to values (`name: …`)"
NO_COLON_HERE = (
    "a ':' is not allowed here: quote a text that holds ': ', and check the indentation of this"
    " line and the ': ' of the one before"
)
KEY_EXPECTED = (
    "`key: value` is expected here, with a ':' and a space after the key; or this line is"
    " indented too little"
)
ENDED = "the recipe has ended before this: it is indented less than the first line, or extra"
TAB = "a tab stands here; indent and separate with spaces"
MISFIT = (
    "this does not fit the block that begins in line 1, column 1: check the indentation, the '- '"
    " and the quotes"
)
STAR = "a text that starts with '*' needs quotes (`*name` repeats what `&name` marks)"


def read(text):
    document, problems = read_document(text, "mine.yaml")
    assert problems == []
    return document


def data(text):
    return read(text).data


def lines(text):
    return [problem.line("mine.yaml") for problem in read_document(text, "mine.yaml")[1]]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5e-5", 5e-5),
        ("1e3", 1000.0),
        ("1E+3", 1000.0),
        (".5", 0.5),
        ("-.5", -0.5),
        ("1.", 1.0),
        ("2.0e-4", 2e-4),
        (".inf", math.inf),
        ("-.inf", -math.inf),
        ("+.INF", math.inf),
        ("0", 0),
        ("-7", -7),
        ("+7", 7),
        ("010", 10),
        ("0x10", 16),
        ("-0x1f", -31),
        ("0o10", 8),
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("null", None),
        ("Null", None),
        ("~", None),
        ("", None),
        ("# nothing but a comment", None),
        ("'5'", "5"),
        ('"true"', "true"),
        ("!!str 5", "5"),
        ("!!float 5", 5.0),
        ("[1, [2]]", [1, [2]]),
        ("{a: {b: }}", {"a": {"b": None}}),
    ],
)
def test_values(text, value):
    found, problems = read_value(text)
    assert problems == []
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        *("yes", "Yes", "no", "NO", "on", "off", "y", "n", "tRUE", "nUll", "inf", "nan", ".Nan"),
        *("4:30", "08:15", "2001-01-01", "2001-01-01T10:00:00Z", "1_000", "1,5", "5%", "1.2.3"),
        *("1e", ".e5", "e5", "0b11", "0x", "0o8", ".", "="),
    ],
)
def test_words_that_stay_text(text):
    assert read_value(text) == (text, [])


def test_not_a_number():
    assert math.isnan(read_value(".nan")[0])


@given(st.floats(allow_nan=False))
def test_every_float_is_read_as_python_writes_it(number):
    text = repr(number).replace("inf", ".inf")
    value, problems = read_value(text)
    assert problems == []
    assert value == number
    assert type(value) is float


@given(st.text(alphabet="{}[]:,-?&*!|>'\"%@`# \n\tab1<~\\", max_size=40))
def test_no_text_raises(text):
    document, problems = read_document(text, "mine.yaml")
    assert document is not None or len(problems) == 1
    height = text.count("\n") + 1
    assert all(1 <= problem.position.line <= height + 1 for problem in problems)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1), inner),
    max_leaves=15,
)


@pytest.mark.slow
@given(st.dictionaries(st.text(min_size=1), PLAIN))
def test_data_with_every_word_tagged_and_quoted_is_read_as_it_was(value):
    text = yaml.safe_dump(value, default_style='"', default_flow_style=True, allow_unicode=False)
    assert read_document(text, "mine.yaml")[0].data == value


def test_keys_are_text():
    assert data("1: a\ntrue: b\non: c\n~: d\n0x10: e\n") == {
        "1": "a",
        "true": "b",
        "on": "c",
        "~": "d",
        "0x10": "e",
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("? [a]\n: 1", "mine.yaml:1:3: a key is a text here, not a list or a mapping"),
        ("a: {{b}: 1}", "mine.yaml:1:5: a key is a text here, not a list or a mapping"),
        ("a: {? }", "mine.yaml:1:6: a key is missing here"),
        ("!x a: 1", "mine.yaml:1:1: a recipe takes no tags; remove !x"),
    ],
)
def test_keys_that_are_no_text(text, line):
    assert lines(text) == [line]


TEXT = """\
name: x
data:
  size: [28, 32]
generator:
  layers:
  - Dense: {units: 3}
  - ReLU
"""


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ((), (1, 1), (1, 1)),
        (("name",), (1, 7), (1, 1)),
        (("data",), (3, 3), (2, 1)),
        (("data", "size", 1), (3, 14), (3, 14)),
        (("generator", "layers", 0, "Dense", "units"), (6, 20), (6, 13)),
        (("generator", "layers", 1), (7, 5), (7, 5)),
        # What is not there: the key of the nearest that is.
        (("data", "range"), (2, 1), (2, 1)),
        (("data", "size", 2, "x"), (3, 3), (3, 3)),
        (("generator", "layers", 0, "Dense", "use_bias"), (6, 5), (6, 5)),
        (("generator", "layers", 1, "ReLU", "x"), (7, 5), (7, 5)),
        (("train",), (1, 1), (1, 1)),
    ],
)
def test_positions(path, value, key):
    document = read(TEXT)
    assert document.position(path) == Position(*value)
    assert document.position(path, on_key=True) == Position(*key)


def test_the_line_of_a_problem():
    document = read(TEXT)
    path = ("generator", "layers", 0, "Dense", "units")
    few = document.locate(Problem(path, "too few"))
    assert few.line("mine.yaml") == "mine.yaml:6:20: too few"
    unknown = document.locate(Problem(path, "unknown keyword", on_key=True))
    assert unknown.line("mine.yaml") == "mine.yaml:6:13: unknown keyword"


def test_equal_keys_are_all_told_and_the_last_counts():
    text = "a: 1\nb: {c: 1, c: 2}\na: 2\na: 3\n"
    document, problems = read_document(text, "mine.yaml")
    assert [problem.line("mine.yaml") for problem in problems] == [
        "mine.yaml:2:11: key 'c' is given twice; the first is in line 2",
        "mine.yaml:3:1: key 'a' is given twice; the first is in line 1",
        "mine.yaml:4:1: key 'a' is given twice; the first is in line 1",
    ]
    assert document.data == {"a": 3, "b": {"c": 2}}
    assert document.position(("a",)) == Position(4, 4)


def test_equal_keys_behind_an_alias_are_told_once():
    assert lines("a: &a {b: 1, b: 2}\nc: *a\nd: {<<: *a}\n") == [
        "mine.yaml:1:14: key 'b' is given twice; the first is in line 1"
    ]


MERGES = """\
base: &base {x: 1, y: 2}
more: &more {y: 3, z: 4}
both: {<<: [*base, *more], z: 9}
own: {y: 5, <<: *base}
deep: {<<: {<<: *more, y: 6}}
copy: *base
"""


def test_aliases_and_merge_keys():
    document = read(MERGES)
    assert document.data == {
        "base": {"x": 1, "y": 2},
        "more": {"y": 3, "z": 4},
        "both": {"x": 1, "y": 2, "z": 9},
        "own": {"x": 1, "y": 5},
        "deep": {"y": 6, "z": 4},
        "copy": {"x": 1, "y": 2},
    }
    assert document.position(("copy",)) == Position(6, 7)
    assert document.position(("copy", "y")) == Position(1, 23)
    assert document.position(("own", "x"), on_key=True) == Position(1, 14)
    assert document.position(("own", "y")) == Position(4, 10)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: {<<: 3}", "1:9: `<<` takes a mapping, such as *defaults, or a list of them"),
        (
            "a: &a {b: 1}\nc: {<<: [*a, 3]}",
            "2:14: `<<` takes a mapping, such as *defaults, or a list of them",
        ),
        (
            "a: &a {b: 1}\nc: {<<: *a, <<: *a}",
            "2:13: key '<<' is given twice; the first is in line 2",
        ),
    ],
)
def test_wrong_merges(text, line):
    assert lines(text) == [f"mine.yaml:{line}"]


def test_a_quoted_merge_key_is_a_key():
    assert data("'<<': 3") == {"<<": 3}


def test_tags_are_told_and_left_out():
    document, problems = read_document(
        "a: !!python/object/apply:os.system [echo]\nb: !foo bar\nc: !!set {x: }\nd: !!int one\n"
        "e: !!binary aGk=\n",
        "mine.yaml",
    )
    assert [problem.line("mine.yaml") for problem in problems] == [
        "mine.yaml:1:4: a recipe takes no tags; remove !!python/object/apply:os.system",
        "mine.yaml:2:4: a recipe takes no tags; remove !foo",
        "mine.yaml:3:4: a recipe takes no tags; remove !!set",
        "mine.yaml:4:4: 'one' is no int",
        "mine.yaml:5:4: a recipe takes no tags; remove !!binary",
    ]
    assert document.data == {"a": ["echo"], "b": "bar", "c": {"x": None}, "d": "one", "e": "aGk="}


def test_endless_numbers_are_refused():
    assert lines("a: " + "1" * 5000) == ["mine.yaml:1:4: a number of 5000 digits is too long"]
    assert lines("a: 0x" + "f" * 5000) == ["mine.yaml:1:4: a number of 5002 digits is too long"]


def test_an_alias_inside_itself():
    assert lines("a: &x [1, *x]") == ["mine.yaml:1:11: the alias *x stands inside itself"]
    assert lines("a: &x {<<: *x}") == ["mine.yaml:1:12: the alias *x stands inside itself"]


def test_a_billion_laughs_are_refused_before_they_are_laughed():
    rows = ["a0: &a0 [ha]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    assert lines("\n".join(rows)) == [
        "mine.yaml:5:5: this holds more than 10,000 values once its aliases are filled in"
    ]


def test_the_bound_on_values_counts_keys_values_and_aliases():
    big = "a: &a [" + "1," * 999 + "1]\n"  # with its key 1,002 values
    copies = (MAX_NODES - 1 - 1002) // 1002
    rest = MAX_NODES - 1 - 1002 - copies * 1002
    text = big + "".join(f"c{n}: *a\n" for n in range(copies))
    full = text + "d: [" + "1," * (rest - 3) + "1]\n"
    assert lines(full) == []
    assert len(lines(full.replace("d: [", "d: [1,"))) == 1


def test_a_text_of_too_many_values_is_read_no_further():
    text = "a: [" + "1," * (MAX_NODES - 3)
    assert lines(text + "]") == []
    assert lines(text + "1, 1, {") == [
        f"mine.yaml:1:{len(text) + 1}: the text holds more than 10,000 values"
    ]


def test_half_a_character_is_no_text():
    told = "half a character stands here (\\uD800 to \\uDFFF); write the whole one"
    assert lines('a: "\\ud83d\\ude00"') == [f"mine.yaml:1:4: {told}"]
    assert lines('"\\udfff": 1') == [f"mine.yaml:1:1: {told}"]
    assert data('a: "\\U0001f600"') == {"a": "\U0001f600"}


def test_deep_nesting_is_a_line_not_a_traceback():
    levels = MAX_DEPTH - 1
    assert lines("a: " + "[" * levels + "]" * levels) == []
    told = f"more than {MAX_DEPTH} levels are nested here"
    assert lines("a: " + "[" * 100_000) == [f"mine.yaml:1:{levels + 4}: {told}"]
    assert lines("a: " + "- " * 3) != []
    chain = ["a0: &a0 [1]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 300)]
    assert lines("\n".join(chain)) == [f"mine.yaml:100:6: {told}"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", f"1:1: {EMPTY}"),
        ("# only a comment\n", f"1:1: {EMPTY}"),
        ("---\n", f"1:1: {EMPTY}"),
        ("\n- a\n", "2:1: a recipe is a mapping of keys to values (`name: …`), not a list"),
        ("dcgan", "1:1: a recipe is a mapping of keys to values (`name: …`), not one value"),
        ("a: 1\n---\nb: 2", "2:1: a second document begins here ('---'); one file holds one"),
        ("a:\n\tb: 1", f"2:1: {TAB}"),
        ("a: 1\n\tb: 2", f"2:1: {TAB}"),
        ("a:\tb: 1", f"1:3: {TAB}"),
        ("a: {\n\tb: 1}", f"2:1: {TAB}"),
        ("a: b: c", f"1:5: {NO_COLON_HERE}"),
        ("a: 1\n b: 2", f"2:3: {NO_COLON_HERE}"),
        ("a\nb: 1", f"2:2: {NO_COLON_HERE}"),
        ("a: 1\nb\n", f"2:1: {KEY_EXPECTED}"),
        ("a: 1\nb:2\nc: 3", f"2:1: {KEY_EXPECTED}"),
        ("a:\n    b: 1\n  c: 2", f"3:3: {MISFIT}"),
        ("a:\n  - b\n - c", f"3:2: {MISFIT}"),
        ("  a: 1\nb: 2", f"2:1: {ENDED}"),
        ("[a]\nb: 2", f"2:1: {ENDED}"),
        ("a: [1, 2", "1:4: this bracket is never closed"),
        ("a: {b: [1, 2}", "1:13: a ',' or ']' is missing before this (the bracket opens in line 1,"
         " column 8)"),
        ("a: [1, 2\nb: 3\n", "2:2: a ',' or ']' is missing before this (the bracket opens in line"
         " 1, column 4)"),
        ("a: {b: 1\nc: 2", "2:2: a ',' or '}' is missing before this (the bracket opens in line 1,"
         " column 4)"),
        ("a: {b: 1}}", f"1:10: {MISFIT}"),
        ("a: 'x\nb: 1", "1:4: this quote is never closed"),
        ('a: "x', "1:4: this quote is never closed"),
        ('a: "x\\d"', "1:7: '\\' starts an escape between double quotes; write '\\\\', or use"
         " single quotes"),
        ("a: 'x' y", f"1:8: {MISFIT}"),
        ("a: 1\n- b", f"2:1: {MISFIT}"),
        ("- a\nb: 1", f"2:1: {MISFIT}"),
        ("a: *.png", f"1:4: {STAR}"),
        ("a: *b", f"1:4: {STAR}"),
        ("a: @b", "1:4: a text that starts with '@' needs quotes"),
        ("a: %b", "1:4: a text that starts with '%' needs quotes"),
        ("a: `b`", "1:4: a text that starts with '`' needs quotes"),
        # What people hardly ever write is told in PyYAML's words.
        ("a: [1,,2]", "1:7: this is no YAML: while parsing a flow node: expected the node content,"
         " but found ','"),
        ("a: - b", "1:4: this is no YAML: sequence entries are not allowed here"),
        ("a: &b 1\nc: &b 2", "2:4: this is no YAML: found duplicate anchor 'b'; first occurrence:"
         " second occurrence"),
        ("%YAML 3.0\n---\na: 1", "1:1: this is no YAML: found incompatible YAML document (version"
         " 1.* is required)"),
        ("a: 1\r\nb: \x07", "2:4: the character U+0007 is not allowed in YAML; remove it, or write"
         ' it between double quotes as "\\u0007"'),
        ("a: \x00", "1:4: the character U+0000 is not allowed in YAML; remove it, or write it"
         ' between double quotes as "\\u0000"'),
    ],
)  # fmt: skip
def test_texts_that_are_no_recipe(text, line):
    document, problems = read_document(text, "mine.yaml")
    assert document is None
    assert [problem.line("mine.yaml") for problem in problems] == [f"mine.yaml:{line}"]


def test_windows_line_ends_and_a_byte_order_mark():
    document = read("\ufeffa: 1\r\nb:\r\n  c: 2\r\n")
    assert document.data == {"a": 1, "b": {"c": 2}}
    assert document.position(("b", "c")) == Position(3, 6)
