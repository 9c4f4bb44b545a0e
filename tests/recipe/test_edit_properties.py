"""Random data, random layouts, random changes: read back, a text is the data with the change."""

import json

import pytest
import yaml
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from gantool.recipe.document import read_document
from gantool.recipe.edit import Override, changed, edited
from gantool.recipe.yaml_text import flow, whole

WORDS = st.sampled_from(
    ["a", "b", "ReLU", "no", "1", "010", "1e3", "0x1", "2001-01-01", "null", "~", "<<", "", " ",
     "a: b", "#", "- a", "*x", "'", '"', "{", "=", "!", "?", "-", "a b " * 30, "é", "😀", "\ud7ff",
     "x\ny", "x\n", "\n x", "\t", "\r", "\x85", "\u2028", "\x07", "\ufeff"]
)  # fmt: skip
KEYS = st.text(min_size=1, max_size=5) | WORDS.filter(bool)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from([5e-5, 1e16, 1e-7, -0.0])
    | st.text(max_size=20)
    | WORDS
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
MAPPINGS = st.dictionaries(KEYS, VALUES, max_size=5)


def paths(data, draw):
    """Draw a path that exists, or goes on from one with keys that do not."""
    path = []
    while True:
        if isinstance(data, dict) and data and draw(st.integers(0, 3)):
            part = draw(st.sampled_from(sorted(data)))
        elif isinstance(data, list) and data and draw(st.integers(0, 3)):
            part = draw(st.integers(0, len(data) - 1))
        else:
            break
        path.append(part)
        data = data[part]
    if isinstance(data, str) and data and draw(st.booleans()):
        path.append(data)
    elif not path or isinstance(data, dict) or data is None:
        new = draw(st.lists(KEYS, min_size=0 if path else 1, max_size=2))
        assume(not new or new[0] not in (data or {}))
        path += new
    return tuple(path)


def expected(data, path, value):
    """Change plain data: what the text is to mean afterwards."""
    if not path:
        return value
    part, *rest = path
    if isinstance(data, list):
        return [*data[:part], expected(data[part], rest, value), *data[part + 1 :]]
    if not isinstance(data, dict):
        assert data is None or data == part
        data = {}
    return {**data, str(part): expected(data.get(str(part)), rest, value)}


def same(left, right):
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def shared(data, copy):
    """Let one value stand in a second place, which YAML writes as an alias."""
    if copy and data:
        return {**data, "copied": data[sorted(data)[0]], "again": [data[sorted(data)[-1]]]}
    return data


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(
    MAPPINGS,
    st.booleans(),
    st.sampled_from([None, True, False]),
    st.sampled_from(["\n", "\r\n"]),
    st.lists(VALUES, min_size=1, max_size=3),
    st.data(),
)
def test_any_change_of_any_text(data, copy, flow_style, newline, values, drawn):
    data = shared(data, copy)
    text = yaml.dump(data, Dumper=WithAliases, default_flow_style=flow_style, allow_unicode=True,
                     line_break=newline)  # fmt: skip
    found, problems = read_document(text, "mine.yaml")
    assume(not problems and same(found.data, data))
    new = found.data
    for value in values:
        path = paths(data, drawn.draw)
        new = changed(new, Override(path, value, "a change"))
        data = expected(data, path, value)
    again, problems = read_document(edited(found, new), "mine.yaml")
    assert problems == []
    assert same(again.data, data)


class WithAliases(yaml.SafeDumper):
    """Writes what is shared as an anchor and aliases, and text as text."""


WithAliases.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


PLAIN_VALUES = st.recursive(
    st.sampled_from([None, True, 3, 0.5, "word", "ReLU"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("abcd"), PLAIN_VALUES, min_size=1), st.data())
def test_a_change_keeps_every_comment_outside_the_value(data, drawn):
    lines = whole(data).splitlines()
    text = "".join(f"{line}  # note {number}\n" for number, line in enumerate(lines))
    found, problems = read_document(text, "mine.yaml")
    assume(not problems and same(found.data, data))
    key = drawn.draw(st.sampled_from(sorted(data)))
    new = edited(found, {**found.data, key: {"new": 1}})
    first = next(n for n, line in enumerate(lines) if line.startswith(f"{key}:"))
    after = (n for n in range(first + 1, len(lines)) if lines[n][0] in "abcd")
    kept = [*range(first), *range(next(after, len(lines)), len(lines))]
    assert [n for n in kept if f"{lines[n]}  # note {n}\n" not in new] == []


@given(VALUES)
@example("x" * 200)
@example({"k" * 200: "v"})
def test_flow_is_one_line_that_reads_back(value):
    text = flow(value)
    assert "\n" not in text
    for around in ("a: {}\n", "a: [{}]\n", "a: {{b: {}}}\n", "a:\n  - {}\n"):
        found, problems = read_document(around.format(text), "mine.yaml")
        assert problems == []
        read = found.data["a"]
        if "[" in around or "-" in around:
            read = read[0]
        elif "{{" in around:
            read = read["b"]
        assert same(read, value)


@given(MAPPINGS)
def test_whole_reads_back(data):
    text = whole(data)
    assert same(read_document(text, "mine.yaml")[0].data, data)


@given(st.dictionaries(st.text(min_size=1), SCALARS.filter(lambda value: value == value)))
def test_whole_means_the_same_to_other_readers(data):
    assert yaml.safe_load(whole(data)) == data
