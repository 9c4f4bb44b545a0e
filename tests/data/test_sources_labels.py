"""What says the class of each image of a folder or a zip: dataset.json, tables, attributes."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from gantool.data.reading import LabelsError, open_named
from gantool.data.sources import open_images, open_source
from gantool.data.sources.choice import Choice, asked_by
from gantool.errors import InputError
from gantool.recipe.data import LabelFile


@pytest.fixture(params=["folder", "zip"])
def make(request, tmp_path, plain):
    """Make a source of {name: content}, where None is for an image; its path, and how to tell."""

    def make(files):
        files = {name: plain(1) if text is None else text.encode() for name, text in files.items()}
        path = tmp_path / "in" / "set"
        path.parent.mkdir()
        if request.param == "zip":
            path = path.with_suffix(".zip")
            with zipfile.ZipFile(path, "w") as archive:
                for name, content in files.items():
                    archive.writestr(name, content)
            return path
        for name, content in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(content)
        return path

    return make


def labels(source):
    return [source.classes[number] for number in source.labels]


CHUNKS = {f"{number // 2:05}/img{number:08}.png": None for number in range(4)}
NAMES = list(CHUNKS)


@pytest.mark.parametrize("top", ["", "ffhq/"])
@pytest.mark.parametrize("form", [list, dict])
def test_the_labels_of_stylegan(make, data, form, top):
    found = form([(name, number % 2) for number, name in enumerate(NAMES)])
    files = {top + name: None for name in NAMES}
    path = make(files | {f"{top}dataset.json": json.dumps({"labels": found})})
    source = open_source(data(path, labels=True), None)
    assert (source.classes, source.labels.tolist()) == (("0", "1"), [0, 1, 0, 1])
    source = open_source(data(path, labels=True, classes=["odd", "even"]), None)
    assert (source.classes, source.labels.tolist()) == (("odd", "even"), [0, 1, 0, 1])


def test_labels_of_stylegan_that_are_null(make, data):
    path = make(CHUNKS | {"dataset.json": '{"labels": null}'})
    with pytest.raises(InputError) as caught:
        open_source(data(path, labels=True), None)
    assert str(caught.value) == (
        f"{path}, dataset.json: its labels are null: it gives the images no classes"
    )
    assert open_named(str(path), None).labels is None


def test_labels_of_stylegan_for_some_of_the_images(make, data):
    found = [[NAMES[0], 0], [NAMES[1], None], [NAMES[2], 1], ["00002/img00000009.png", 3]]
    path = make(CHUNKS | {"dataset.json": json.dumps({"labels": found})})
    with pytest.raises(InputError) as caught:
        open_source(data(path, labels=True), None)
    told = (
        f"{path}, dataset.json: 2 of 4 images have no class in it (00000/img00000001.png, for one);"
        " add them, or remove the images"
    )
    assert str(caught.value) == told
    with pytest.raises(LabelsError) as caught:
        open_named(str(path), None)
    assert str(caught.value) == told


def test_chunks_without_labels(make, data):
    path = make(CHUNKS)
    with pytest.raises(InputError, match="the folders 00000, 00001 are no classes: they part one"):
        open_source(data(path, labels=True), None)
    assert open_named(str(path), None).labels is None
    source = open_source(data(path, labels=True, classes=["00001", "00000"]), None)
    assert source.labels.tolist() == [1, 1, 0, 0]


def test_a_dataset_json_of_others_is_not_read(make, data):
    path = make({"a/1.png": None, "b/2.png": None, "dataset.json": '{"images": []}'})
    source = open_source(data(path, labels=True), None)
    assert source.classes == ("a", "b")
    assert source.notes == (f"{path}: 1 file of another kind is left out (.json 1)",)


TABLE = "file,kind\n1.png,b\n2.png,a\n3.png,b\n9.png,c\n"
PICTURES = {"1.png": None, "2.png": None, "3.png": None}


@pytest.mark.parametrize("place", ["inside", "beside", "recipe", "here"])
def test_a_table_is_found(make, data, tmp_path, monkeypatch, place):
    (tmp_path / "recipes").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    path = make(PICTURES | ({"kinds.csv": TABLE} if place == "inside" else {}))
    folder = {"beside": path.parent, "recipe": tmp_path / "recipes", "here": tmp_path / "here"}
    where = f"{path}, kinds.csv"
    if place != "inside":
        (folder[place] / "kinds.csv").write_text(TABLE)
        where = "kinds.csv" if place == "here" else str(folder[place] / "kinds.csv")
    source = open_source(data(path, labels="kinds.csv"), tmp_path / "recipes")
    assert (labels(source), source.classes) == (["b", "a", "b"], ("a", "b"))
    assert source.notes[-1] == f"{where}: 1 row names no image that is taken"


def test_a_table_that_is_not_there(make, data, tmp_path):
    path = make(PICTURES)
    with pytest.raises(InputError) as caught:
        open_source(data(path, labels="kinds.csv"), tmp_path)
    assert str(caught.value) == (
        f"data.labels: the table kinds.csv is not there (looked in {path}, {path.parent},"
        f" {tmp_path}, .)"
    )


def test_numbers_of_a_table_are_ordered_by_value_and_packed(make, data):
    rows = "".join(f"{number}.png,x,{label}\n" for number, label in [(1, "10.0"), (2, 9), (3, 10)])
    path = make(
        PICTURES
        | {"t.csv": f"file,x,y\n{rows}".replace(",9\n", ",9.0\n").replace(",10\n", ",10.0\n")}
    )
    source = open_source(data(path, labels={"file": "t.csv", "column": "y"}), None)
    assert (source.classes, source.labels.tolist()) == (("9", "10"), [1, 0, 1])
    assert source.notes[-1] == f"{path}, t.csv: the labels 9, 10 are the classes 0 to 1, in order"


def test_a_table_of_one_class(make, data):
    path = make(PICTURES | {"t.csv": "1.png,a\n2.png,a\n3.png,a\n"})
    with pytest.raises(InputError, match=r"t\.csv: data\.labels asks for classes, and all images"):
        open_source(data(path, labels="t.csv"), None)


def test_a_table_and_splits(make, data):
    path = make({"train/1.png": None, "train/2.png": None, "test/1.png": None})
    table = "path;label\ntest/1.png;a\ntrain/1.png;b\ntrain/2.png;a\n"
    (path.parent / "t.csv").write_text(table)
    source = open_source(data(path, labels="t.csv"), None)
    assert (len(source), labels(source)) == (2, ["b", "a"])
    source = open_source(data(path, labels="t.csv", split="all"), None)
    assert labels(source) == ["a", "b", "a"]


ATTRIBUTES = "3\nSmiling Male Young\n1.png  1 -1 -1\n2.png -1  1 -1\n3.png  1  1 -1\n"
OF_KAGGLE = "image_id,Smiling,Male,Young\n1.png,1,-1,-1\n2.png,-1,1,-1\n3.png,1,1,-1\n"


@pytest.mark.parametrize(
    ("name", "text"), [("list_attr_celeba.txt", ATTRIBUTES), ("list_attr_celeba.csv", OF_KAGGLE)]
)
@pytest.mark.parametrize("inside", [False, True])
def test_attributes_of_celeba(make, data, name, text, inside):
    path = make(PICTURES | ({name: text} if inside else {}))
    if not inside:
        (path.parent / name).write_text(text)
    source = open_source(data(path, labels="Smiling"), None)
    assert (source.classes, source.labels.tolist()) == (("not Smiling", "Smiling"), [1, 0, 1])
    source = open_source(data(path, labels=["Male", "smiling"]), None)
    assert source.classes == ("not Male, Smiling", "Male, not Smiling", "Male, Smiling")
    assert source.labels.tolist() == [0, 1, 2]
    with pytest.raises(InputError) as caught:
        open_source(data(path, labels="Smilling"), None)
    where = f"{path}, {name}" if inside else path.parent / name
    assert str(caught.value) == (
        f"{where}: it has no attribute Smilling; did you mean 'Smiling'?; it has Smiling, Male,"
        " Young"
    )
    with pytest.raises(InputError, match="all images are of one class, not Young"):
        open_source(data(path, labels="Young"), None)


def test_attributes_of_other_lists(make, data):
    path = make(PICTURES | {"list_attr_celeba.csv": "file,Age\n1.png,30\n2.png,1\n3.png,1\n"})
    with pytest.raises(InputError) as caught:
        open_source(data(path, labels="Age"), None)
    assert str(caught.value) == (
        f"{path}, list_attr_celeba.csv: attributes are 1 or -1, and 30 is neither; a column of"
        " classes is named by data.labels: {file: …, column: …}"
    )


def test_attributes_without_a_list(make, data):
    path = make(PICTURES)
    with pytest.raises(InputError) as caught:
        open_source(data(path, labels="Smiling"), None)
    assert str(caught.value).startswith(
        "data.labels: Smiling would be of CelebA's list of attributes, and no list_attr_celeba.txt"
        f" is there; the name of a table ends in .csv, .tsv, .txt or .json (looked in {path},"
    )


@pytest.mark.usefixtures("no_checkout")
def test_celeba_of_the_catalogue(tmp_path, plain, data):
    folder = tmp_path / "sets" / "celeba"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "img_align_celeba.zip", "w") as archive:
        for number in range(1, 4):
            archive.writestr(f"img_align_celeba/{number}.png", plain(number))
    (folder / "list_attr_celeba.txt").write_text(ATTRIBUTES)
    source = open_source(data("celeba", labels=["Smiling"]), None)
    assert (source.classes, source.labels.tolist()) == (("not Smiling", "Smiling"), [1, 0, 1])
    with pytest.raises(InputError) as caught:
        open_source(data("celeba", labels=True), None)
    assert str(caught.value) == (
        "data.labels is true, but the images of celeba belong to no classes; set data.labels to"
        " false, or to attributes of list_attr_celeba.txt, as Smiling"
    )
    assert open_named("celeba", None).labels is None


def test_a_table_for_images_that_are_no_files(tmp_path, write_idx, data):
    path = write_idx(tmp_path / "train-images-idx3-ubyte", np.zeros((3, 8, 8)))
    write_idx(tmp_path / "train-labels-idx1-ubyte", np.array([0, 1, 0]))
    with pytest.raises(InputError) as caught:
        open_source(data(path, labels="labels.csv"), None)
    assert str(caught.value) == (
        f"{path}: data.labels names a table or attributes, which are of image files, and these"
        " images lie in none; set data.labels to true for the labels that come with them"
    )


def test_what_options_ask():
    assert asked_by("labels.CSV") == LabelFile(file="labels.CSV")
    assert asked_by("a/b.tsv:breed") == LabelFile(file="a/b.tsv", column="breed")
    assert asked_by("Smiling, Male") == ("Smiling", "Male")


# Which files are taken.


YOUNG = "3\nYoung\n1.png 1\n2.png -1\n3.png 1\n"


@pytest.mark.parametrize(
    ("file", "content", "labels"),
    [
        ("labels.csv", TABLE, "labels.csv"),
        ("more/labels.CSV", TABLE, "more/labels.CSV"),
        ("dataset.json", '{"labels": [["1.png", 0], ["2.png", 1], ["3.png", 0]]}', True),
        ("list_attr_celeba.txt", YOUNG, ("Young",)),
        ("Anno/list_attr_celeba.txt", YOUNG, ("Young",)),
    ],
)
def test_the_file_of_labels_is_not_left_out(make, data, file, content, labels):
    path = make(PICTURES | {file: content, "x.log": "x"})
    told = f"{path}: 1 file of another kind is left out (.log 1)"
    notes = open_source(data(path, labels=labels), None).notes
    assert [note for note in notes if "left out" in note or "no image in" in note] == [told]
    notes = open_source(data(path), None).notes
    assert notes[0].startswith(f"{path}: 2 files of other kinds are left out (")


def test_files_of_other_kinds_are_counted_and_lost_folders_named(make, data):
    path = make({"a/1.png": None, "b/1.heic_": "x", "b/2.txt": "x", "c/1.png": None})
    source = open_source(data(path, labels=True), None)
    assert source.classes == ("a", "c")
    assert source.notes == (
        f"{path}: 2 files of other kinds are left out (.heic_ 1, .txt 1)",
        f"{path}: no image in the folder b (.heic_ 1, .txt 1)",
    )


def test_classes_of_which_one_lost_all_images(make, data):
    path = make({"a/1.png": None, "b/1.txt": "x"})
    with pytest.raises(InputError) as caught:
        open_source(data(path, labels=True), None)
    assert str(caught.value) == (
        f"{path}: data.labels is true, but the only image lies in one folder, a; no image in the"
        " folder b (.txt 1); put the images of each class into a folder of its own, or set"
        " data.labels to false"
    )


def test_pictures_without_a_suffix(make, data):
    path = make({"a/one": None, "b/two.jpg_large": None, "b/README": "x"})
    source = open_source(data(path, labels=True), None)
    assert (len(source), source.classes) == (2, ("a", "b"))
    assert source.image(1).size == (4, 4)
    assert source.notes == (f"{path}: 1 file of another kind is left out (without a suffix 1)",)


@pytest.fixture
def pictures(tmp_path, plain, monkeypatch):
    for number, name in enumerate(["cat/1.png", "cat/2.jpg", "dog/deep/3.png", "dog/4.png"]):
        path = tmp_path / "pics" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(plain(number))
    (tmp_path / "pics/cat/notes.txt").write_text("x")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "pics"


@pytest.mark.parametrize(
    ("pattern", "files"),
    [
        ("pics/*/*.png", ["pics/cat/1.png", "pics/dog/4.png"]),
        ("pics/**/*.png", ["pics/cat/1.png", "pics/dog/4.png", "pics/dog/deep/3.png"]),
        ("pics/cat/1.*", ["pics/cat/1.png"]),
        ("p*/cat/*", ["pics/cat/1.png", "pics/cat/2.jpg"]),
        ("pics/**", ["pics/cat/1.png", "pics/cat/2.jpg", "pics/dog/4.png", "pics/dog/deep/3.png"]),
    ],
)
@pytest.mark.usefixtures("pictures")
def test_a_pattern_of_pictures(pattern, files):
    source = open_images(pattern, Choice())
    assert [source.where(index) for index in range(len(source))] == files
    assert source.name == pattern.rsplit("/", 1)[1]


def test_a_pattern_of_pictures_has_classes(pictures):
    source = open_images(f"{pictures}/**/*.png", Choice(True))
    assert labels(source) == ["cat", "dog", "deep"]
    assert labels(open_images("pics/*/*.png", replace(Choice(True), folder=pictures.parent))) == [
        "cat",
        "dog",
    ]
    assert source.encoded(0) == (pictures / "cat/1.png").read_bytes()


@pytest.mark.usefixtures("pictures")
def test_a_pattern_that_fits_only_folders():
    with pytest.raises(InputError) as caught:
        open_images("p*", Choice())
    assert str(caught.value) == "data.source: 'p*' fits folders, and no file: write p*/*"


@pytest.mark.usefixtures("pictures")
def test_a_pattern_that_fits_nothing(tmp_path):
    with pytest.raises(InputError) as caught:
        open_images("pics/*.gif", Choice(folder=tmp_path / "recipes"))
    assert str(caught.value) == (
        f"data.source: no file matches 'pics/*.gif': looked for {tmp_path}/recipes/pics/*.gif and"
        " pics/*.gif"
    )
