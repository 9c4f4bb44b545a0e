from __future__ import annotations

import gzip
import io
import json
import tarfile

import pytest

from gantool.data.catalogue.entries import Unpacked
from gantool.data.download.archives import copy_unpacked, is_unpacked, unpack
from gantool.errors import GantoolError

SET = Unpacked("set", limit=100_000)


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

    def run(archive, unpacked=SET):
        everything = sorted(tmp_path.rglob("*"))
        with pytest.raises(GantoolError) as caught:
            unpack(archive, folder, unpacked)
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
    unpack(archive, folder, SET)
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
    ("bad", "reason"),
    [
        ("/etc/x", "leads out of the folder"),
        ("../x", "leads out of the folder"),
        ("set/../../x", "leads out of the folder"),
        (member("set/x", tarfile.SYMTYPE, linkname="/etc/passwd"), "is a link"),
        (member("set/x", tarfile.LNKTYPE, linkname="set/good"), "is a link"),
        (member("set/x", tarfile.CHRTYPE), "is neither a file nor a folder"),
        (member("set/x", tarfile.BLKTYPE), "is neither a file nor a folder"),
        (member("set/x", tarfile.FIFOTYPE), "is neither a file nor a folder"),
        ("set/good", "comes twice, or is also a folder"),
        ("set/good/x", "comes twice, or is also a folder"),
        (".", "comes twice, or is also a folder"),
    ],
)
def test_what_leads_out_or_is_no_file_is_refused(pack, refused, bad, reason):
    content = None if isinstance(bad, tarfile.TarInfo) else b"bad"
    name = bad.name if isinstance(bad, tarfile.TarInfo) else bad
    archive = pack(("set/good", b"good"), (bad, content), ("set/z", b"z"))
    assert refused(archive) == f"refused, because {name!r} in it {reason}"


def test_a_name_with_a_zero_byte_is_refused(pack, refused):
    info = tarfile.TarInfo("set/x")
    info.pax_headers = {"path": "set/x\0y"}
    assert "leads out of the folder" in refused(pack(("set/good", b""), (info, b"bad")))


def test_a_link_followed_by_a_file_through_it_is_refused(pack, refused, tmp_path):
    link = member("set/link", tarfile.SYMTYPE, linkname=str(tmp_path))
    assert "'set/link' in it is a link" in refused(pack((link, None), ("set/link/x", b"bad")))


def test_more_than_the_limit_is_refused_before_it_is_written(pack, refused):
    archive = pack(("set/a", bytes(60_000)), ("set/b", bytes(60_000)))
    assert archive.stat().st_size < 1000
    assert refused(archive) == (
        "refused, because it unpacks to more than 100,000 bytes, with 'set/b'"
    )


def test_a_sparse_member_that_claims_much_is_refused(pack, refused):
    info = tarfile.TarInfo("set/sparse")
    info.pax_headers = {
        "GNU.sparse.major": "0",
        "GNU.sparse.minor": "1",
        "GNU.sparse.name": "set/sparse",
        "GNU.sparse.size": "1000000000",
        "GNU.sparse.map": "0,1",
    }
    assert "more than 100,000 bytes, with 'set/sparse'" in refused(pack((info, b"x")))


@pytest.mark.parametrize("member_count", [0, 1])
def test_headers_and_what_is_skipped_count_too(pack, refused, member_count):
    """An archive of nothing but a header that unfolds to much, or of very many members."""
    if member_count:
        members = [(f"set/{number}", b"") for number in range(300)]
    else:
        info = tarfile.TarInfo("set/x")
        info.pax_headers = {"comment": "n" * 200_000}
        members = [(info, b"")]
    assert refused(pack(*members)) == "refused, because it unpacks to more than 100,000 bytes"


def test_what_the_limit_allows(pack, folder):
    archive = pack(("set/a", bytes(80_000)))
    unpack(archive, folder, SET)
    assert (folder / "set/a").stat().st_size == 80_000


def test_an_archive_without_the_folder(pack, refused):
    assert refused(pack(("else/a", b""))) == "there is no folder set in this archive"
    assert refused(pack(("set", b""))) == "there is no folder set in this archive"


def test_a_damaged_archive(pack, refused, tmp_path):
    text = tmp_path / "text.tgz"
    text.write_bytes(b"no archive" * 100)
    assert refused(text).startswith("damaged, or not a tar archive (")
    for cut in (50, -5):
        assert refused(pack(("set/a", bytes(range(256)) * 20), cut=cut)).startswith("damaged, or")


def test_a_file_that_ends_within_a_member(pack, refused):
    archive = pack(("set/a", bytes(5000)), name="x.tar", cut=2000)
    assert refused(archive).startswith("damaged, or not a tar archive (")


def test_what_a_killed_process_left_is_removed(pack, folder, names):
    (folder / ".set.unpacking/unpacked/set").mkdir(parents=True)
    (folder / ".set.unpacking/unpacked/set/half").touch()
    unpack(pack(("set/a", b"one")), folder, SET)
    assert names(folder) == ["set"]
    assert names(folder / "set") == [".gantool-files.json", "a"]


def test_an_older_folder_is_replaced_by_the_whole_new_one(pack, folder, names, refused):
    (folder / "set").mkdir()
    (folder / "set/old").touch()
    refused(pack(("set/a", b"one"), ("../x", b"bad")))
    assert names(folder / "set") == ["old"]
    unpack(pack(("set/a", b"one")), folder, SET)
    assert names(folder / "set") == [".gantool-files.json", "a"]
    assert names(folder) == ["set"]


def test_whether_a_folder_is_whole(pack, folder):
    whole = folder / "set"
    assert not is_unpacked(whole)
    unpack(pack(("set/a", b"one"), ("set/deep/b", b"two")), folder, SET)
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
    unpack(pack(("set/a", b"one"), ("set/deep/b", b"two")), folder, SET)
    other = tmp_path / "other"
    other.mkdir()
    copy_unpacked(folder / "set", other)
    assert names(other) == ["set"]
    assert is_unpacked(other / "set")
    assert (other / "set/deep/b").read_bytes() == b"two"


@pytest.mark.parametrize("name", ["set/" + "a/" * 12 + "x", "set/" + "n" * 256])
def test_a_member_that_lies_too_deep_is_refused(pack, refused, name):
    assert refused(pack((name, b"x"))) == (
        f"refused, because {name!r} in it lies too deep, or has too long a name"
    )


def test_a_negative_size_is_refused(pack, refused):
    info = tarfile.TarInfo("set/x")
    info.pax_headers = {"size": "-512"}
    assert refused(pack((info, b"bad"), ("set/y", b"good"))) == (
        "refused, because 'set/x' in it has a negative size"
    )


@pytest.mark.parametrize("first", [True, False])
def test_headers_that_tarfile_trips_over(pack, refused, first):
    info = tarfile.TarInfo("set/x")
    info.pax_headers = {"GNU.sparse.map": "1e9"}
    before = [] if first else [("set/a", b"good")]
    assert refused(pack(*before, (info, b"bad"))).startswith(
        "damaged, or not a tar archive (invalid literal"
    )


def test_nothing_is_looked_for_behind_the_end(pack, refused):
    """A sparse file of no bytes that a terabyte is stored for: tarfile would skip all of it."""
    sparse = member("set/x", tarfile.GNUTYPE_SPARSE, size=1 << 40)
    archive = pack((sparse, None), ("set/y", b"y"), form=tarfile.GNU_FORMAT)
    assert refused(archive) == "damaged, or not a tar archive (it ends within a member)"
