from __future__ import annotations

import gzip
import hashlib
import io
import shutil
import tarfile
import threading

import pytest

from gantool.data import catalogue
from gantool.data.catalogue import CATALOGUE
from gantool.data.download import Placed, install, place
from gantool.data.download.install import alone_in
from gantool.data.download.verify import is_right
from gantool.errors import GantoolError, InputError

CONTENT = bytes(range(256)) * 1000
SERVED = gzip.compress(CONTENT, mtime=0)
OTHERWISE = gzip.compress(CONTENT, 1, mtime=7)
SECOND = b"not really a zip"


@pytest.fixture(autouse=True)
def toy(catalogued, entry):
    """A set of two files without a mirror."""
    return catalogued(
        "toy",
        entry("a.gz", SERVED, content_sha256=hashlib.sha256(CONTENT).hexdigest()),
        entry("b.zip", SECOND),
    )


def packed(**files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(f"pictures/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


PACKED = packed(a=b"first", b=b"second")


@pytest.fixture
def album(catalogued, entry, server):
    """A set of one archive, with a mirror."""
    url = server.serve("/album.tgz", server.parts(PACKED))
    return catalogued(
        "album",
        entry("album.tgz", PACKED, unpacked="pictures", mirrors=(url,)),
        images="pictures",
        form="folder",
    )


def put(place_, first=SERVED, second=SECOND):
    folder = place_ / "toy"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.gz").write_bytes(first)
    (folder / "b.zip").write_bytes(second)
    return folder


def serve(server, first=SERVED):
    server.serve("/toy/a.gz", server.parts(first))
    server.serve("/toy/b.zip", server.parts(SECOND))
    return f"{server.url}/toy"


def failing(name="toy", *arguments, kind=GantoolError, **keys):
    with pytest.raises(kind) as caught:
        place(name, *arguments, **keys)
    assert caught.value.exit_code == (2 if kind is InputError else 1)
    return str(caught.value)


# Without a network.


def test_what_is_there_and_right_stays(tmp_path):
    folder = put(tmp_path / "sets")
    assert place("toy") == Placed(folder)


def test_another_compression_of_the_right_content_is_right(tmp_path):
    assert OTHERWISE != SERVED
    folder = put(tmp_path / "sets", OTHERWISE)
    assert place("toy") == Placed(folder)
    assert (folder / "a.gz").read_bytes() == OTHERWISE


@pytest.mark.parametrize(
    "wrong",
    [b"", SERVED[:-20], SERVED[:500] + b"!!" + SERVED[502:], gzip.compress(b"else", mtime=0)],
)
def test_a_wrong_file_is_not_right(toy, tmp_path, wrong):
    folder = put(tmp_path, wrong)
    assert not is_right(folder / "a.gz", toy.files[0])
    assert not is_right(folder / "missing", toy.files[0])


def test_digest_and_size_count(tmp_path, entry):
    path = tmp_path / "x"
    path.write_bytes(b"content")
    assert is_right(path, entry("x", b"content"))
    for wrong in ({"sha256": "0" * 64}, {"size": 8}):
        assert not is_right(path, entry("x", b"content", **wrong))


def test_a_copy_elsewhere_serves(tmp_path, names):
    users = put(tmp_path / "share/gantool", OTHERWISE)
    folder = tmp_path / "sets/toy"
    assert place("toy") == Placed(folder, (f"copied from {users}",))
    assert names(folder) == ["a.gz", "b.zip"]
    assert (folder / "a.gz").read_bytes() == OTHERWISE


def test_a_damaged_copy_elsewhere_does_not(tmp_path, names):
    put(tmp_path / "share/gantool", SERVED[:-1])
    assert failing() == (
        "the data set toy comes with gantool's repository and has no mirror: run this in a clone"
        " of the repository, or set GANTOOL_DATA to the clone's data folder"
    )
    assert names(tmp_path / "sets") == []


def test_the_target_is_the_first_place_that_exists(monkeypatch, tmp_path):
    put(tmp_path / "clone/data")
    (tmp_path / "clone/pyproject.toml").touch()
    monkeypatch.setattr(catalogue, "__file__", str(tmp_path / "clone/gantool/data/catalogue/x.py"))
    monkeypatch.delenv("GANTOOL_DATA")
    assert place("toy").path == tmp_path / "share/gantool/toy"
    (tmp_path / "here/data").mkdir()
    assert place("toy").path == tmp_path / "here/data/toy"
    monkeypatch.chdir(tmp_path / "clone")
    assert place("toy") == Placed(tmp_path / "clone/data/toy")


def test_the_copies_of_the_repository_are_right(real_data):
    for name in ("mnist", "emoji"):
        for file in CATALOGUE[name].files:
            assert is_right(real_data / name / file.name, file)


def test_an_unknown_name():
    assert failing("mnits", kind=InputError) == (
        "no data set 'mnits' in the catalogue (celeba, cifar10, cifar100, emoji, fashion-mnist,"
        " flowers102, kmnist, lfw, mnist, toy, inception); did you mean 'mnist'?"
    )


def test_a_folder_that_cannot_be_made(monkeypatch, tmp_path):
    put(tmp_path / "share/gantool")
    (tmp_path / "file").touch()
    monkeypatch.setenv("GANTOOL_DATA", str(tmp_path / "file"))
    assert failing(kind=InputError) == (
        f"cannot write into {tmp_path}/file/toy: Not a directory;"
        " set GANTOOL_DATA to a folder that can be written"
    )


def test_a_full_disk_is_no_wrong_input(monkeypatch, tmp_path, names):
    put(tmp_path / "share/gantool")

    def copyfile(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(install.shutil, "copyfile", copyfile)
    assert failing() == f"cannot write into {tmp_path}/sets/toy: No space left on device"
    assert names(tmp_path / "sets/toy") == []


# From a server.


def test_a_download(server, tmp_path, names):
    told = []
    mirror = serve(server)
    placed = place("toy", mirror, progress=lambda *news: told.append(news))
    assert placed == Placed(tmp_path / "sets/toy", (f"downloaded from {mirror}/",))
    assert names(placed.path) == ["a.gz", "b.zip"]
    assert (placed.path / "a.gz").read_bytes() == SERVED
    (tmp_path / "new").touch()
    assert (placed.path / "a.gz").stat().st_mode == (tmp_path / "new").stat().st_mode
    assert told[-1] == (16, 16, "b.zip")
    assert (len(SERVED), len(SERVED), "a.gz") in told
    assert [request.path for request in server.requests] == ["/toy/a.gz", "/toy/b.zip"]


def test_a_mirror_that_is_named_comes_before_a_copy(server, tmp_path):
    put(tmp_path / "share/gantool")
    mirror = serve(server)
    assert place("toy", mirror).steps == (f"downloaded from {mirror}/",)


def test_only_what_is_wrong_or_missing_is_fetched(server, tmp_path):
    put(tmp_path / "sets", SERVED[:-1])
    place("toy", serve(server) + "/")
    assert [request.path for request in server.requests] == ["/toy/a.gz"]
    assert (tmp_path / "sets/toy/a.gz").read_bytes() == SERVED


def test_the_catalogue_names_mirrors_of_each_file(catalogued, entry, server, names):
    noticed = []
    bad, good = server.serve("/1", server.whole(b"bad")), server.serve("/2", server.parts(b"good"))
    catalogued("toy", entry("x", b"good", mirrors=(bad, good)))
    placed = place("toy", notice=noticed.append)
    assert placed.steps == (f"downloaded from {good}",)
    assert names(placed.path) == ["x"]
    assert [line.partition(": ")[0] for line in noticed] == [bad]


def test_a_wrong_file_does_not_replace_what_is_there(server, tmp_path, names):
    put(tmp_path / "sets", b"old")
    failing("toy", serve(server, b"wrong"))
    assert (tmp_path / "sets/toy/a.gz").read_bytes() == b"old"
    assert names(tmp_path / "sets/toy") == ["a.gz", "b.zip"]


def test_what_broke_off_is_of_use_to_the_next_call(server, tmp_path, names):
    mirror = serve(server)
    server.serve("/toy/b.zip", server.cut(SECOND, 5))
    assert "the connection broke off after 5 bytes" in failing("toy", mirror)
    assert names(tmp_path / "sets/toy") == [".b.zip.part", "a.gz"]
    server.serve("/toy/b.zip", server.parts(SECOND))
    server.requests.clear()
    place("toy", mirror)
    assert [(request.path, request.range) for request in server.requests] == [
        ("/toy/b.zip", "bytes=5-")
    ]
    assert names(tmp_path / "sets/toy") == ["a.gz", "b.zip"]


def test_threads_at_once_download_once(server, tmp_path, names):
    mirror = serve(server)
    noticed = []
    threads = [
        threading.Thread(target=place, args=("toy", mirror), kwargs={"notice": noticed.append})
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names(tmp_path / "sets/toy") == ["a.gz", "b.zip"]
    assert place("toy") == Placed(tmp_path / "sets/toy")
    assert sorted(request.path for request in server.requests) == ["/toy/a.gz", "/toy/b.zip"]
    assert set(noticed) <= {f"another process fills {tmp_path}/sets/toy; waiting for its end"}


# Files that the user has.


def test_a_given_file_is_copied_and_the_rest_downloaded(server, tmp_path, names):
    mirror = serve(server)
    mine = tmp_path / "mine/b.zip"
    mine.parent.mkdir()
    mine.write_bytes(SECOND)
    mine.chmod(0o400)
    before = mine.stat()
    placed = place("toy", mirror, [mine])
    assert placed.steps == (f"copied from {mine.parent}", f"downloaded from {mirror}/")
    assert names(placed.path) == ["a.gz", "b.zip"]
    assert [request.path for request in server.requests] == ["/toy/a.gz"]
    assert mine.stat() == before
    assert (placed.path / "b.zip").stat().st_ino != before.st_ino
    assert (placed.path / "b.zip").stat().st_mode & 0o200


def test_a_given_file_is_known_by_what_it_holds(tmp_path):
    first, second = tmp_path / "b.zip", tmp_path / "whatever"
    first.write_bytes(OTHERWISE)
    second.write_bytes(SECOND)
    placed = place("toy", given=[first, second])
    assert placed.steps == (f"copied from {first}", f"copied from {second}")
    assert (placed.path / "a.gz").read_bytes() == OTHERWISE
    assert (placed.path / "b.zip").read_bytes() == SECOND


def test_a_given_file_makes_an_earlier_download_of_it_useless(server, tmp_path, names):
    mirror = serve(server)
    server.serve("/toy/b.zip", server.cut(SECOND, 5))
    failing("toy", mirror)
    mine = tmp_path / "b.zip"
    mine.write_bytes(SECOND)
    assert names(place("toy", mirror, [mine]).path) == ["a.gz", "b.zip"]


def test_a_given_file_comes_before_a_copy(tmp_path):
    users = put(tmp_path / "share/gantool", OTHERWISE)
    mine = tmp_path / "a.gz"
    mine.write_bytes(SERVED)
    placed = place("toy", given=[mine])
    assert placed.steps == (f"copied from {tmp_path}", f"copied from {users}")
    assert (placed.path / "a.gz").read_bytes() == SERVED


def test_given_files_are_placed_before_a_mirror_fails(server, tmp_path, names):
    mine = tmp_path / "b.zip"
    mine.write_bytes(SECOND)
    failing("toy", f"{server.url}/nowhere", [mine])
    assert names(tmp_path / "sets/toy") == ["b.zip"]


def test_another_version_is_refused(tmp_path, names):
    mine = tmp_path / "b.zip"
    mine.write_bytes(b"another")
    right = hashlib.sha256(SECOND).hexdigest()
    assert failing("toy", None, [mine], kind=InputError) == (
        f"--from-file {mine}: not the b.zip of the catalogue: it has 7 bytes, SHA-256"
        f" {hashlib.sha256(b'another').hexdigest()}, and 16 bytes, SHA-256 {right} are expected;"
        " get it again, or leave --from-file out to download it. Images of another version are"
        f" trained on by their path: data.source: {mine}"
    )
    assert names(tmp_path / "sets") == []
    assert mine.read_bytes() == b"another"


def test_another_version_is_refused_even_where_the_set_is_there(tmp_path):
    put(tmp_path / "sets")
    mine = tmp_path / "b.zip"
    mine.write_bytes(b"another")
    failing("toy", None, [mine], kind=InputError)


def test_another_name_of_the_only_file(catalogued, entry, tmp_path):
    catalogued("one", entry("x.zip", b"right"))
    mine = tmp_path / "renamed"
    mine.write_bytes(b"wrong")
    assert (
        f"not the x.zip of the catalogue: it has 5 bytes, SHA-256"
        f" {hashlib.sha256(b'wrong').hexdigest()}, and 5 bytes, SHA-256"
        f" {hashlib.sha256(b'right').hexdigest()} are expected"
    ) in failing("one", None, [mine], kind=InputError)


def test_a_file_of_no_name_of_the_set(tmp_path):
    mine = tmp_path / "holiday.zip"
    mine.write_bytes(b"another")
    assert failing("toy", None, [mine], kind=InputError) == (
        f"--from-file {mine}: neither its name nor its digest is that of a file of toy (a.gz,"
        " b.zip); get it again, or leave --from-file out to download it. Images of another version"
        f" are trained on by their path: data.source: {mine}"
    )


def test_a_given_file_that_is_none(tmp_path):
    mine = tmp_path / "nothing"
    message = failing("toy", None, [mine], kind=InputError)
    assert message == f"--from-file {mine}: cannot be read: No such file or directory"


@pytest.mark.parametrize("page", [b"<!DOCTYPE html><title>A  page</title>", b"\n<HTML>"])
def test_a_web_page_that_was_saved_as_the_file(tmp_path, page):
    mine = tmp_path / "b.zip"
    mine.write_bytes(page)
    named = " ('A page')" if b"title" in page else ""
    assert failing("toy", None, [mine], kind=InputError) == (
        f"--from-file {mine}: a web page{named} came in place of the file: what was saved is the"
        " page, not the file; get it again"
    )
    assert not (tmp_path / "sets").exists()


def test_a_folder_of_the_files(tmp_path, names):
    mine = put(tmp_path / "mine")
    (mine / "more.txt").touch()
    placed = place("toy", given=[mine])
    assert placed.steps == (f"copied from {mine}",)
    assert names(placed.path) == ["a.gz", "b.zip"]


def test_a_folder_of_something_else(tmp_path, catalogued, entry):
    mine = put(tmp_path / "mine", b"else", b"else")
    told = (
        f"--from-file {mine}: a folder in which no file of toy is (a.gz, b.zip); the catalogue"
        " knows digests of these, not of what was unpacked from them. It is trained on by its path:"
        f" data.source: {mine}"
    )
    assert failing("toy", None, [mine], kind=InputError) == told
    catalogued("toy", entry("a.gz", SERVED), entry("b.zip", SECOND), crop=(108, 108))
    assert failing("toy", None, [mine], kind=InputError) == f"{told}, data.crop: [108, 108]"
    assert not (tmp_path / "sets").exists()


def test_a_failure_leaves_no_empty_folder(server, tmp_path):
    failing("toy", f"{server.url}/nowhere")
    assert not (tmp_path / "sets").exists()
    (tmp_path / "sets").mkdir()
    failing("toy", f"{server.url}/nowhere")
    assert list((tmp_path / "sets").iterdir()) == []


@pytest.mark.usefixtures("album")
def test_a_folder_that_was_unpacked_here_once(tmp_path, server):
    placed = place("album")
    shutil.move(placed.path, tmp_path / "elsewhere")
    server.requests.clear()
    for mine in (tmp_path / "elsewhere", tmp_path / "elsewhere/pictures"):
        assert pictures(place("album", given=[mine]).path) == {"a": b"first", "b": b"second"}
        shutil.rmtree(placed.path)
    assert server.requests == []


def test_two_files_for_one(tmp_path):
    mine = [tmp_path / "one", tmp_path / "two"]
    for path in mine:
        path.write_bytes(SECOND)
    assert failing("toy", None, mine, kind=InputError) == (
        f"--from-file: both {mine[0]} and {mine[1]} are b.zip; name one of them"
    )


def test_a_file_that_changes_while_it_is_copied(tmp_path, monkeypatch, names):
    put(tmp_path / "share/gantool")
    copyfile = shutil.copyfile

    def changing(origin, target):
        copyfile(origin, target)
        target.write_bytes(b"changed")

    monkeypatch.setattr(install.shutil, "copyfile", changing)
    origin = tmp_path / "share/gantool/toy/a.gz"
    assert failing() == f"{origin}: changed while it was copied; try again"
    assert names(tmp_path / "sets/toy") == []


# Archives.


def pictures(folder):
    return {
        path.name: path.read_bytes()
        for path in (folder / "pictures").iterdir()
        if not path.name.startswith(".")
    }


@pytest.mark.usefixtures("album")
def test_an_archive_is_unpacked_and_not_kept(server, tmp_path, names):
    noticed = []
    placed = place("album", notice=noticed.append)
    assert placed == Placed(tmp_path / "sets/album", (f"downloaded from {server.url}/",))
    assert names(placed.path) == ["pictures"]
    assert pictures(placed.path) == {"a": b"first", "b": b"second"}
    assert noticed == ["unpacking album.tgz"]
    assert place("album") == Placed(placed.path)
    assert len(server.requests) == 1


@pytest.mark.usefixtures("album")
def test_an_unpacked_folder_that_lost_a_file_is_brought_again(server):
    placed = place("album")
    (placed.path / "pictures/a").unlink()
    assert place("album") == placed
    assert pictures(placed.path) == {"a": b"first", "b": b"second"}
    assert len(server.requests) == 2


@pytest.mark.usefixtures("album")
def test_an_archive_that_lies_in_the_folder_is_unpacked_and_kept(server, tmp_path, names):
    folder = tmp_path / "sets/album"
    folder.mkdir(parents=True)
    (folder / "album.tgz").write_bytes(PACKED)
    assert place("album") == Placed(folder, (f"unpacked from {folder}/album.tgz",))
    assert names(folder) == ["album.tgz", "pictures"]
    assert server.requests == []


@pytest.mark.usefixtures("album")
def test_a_given_archive_is_unpacked(server, tmp_path, names):
    mine = tmp_path / "mine.tgz"
    mine.write_bytes(PACKED)
    placed = place("album", given=[mine])
    assert placed.steps == (f"unpacked from {mine}",)
    assert names(placed.path) == ["pictures"]
    assert mine.read_bytes() == PACKED
    assert server.requests == []


@pytest.mark.usefixtures("album")
def test_an_unpacked_copy_elsewhere_serves(server, tmp_path, monkeypatch):
    first = place("album").path
    monkeypatch.setenv("GANTOOL_DATA", str(tmp_path / "new"))
    (tmp_path / "share/gantool").mkdir(parents=True)
    first.rename(tmp_path / "share/gantool/album")
    placed = place("album")
    assert placed == Placed(
        tmp_path / "new/album", (f"copied from {tmp_path}/share/gantool/album",)
    )
    assert pictures(placed.path) == {"a": b"first", "b": b"second"}
    assert len(server.requests) == 1


def test_an_archive_that_is_not_safe_leaves_nothing_unpacked(
    catalogued, entry, server, tmp_path, names
):
    bad = packed(**{"good": b"", "../../../evil": b"bad"})
    url = server.serve("/bad.tgz", server.parts(bad))
    file = entry("bad.tgz", bad, unpacked="pictures", mirrors=(url,))
    catalogued("bad", file, images="pictures")
    message = failing("bad")
    assert message == (
        f"{tmp_path}/sets/bad/.bad.tgz.part: cannot be unpacked ('pictures/../../../evil' would be"
        f" extracted to '{tmp_path}/sets/bad/evil', which is outside the destination)"
    )
    assert names(tmp_path / "sets/bad") == [".bad.tgz.part"]
    assert names(tmp_path) == ["here", "sets"]
    assert failing("bad") == message
    assert len(server.requests) == 1


# One process at a time.


def quiet(_line):
    raise AssertionError("nobody is waited for")


def test_nobody_waits_for_one_who_is_alone(tmp_path, names):
    for _ in range(2):
        with alone_in(tmp_path, quiet):
            assert ".lock" in names(tmp_path)
        assert ".lock" not in names(tmp_path)


def test_the_lock_is_given_back_when_the_block_fails(tmp_path):
    with pytest.raises(KeyError), alone_in(tmp_path, quiet):
        raise KeyError
    with alone_in(tmp_path, quiet):
        pass


def test_one_after_the_other(tmp_path):
    """The file of the lock is removed under those who wait: they must not take it for theirs."""
    came, lines = [], []
    waiting, entered, ends = threading.Semaphore(0), threading.Event(), threading.Event()

    def notice(line):
        lines.append(line)
        waiting.release()

    def enter(name):
        with alone_in(tmp_path, notice):
            came.append(name)
            entered.set()
            assert ends.wait(10)
            came.append(f"{name} leaves")

    threads = [threading.Thread(target=enter, args=(name,)) for name in ("second", "third")]
    with alone_in(tmp_path, quiet):
        threads[0].start()
        assert waiting.acquire(timeout=10)
    assert entered.wait(10)
    threads[1].start()
    assert waiting.acquire(timeout=10)
    ends.set()
    for thread in threads:
        thread.join(10)
    assert came == ["second", "second leaves", "third", "third leaves"]
    assert lines == [f"another process fills {tmp_path}; waiting for its end"] * 2


def test_a_folder_that_is_missing(tmp_path):
    with pytest.raises(OSError, match="No such file"), alone_in(tmp_path / "none", quiet):
        pass
