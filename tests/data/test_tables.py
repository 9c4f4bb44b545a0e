"""Tables of files and classes, in the forms that people have."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gantool.data.sources.classes import NoClassesError
from gantool.data.sources.matching import (
    ImageNames,
    cells_of_images,
    find_columns,
    label_column,
)
from gantool.data.sources.tables import MAX_BYTES, read_table, stylegan_labels
from gantool.errors import InputError

IMAGES = [("in", "cat", "1.png"), ("in", "dog", "2.jpg"), ("in", "dog", "x y.png")]
NAMES = ImageNames(IMAGES, 1)


def classes(content, column=None):
    """The class of each of `IMAGES`, the rows that name none of them, and notes."""
    table = read_table(content if isinstance(content, bytes) else content.encode(), "t")
    columns = find_columns(table, NAMES, "t")
    at, notes = label_column(columns, column, "t")
    found, strangers = cells_of_images(table, columns, [at], NAMES, "t")
    return [cells[0] if cells else None for cells in found], strangers, notes


CLASSES = ["a", "b", "a"], 0, ()


@pytest.mark.parametrize(
    "content",
    [
        "file,label\n1.png,a\n2.jpg,b\nx y.png,a\n",
        "file;label\r\n1.png;a\r\n2.jpg;b\r\nx y.png;a\r\n",
        "1.png\ta\n2.jpg\tb\nx y.png\ta",
        "a|cat/1.png\nb|dog/2.jpg\na|in/dog/x y.png",
        "\ufeffid,breed\n1,a\n2,b\nx y,a",
        'label,file\na," C:\\set\\in\\cat\\1.png"\n"b",./2.jpg\n\n a ,/abs/dog/x y.jpg\n',
    ],
)
def test_tables_in_columns(content):
    assert classes(content) == CLASSES


def test_lists_parted_by_spaces():
    assert classes("1.png 3\n2.jpg   1\n") == (["3", "1", None], 0, ())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tables_as_excel_saves_them(encoding):
    table = "file\tlabel\n1.png\tcafé\n2.jpg\t猫\nx y.png\tb\n"
    assert classes(table.encode(encoding))[0] == ["café", "猫", "b"]


@pytest.mark.parametrize(
    "found",
    [
        [
            {"file": "1.png", "label": "a"},
            {"file": "2.jpg", "label": "b"},
            {"file": "x y", "label": "a"},
        ],
        [["1.png", "a"], ["2.jpg", "b"], ["x y.png", "a"]],
        {"1.png": "a", "dog/2.jpg": "b", "x y.png": "a"},
        {"1.png": {"label": "a"}, "2.jpg": {"label": "b"}, "x y.png": {"label": "a"}},
        {"labels": [["1.png", "a"], ["2.jpg", "b"], ["x y.png", "a"]]},
        {"labels": {"1.png": "a", "2.jpg": "b", "x y.png": "a"}},
    ],
)
def test_json(found):
    assert classes(json.dumps(found)) == CLASSES


def test_values_of_json():
    values = {"1.png": 3, "2.jpg": 4.0, "x y.png": None}
    assert classes(json.dumps(values))[0] == ["3", "4", None]
    vectors = {"1.png": [0, 1, 0], "2.jpg": [0.0, 0.0, 1.0], "x y.png": True}
    assert classes(json.dumps(vectors))[0] == ["1", "2", "true"]
    with pytest.raises(InputError) as caught:
        classes(json.dumps({"1.png": [0.5, 0.25, 0.25]}))
    assert str(caught.value) == (
        "t: a label is a vector of 3 numbers, and none with a single 1 among zeros; give each image"
        " one class"
    )


def test_the_column_of_classes():
    table = ",file,size,Label,target\n0,1.png,9,a,x\n1,2.jpg,9,b,y\n2,x y.png,8,a,z\n"
    assert classes(table) == (["a", "b", "a"], 0, ("t: classes are by its column Label",))
    assert classes(table, "size") == (["9", "9", "8"], 0, ())
    assert classes(table, "TARGET")[0] == ["x", "y", "z"]
    with pytest.raises(InputError) as caught:
        classes(table, "lable")
    assert str(caught.value) == (
        "t: it has no column lable; did you mean 'Label'?; it has column 1, size, Label, target"
    )
    with pytest.raises(InputError) as caught:
        classes("file,breed,colour\n1.png,a,b\n")
    assert str(caught.value) == (
        "t: which column holds the classes? It has breed, colour; name one, as in data.labels:"
        " {file: labels.csv, column: breed}"
    )
    with pytest.raises(InputError, match="It has no other than that of files; name one"):
        classes("file\n1.png\n")


def test_columns_without_names_are_numbered():
    assert classes("1.png,9,a\n2.jpg,8,b\nx y.png,7,a", "column 3") == CLASSES


def test_the_column_of_files_is_the_one_that_names_most_images():
    names = ImageNames([(f"{number}.png",) for number in range(4)])
    table = read_table(b"label,id\n0,0\n1,1\n0,2\n1,3\n", "t")
    assert find_columns(table, names, "t").files == 1
    table = read_table(b"label,file\n0,0.png\n1,1.png\n", "t")
    assert find_columns(table, names, "t").files == 1


def test_rows_of_other_images_are_counted_and_images_without_a_row_are_seen():
    assert classes("1.png,a\nno.png,b\nnor,b\n2.jpg,\n") == (["a", None, None], 2, ())


def test_two_classes_of_one_image():
    assert classes("1.png,a\ncat/1.png,a\n")[0][0] == "a"
    with pytest.raises(InputError, match=r"^t: cat/1.png is there with two classes, a and b$"):
        classes("1.png,a\ncat/1.png,b\n")


def test_names_that_several_images_have_name_none():
    names = ImageNames([("a", "1.png"), ("b", "1.png"), ("b", "2.png"), ("b", "2.jpg")])
    found = [names.find(value) for value in ("1.png", "1", "b/1.png", "x/b/1", "2.jpg", "b/2")]
    assert [None if one is None else one.number for one in found] == [None, None, 1, None, 3, None]


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("0.png,y\n", "0.png may be a/0.png or b/0.png"),
        ("0,0.png\n", "0.png may be a/0.png or b/0.png"),
        ("a/1.png,x\n0.png,y\n", "0.png may be a/0.png or b/0.png"),
        ("1.png,x\n0,y\n", "0 may be a/0.png or b/0.png"),
        ("c/2,y\n", "c/2 may be c/2.jpg or c/2.png"),
    ],
)
def test_a_row_that_several_images_fit_is_told(table, told):
    names = [
        ("a", "0.png"),
        ("b", "0.png"),
        ("a", "1.png"),
        ("a", "2.png"),
        ("c", "2.jpg"),
        ("c", "2.png"),
    ]
    images, table = ImageNames(names), read_table(table.encode(), "t")
    with pytest.raises(InputError) as caught:
        cells_of_images(table, find_columns(table, images, "t"), [1], images, "t")
    assert str(caught.value) == f"t: {told}: write the paths of images"


def test_a_row_that_several_images_fit_is_no_matter_where_all_have_their_own():
    images = ImageNames([("a", "0.png"), ("b", "0.png")])
    table = read_table(b"a/0.png,x\nb/0.png,y\n0.png,z\n", "t")
    columns = find_columns(table, images, "t")
    assert cells_of_images(table, columns, [1], images, "t") == ([("x",), ("y",)], 1)


def test_names_in_both_normal_forms():
    found = ImageNames([("cafe\u0301.png",)]).find("caf\u00e9.png")
    assert found is not None
    assert found.number == 0


@pytest.mark.parametrize("lines", ["train/1.png,a|test/1.png,b", "test/1.png,b|train/1.png,a"])
def test_the_row_that_names_the_folder_of_an_image_is_the_right_one(lines):
    names = ImageNames([("1.png",), ("2.png",)], 0, ("/", "sets", "train"))
    table = read_table(f"{lines}|sets/train/2.png,c|2.jpg,d|2,e".replace("|", "\n").encode(), "t")
    columns = find_columns(table, names, "t")
    assert cells_of_images(table, columns, [1], names, "t") == ([("a",), ("c",)], 0)


def test_a_table_of_other_images():
    with pytest.raises(InputError) as caught:
        classes("file,label\nq.png,a\nr\x1b.png,b\n")
    assert str(caught.value) == (
        "t: no column names images of the source by their paths or file names; a row of it is"
        r" r\x1b.png, b"
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "t: the table is empty"),
        (b"\n\n", "t: the table is empty"),
        (b"{", "t: no JSON, or damaged (Expecting property name"),
        (b"[" * 100_000, "t: no JSON, or damaged ("),
        (
            b"[3]",
            't: no table: expected a list of objects, as [{"file": "a.png", "label": "cat"}],',
        ),
        (b"[]", "t: no table: expected a list"),
        (b'{"labels": null}', "t: its labels are null: it gives the images no classes"),
        (b"\xff\xfea", "t: neither UTF-8 nor UTF-16 (byte 2: truncated data); save it as UTF-8"),
        (
            "1.png,chäts\n2.jpg,b\n".encode("latin-1"),
            "t: neither UTF-8 nor UTF-16 (byte 8: invalid continuation byte); save it as UTF-8",
        ),
        (b'"' + b"a" * 200_000, "t: no table, or a damaged one (field larger than field limit"),
        (b"," * 20_000, "t: the table is empty"),
        (b"a," * 20_000, "t: it is no table"),
        (bytes(MAX_BYTES + 1), "t: a table of more than 67,108,864 bytes is not read"),
    ],
)
def test_what_is_no_table(content, told):
    with pytest.raises(InputError) as caught:
        classes(content)
    assert str(caught.value).startswith(told)


@given(
    st.one_of(
        st.binary(max_size=200), st.text('1.png,;\t\n"[]{}:a0\\u', max_size=60).map(str.encode)
    )
)
def test_any_bytes_are_a_table_or_an_input_error(content):
    try:
        classes(content)
    except InputError:
        return


def test_stylegan_labels():
    assert stylegan_labels(b'{"annotations": []}', "t") is None
    assert stylegan_labels(b"[1]", "t") is None
    with pytest.raises(NoClassesError, match="its labels are null"):
        stylegan_labels(b'{"labels": null}', "t")
    with pytest.raises(InputError, match="no JSON"):
        stylegan_labels(b'{"labels": ', "t")
