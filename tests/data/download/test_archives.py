from __future__ import annotations

import gzip
import io
import json
import tarfile

import pytest

from gantool.data.download.archives import copy_unpacked, is_unpacked, unpack
from gantool.errors import GantoolError


@pytest.fixture
def pack(tmp_path):
    """An archive of members: a name and its bytes, or a `TarInfo`, with bytes if it has some."""

    def write(*members, name="x.tgz", form=tarfile.PAX_FORMAT, cut=None):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=form) as tar:
            for member, content in members:
                info = tarfile.TarInfo(member) if isinstance(member, str) else member
                if content is None:
                    tar.addfile(info)
                else:
                    info.size = len(content)
                    tar.addfile(info, io.BytesIO(content))
        packed = gzip.compress(buffer.getvalue()) if name.endswith("gz") else buffer.getvalue()
        path = tmp_path / name
        path.write_bytes(packed[:cut])
        return path

    return write


def member(name, kind, **keys):
    info = tarfile.TarInfo(name)
    info.type = kind
    for key, value in keys.items():
        setattr(info, key, value)
    return info


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "to"
    path.mkdir()
    return path


@pytest.fixture
def refused(folder, tmp_path):
    """The error's words after the archive's name; and nothing may have been written anywhere."""

    def run(archive):
        everything = sorted(tmp_path.rglob("*"))
        with pytest.raises(GantoolError) as caught:
            unpack(archive, folder, "set")
        assert sorted(tmp_path.rglob("*")) == everything
        assert caught.value.exit_code == 1
        return str(caught.value).removeprefix(f"{archive}: ")

    return run


@pytest.mark.parametrize("name", ["x.tgz", "x.tar"])
def test_one_folder_is_unpacked(pack, folder, names, name):
    long = "set/" + "n" * 150 + ".txt"
    archive = pack(
        (member("./", tarfile.DIRTYPE), None),
        (member("./set", tarfile.DIRTYPE, mode=0), None),
        ("set/a.txt", b"one"),
        ("set/deep/er/b.txt", b"two"),
        (member("set/empty", tarfile.DIRTYPE), None),
        (long, b""),
        ("other/c.txt", b"three"),
        name=name,
    )
    unpack(archive, folder, "set")
    assert names(folder) == ["set"]
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    assert files == {"set/a.txt": b"one", "set/deep/er/b.txt": b"two", long: b""}
    assert (folder / "set/empty").is_dir()
    assert is_unpacked(folder / "set")


@pytest.mark.parametrize(
    "bad",
    [
        "../x",
        "set/../../x",
        member("set/x", tarfile.SYMTYPE, linkname="/etc/passwd"),
        member("set/x", tarfile.LNKTYPE, linkname="../x"),
        member("set/x", tarfile.CHRTYPE),
        member("set/x", tarfile.FIFOTYPE),
    ],
)
def test_what_leads_out_or_is_no_file_is_refused(pack, refused, bad):
    content = None if isinstance(bad, tarfile.TarInfo) else b"bad"
    archive = pack(("set/good", b"good"), (bad, content), ("set/z", b"z"))
    assert refused(archive).startswith("cannot be unpacked (")


def test_an_archive_without_the_folder(pack, refused):
    assert refused(pack(("else/a", b""))) == "there is no folder set in this archive"
    assert refused(pack(("set", b""))) == "there is no folder set in this archive"


def test_a_damaged_archive(pack, refused, tmp_path):
    text = tmp_path / "text.tgz"
    text.write_bytes(b"no archive" * 100)
    assert refused(text).startswith("cannot be unpacked (")
    archive = pack(("set/a", bytes(range(256)) * 20), cut=50)
    assert refused(archive).startswith("cannot be unpacked (")


def test_a_file_that_ends_within_a_member(pack, refused):
    archive = pack(("set/a", bytes(5000)), name="x.tar", cut=2000)
    assert refused(archive).startswith("cannot be unpacked (")


def test_what_a_killed_process_left_is_removed(pack, folder, names):
    (folder / ".set.unpacking/unpacked/set").mkdir(parents=True)
    (folder / ".set.unpacking/unpacked/set/half").touch()
    unpack(pack(("set/a", b"one")), folder, "set")
    assert names(folder) == ["set"]
    assert names(folder / "set") == [".gantool-files.json", "a"]


def test_an_older_folder_is_replaced_by_the_whole_new_one(pack, folder, names, refused):
    (folder / "set").mkdir()
    (folder / "set/old").touch()
    refused(pack(("set/a", b"one"), ("../x", b"bad")))
    assert names(folder / "set") == ["old"]
    unpack(pack(("set/a", b"one")), folder, "set")
    assert names(folder / "set") == [".gantool-files.json", "a"]
    assert names(folder) == ["set"]


def test_whether_a_folder_is_whole(pack, folder):
    whole = folder / "set"
    assert not is_unpacked(whole)
    unpack(pack(("set/a", b"one"), ("set/deep/b", b"two")), folder, "set")
    assert is_unpacked(whole)
    (whole / "more").touch()
    assert is_unpacked(whole)
    (whole / "deep/b").write_bytes(b"tw")
    assert not is_unpacked(whole)
    (whole / "deep/b").unlink()
    assert not is_unpacked(whole)
    for text in ("", "[]", json.dumps({"a": "3"})):
        (whole / ".gantool-files.json").write_text(text)
        assert not is_unpacked(whole)


def test_a_copy(pack, folder, tmp_path, names):
    unpack(pack(("set/a", b"one"), ("set/deep/b", b"two")), folder, "set")
    other = tmp_path / "other"
    other.mkdir()
    copy_unpacked(folder / "set", other)
    assert names(other) == ["set"]
    assert is_unpacked(other / "set")
    assert (other / "set/deep/b").read_bytes() == b"two"
