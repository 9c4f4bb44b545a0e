"""What the folders of a source mean, from nothing but paths."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gantool.data.sources.classes import NoClassesError
from gantool.data.sources.layout import class_names, common_top, lay_out, without_chunks
from gantool.errors import InputError


def parts(*paths):
    return sorted(tuple(path.split("/")) for path in paths)


def laid_out(files, split=None):
    return lay_out(Counter(file[:-1] for file in files), "set", split)


def taken(files, split=None):
    """The paths of the files that are taken."""
    places = laid_out(files, split).places
    return ["/".join(file) for file in files if file[:-1] in places]


def names(files, split=None):
    """The class of each file that is taken."""
    layout = laid_out(files, split)
    places = without_chunks(layout.places, files, "set")
    found, _ = class_names(places, [file for file in files if file[:-1] in places], "set")
    return [found[file[:-1]] for file in files if file[:-1] in found]


@pytest.mark.parametrize(
    ("folders", "top"),
    [
        (["a/b/c", "a/b/d"], "a/b"),
        (["a/b", "a/b/d"], "a/b"),
        (["ab", "ac"], ""),
        (["a/b"], "a/b"),
        (["a/x/c", "b/x/c"], ""),
    ],
)
def test_the_common_top(folders, top):
    assert "/".join(common_top(parts(*folders))) == top


paths = st.lists(st.sampled_from("abc"), max_size=4).map(tuple)


@given(st.sets(paths, min_size=1))
def test_all_folders_begin_with_the_common_top_and_with_nothing_longer(folders):
    top = common_top(folders)
    assert all(folder[: len(top)] == top for folder in folders)
    assert len({folder[: len(top) + 1] for folder in folders}) > 1 or top in folders


SPLITS = parts(
    "in/train/cat/1", "in/train/dog/2", "in/train/dog/3", "in/test/dog/4", "in/val/cat/5"
)


@pytest.mark.parametrize(
    ("split", "numbers"),
    [(None, "123"), ("train", "123"), ("test", "4"), ("validation", "5"), ("all", "12345")],
)
def test_splits_above_classes(split, numbers):
    assert "".join(sorted(path[-1] for path in taken(SPLITS, split))) == numbers


def test_what_is_left_out_of_splits_is_told():
    assert laid_out(SPLITS).notes == (
        "set: the 3 training images are taken; left out: test 1, validation 1 (data.split takes"
        " them)",
    )
    assert laid_out(SPLITS, "test").notes == laid_out(SPLITS, "all").notes == ()


def test_classes_do_not_hold_the_split():
    assert names(SPLITS) == ["cat", "dog", "dog"]
    assert names(SPLITS, "all") == ["dog", "cat", "dog", "dog", "cat"]


@pytest.mark.parametrize(
    "files",
    [
        ["cat/train/1", "cat/test/2", "dog/train/1", "dog/test/2"],
        ["Training_Set/cat/1", "test_set/cat/2", "Training_Set/dog/1"],
        ["seg_train/seg_train/cat/1", "seg_train/seg_train/dog/1", "seg_test/seg_test/dog/2"],
        ["train2017/cat/1", "val2017/cat/2", "train2017/dog/1"],
        ["trainA/1", "trainB/1", "testA/2", "testB/2"],
        ["real/TRAIN/cat/1", "real/TRAIN/dog/1", "real/dev/dog/2"],
    ],
)
def test_splits_as_sets_have_them(files):
    files = parts(*files)
    assert {path[-1] for path in taken(files)} == {"1"}
    assert len(taken(files)) == sum(file[-1] == "1" for file in files)
    assert sorted(set(names(files))) in (["cat", "dog"], ["A", "B"])


@pytest.mark.parametrize(
    "files",
    [
        ["train/1", "car/2", "bus/3"],  # a vehicle
        ["train/1", "train_station/2"],
        ["test/1", "car/2"],
        ["valley/1", "training/2", "testament/3"],
    ],
)
def test_folders_that_are_no_splits(files):
    assert sorted(taken(parts(*files))) == sorted(files)


def test_other_folders_and_loose_images_beside_splits():
    files = parts("train/a/1", "train/b/1", "test/a/2", "more/x/3", "cover")
    assert taken(files) == ["train/a/1", "train/b/1"]
    assert laid_out(files).notes == (
        "set: the 2 training images are taken; left out: more 1, no folder 1, test 1 (data.split"
        " takes them)",
    )
    assert len(taken(files, "all")) == 5


def test_a_split_that_is_not_there():
    with pytest.raises(InputError) as caught:
        laid_out(parts("train/1", "test/2", "test/3"), "validation")
    assert str(caught.value) == (
        "set: data.split is validation, and there are test 2, train 1; set data.split to one of"
        " these, or to all"
    )
    with pytest.raises(InputError) as caught:
        laid_out(parts("test/1", "val/2"))
    assert str(caught.value) == (
        "set: it has splits, none is called train, and there are test 1, validation 1; set"
        " data.split to one of these, or to all"
    )
    with pytest.raises(InputError) as caught:
        laid_out(parts("cat/1", "dog/2"), "test")
    assert str(caught.value) == (
        "set: data.split is test, and no folders of splits, such as train and test, are in it;"
        " leave data.split out"
    )
    assert len(taken(parts("cat/1", "dog/2"), "train")) == 2
    assert len(taken(parts("set/test/cat/1", "set/test/dog/2"), "test")) == 2


def test_classes_of_one_name_are_told_apart_by_their_paths():
    files = parts("x/cat/1/a", "x/dog/1/a", "x/dog/2/a")
    assert names(files) == ["cat/1", "dog/1", "dog/2"]
    layout = laid_out(files)
    _, notes = class_names(layout.places, files, "set")
    assert notes == ("set: classes are the folders in which images lie: cat/1, dog/1, dog/2",)


def test_innermost_folders_of_different_depths():
    assert names(parts("plants/rose/1", "animals/cat/1", "animals/dog/small/1")) == [
        "cat",
        "small",
        "rose",
    ]


def test_one_name_in_both_normal_forms_is_one_class():
    files = parts("train/cafe\u0301/1", "train/the/1", "test/caf\u00e9/2")
    assert names(files, "all") == ["caf\u00e9", "caf\u00e9", "the"]


@pytest.mark.parametrize(
    "files",
    [
        ["00000/img00000000", "00000/img00000999", "00001/img00001000"],
        ["00000/00000", "01000/01000", "02000/02000"],
    ],
)
def test_chunks_are_no_classes(files):
    with pytest.raises(NoClassesError) as caught:
        names(parts(*files))
    chunks = ", ".join(dict.fromkeys(file[:5] for file in files))
    assert str(caught.value) == (
        f"set: data.labels is true, but the folders {chunks} are no classes: they part one list of"
        " files, whose names rise from each to the next; if they are classes after all, name them"
        " in data.classes, else set data.labels to false, or to a table of classes"
    )


@pytest.mark.parametrize(
    "files",
    [
        ["00000/00000_00000", "00000/00000_00001", "00001/00000_00000"],
        ["00000/a", "00001/a"],
        ["0000/a", "0001/b"],
        ["00000/a", "000001/b"],
        ["00000/a", "other/b"],
    ],
)
def test_numbered_folders_that_are_classes(files):
    assert names(parts(*files)) == [file.split("/")[0] for file in sorted(files)]


def test_chunks_within_classes_belong_to_these():
    files = parts("cat/00000/1", "cat/00001/2", "dog/00000/1", "dog/00001/2")
    assert names(files) == ["cat", "cat", "dog", "dog"]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (["a/cats/1", "a/cats/2"], "all 2 images lie in one folder, a/cats"),
        (["1", "2"], "2 of 2 images lie in no class folder (1, for one)"),
        (["1", "2", "c/3"], "2 of 3 images lie in no class folder (1, for one)"),
        (["a/1", "a/c/2", "a/d/3"], "1 of 3 images lie in no class folder (a/1, for one)"),
    ],
)
def test_no_classes(files, told):
    files = parts(*files)
    with pytest.raises(InputError) as caught:
        class_names(laid_out(files).places, files, "set", ["no image in the folder b (.heic 3)"])
    assert str(caught.value) == (
        f"set: data.labels is true, but {told}; no image in the folder b (.heic 3); put the images"
        " of each class into a folder of its own, or set data.labels to false"
    )
    assert isinstance(caught.value, NoClassesError) == ("1 of 3" not in told)


segment = st.sampled_from(["train", "test", "val", "cat", "dog", "00000", "00001", "trainA", ""])


@given(st.sets(st.lists(segment.filter(bool), max_size=3).map(tuple), min_size=1))
def test_every_folder_has_a_place_that_is_a_part_of_its_path_or_is_left_out_and_told(folders):
    layout = lay_out(dict.fromkeys(folders, 1), "set", "all")
    assert set(layout.places) == folders
    for folder, place in layout.places.items():
        rest = iter("/".join(folder))
        assert all(letter in rest for letter in "/".join(place))
    with suppress(InputError):  # splits, and none is called train
        layout = lay_out(dict.fromkeys(folders, 1), "set", None)
        assert set(layout.places) <= folders
        assert bool(layout.notes) == (set(layout.places) < folders)
