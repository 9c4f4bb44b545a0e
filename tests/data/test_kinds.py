"""Which files are images, and what is said of the others."""

from __future__ import annotations

import pytest

from gantool.data.sources.kinds import sort_out

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


def sorted_out(files):
    opened = []

    def peek(file):
        opened.append("/".join(file))
        return files["/".join(file)]

    return sort_out([tuple(name.split("/")) for name in files], peek), opened


def test_images_are_known_by_suffix_or_first_bytes():
    found, opened = sorted_out(
        {
            "z.PNG": b"",
            "a.jpg": b"whatever",
            "img": PNG,
            "photo.jpg_large": b"\xff\xd8\xff\xe0",
            "2020.01.02": PNG,
            "text": b"text",
            "x.txt": PNG,
            "x.json": PNG,
            "raw.NEF": b"II*\0",
        }
    )
    assert ["/".join(file) for file in found.images] == [
        "2020.01.02",
        "a.jpg",
        "img",
        "photo.jpg_large",
        "z.PNG",
    ]
    assert opened == ["img", "photo.jpg_large", "2020.01.02", "text"]
    assert found.notes("set") == (
        "set: 4 files of other kinds are left out (.json 1, .nef 1, .txt 1, without a suffix 1)",
    )


def test_a_file_in_use_is_not_left_out():
    found, _ = sorted_out({"1.png": b"", "x.csv": b"", "y.csv": b"", "z/x.TXT": b""})
    assert found.without(("x.csv",)).notes("set") == (
        "set: 2 files of other kinds are left out (.csv 1, .txt 1)",
        "set: no image in the folder z (.txt 1)",
    )
    assert found.without(("z", "x.TXT")).notes("set") == (
        "set: 2 files of other kinds are left out (.csv 2)",
    )
    assert found.without(("z", "x.json")) == found


def test_nothing_left_out_is_not_told():
    found, _ = sorted_out({"a.png": b""})
    assert (found.notes("set"), found.lost()) == ((), [])


def test_folders_without_an_image_are_named():
    found, _ = sorted_out(
        {
            "cat/1.png": b"",
            "cat/1.txt": b"",
            "dog/x/1.heics": b"x",
            "dog/2.heics": b"x",
            "dog/y.txt": b"",
            "empty/": b"",
            "a/b/c.md": b"",
            "a/x/1.png": b"",
        }
    )
    assert found.notes("set") == (
        "set: 5 files of other kinds are left out (.heics 2, .txt 2, .md 1)",
        "set: no image in the folder a/b (.md 1)",
        "set: no image in the folder dog (.heics 2, .txt 1)",
        "set: no image in the folder empty (it is empty)",
    )


def test_long_lists_are_cut():
    found, _ = sorted_out(
        {f"{kind:02}/{number}.k{kind:02}": b"" for kind in range(12) for number in range(3)}
        | {"1.png": b""}
    )
    told = found.notes("set")
    first = ", ".join(f".k{kind:02} 3" for kind in range(10))
    assert told[0] == f"set: 36 files of other kinds are left out ({first} and 2 more kinds)"
    assert told[10] == "set: no image in the folder 09 (.k09 3)"
    assert told[11:] == ("set: no image in 2 more folders",)


@pytest.mark.parametrize("suffix", ["a" * 50, "x\n", "é", ""])
def test_odd_suffixes_are_not_shown(suffix):
    found, _ = sorted_out({f"a.{suffix}": b"text"})
    assert found.notes("set") == ("set: 1 file of another kind is left out (without a suffix 1)",)
