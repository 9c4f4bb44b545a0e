from __future__ import annotations

import gzip
import hashlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gantool.data import catalogue, download
from gantool.data.catalogue import CATALOGUE, CatalogueFile, DataSet
from gantool.errors import GantoolError, InputError

CONTENT = bytes(range(256)) * 1000
SERVED = gzip.compress(CONTENT, mtime=0)
OTHERWISE = gzip.compress(CONTENT, 1, mtime=7)


def md5(data):
    return hashlib.md5(data).hexdigest()


TOY = DataSet(
    name="toy",
    files=(
        CatalogueFile("a.gz", md5=md5(SERVED), content_md5=md5(CONTENT)),
        CatalogueFile("b.zip", md5=md5(b"not really a zip")),
    ),
    images="a.gz",
)


class Handler(BaseHTTPRequestHandler):
    """Serves what the test put into `server.answers`: path → (status, headers, body)."""

    def do_GET(self):
        self.server.asked.append(self.path)
        status, headers, body = self.server.answers.get(self.path, (404, {}, b""))
        if isinstance(status, list):
            status = status.pop(0)
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.answers, server.asked = {}, []
        server.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    """A toy set in the catalogue, no checkout, and all places inside the test's folder."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("GANTOOL_DATA", str(tmp_path / "sets"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setattr(catalogue, "__file__", str(tmp_path / "site-packages/gantool/data/x.py"))
    monkeypatch.setitem(CATALOGUE, "toy", TOY)
    monkeypatch.setattr(download, "RETRY", download.RETRY.new(backoff_factor=0.01))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def put(place, first=SERVED, second=b"not really a zip"):
    folder = place / "toy"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.gz").write_bytes(first)
    (folder / "b.zip").write_bytes(second)
    return folder


def serve(server, first=SERVED, status=200, **headers):
    server.answers["/toy/a.gz"] = (status, headers, first)
    server.answers["/toy/b.zip"] = (200, {}, b"not really a zip")
    return f"{server.url}/toy"


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def failing(mirror, kind=GantoolError):
    with pytest.raises(kind) as caught:
        download.place("toy", mirror)
    assert "\n" not in str(caught.value)
    return caught.value


# Without a network.


def test_what_is_there_and_right_stays(tmp_path):
    folder = put(tmp_path / "sets")
    assert download.place("toy") == download.Placed(folder, "present")


def test_another_compression_of_the_right_content_is_right(tmp_path):
    assert OTHERWISE != SERVED
    folder = put(tmp_path / "sets", OTHERWISE)
    assert download.place("toy") == download.Placed(folder, "present")
    assert (folder / "a.gz").read_bytes() == OTHERWISE


@pytest.mark.parametrize(
    "wrong", [b"", SERVED[:-20], SERVED[:500] + b"!!" + SERVED[502:], gzip.compress(b"else")]
)
def test_a_wrong_file_is_not_right(tmp_path, wrong):
    folder = put(tmp_path, wrong)
    assert not download.is_right(folder / "a.gz", TOY.files[0])
    assert not download.is_right(folder / "missing", TOY.files[0])


def test_a_copy_elsewhere_serves(tmp_path):
    users = put(tmp_path / "share/gantool", OTHERWISE)
    folder = tmp_path / "sets/toy"
    assert download.place("toy") == download.Placed(folder, "copied", str(users))
    assert names(folder) == ["a.gz", "b.zip"]
    assert (folder / "a.gz").read_bytes() == OTHERWISE


def test_a_damaged_copy_elsewhere_does_not(tmp_path):
    put(tmp_path / "share/gantool", SERVED[:-1])
    error = failing(None)
    assert str(error).startswith(
        "the data set toy comes with gantool's repository and has no mirror"
    )
    assert names(tmp_path / "sets") == []


def test_the_target_is_the_first_place_that_exists(monkeypatch, tmp_path):
    put(tmp_path / "clone/data")
    (tmp_path / "clone/pyproject.toml").touch()
    monkeypatch.setattr(catalogue, "__file__", str(tmp_path / "clone/gantool/data/x.py"))
    monkeypatch.delenv("GANTOOL_DATA")
    assert download.place("toy").path == tmp_path / "share/gantool/toy"
    (tmp_path / "here/data").mkdir()
    assert download.place("toy").path == tmp_path / "here/data/toy"
    monkeypatch.chdir(tmp_path / "clone")
    assert download.place("toy") == download.Placed(tmp_path / "clone/data/toy", "present")


def test_the_repository_copy_of_mnist_is_right(real_data):
    for file in CATALOGUE["mnist"].files:
        assert download.is_right(real_data / "mnist" / file.name, file)
    for file in CATALOGUE["emoji"].files:
        assert download.is_right(real_data / "emoji" / file.name, file)


def test_an_unknown_name():
    with pytest.raises(InputError) as caught:
        download.place("mnits")
    assert str(caught.value) == (
        "no data set 'mnits' in the catalogue (emoji, mnist, toy); did you mean 'mnist'?"
    )


def test_a_folder_that_cannot_be_made(monkeypatch, tmp_path):
    put(tmp_path / "share/gantool")
    (tmp_path / "file").touch()
    monkeypatch.setenv("GANTOOL_DATA", str(tmp_path / "file"))
    assert str(failing(None, InputError)) == (
        f"cannot write into {tmp_path}/file/toy: Not a directory;"
        " set GANTOOL_DATA to a folder that can be written"
    )


def test_a_full_disk_is_no_wrong_input(monkeypatch, tmp_path):
    put(tmp_path / "share/gantool")

    def copyfile(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(download.shutil, "copyfile", copyfile)
    error = failing(None)
    assert error.exit_code == 1
    assert str(error) == f"cannot write into {tmp_path}/sets/toy: No space left on device"
    assert names(tmp_path / "sets/toy") == []


# From a server.


def test_a_download(server, tmp_path):
    told = []
    mirror = serve(server)
    placed = download.place("toy", mirror, lambda *news: told.append(news))
    assert placed == download.Placed(tmp_path / "sets/toy", "downloaded", mirror)
    assert names(placed.path) == ["a.gz", "b.zip"]
    assert (placed.path / "a.gz").read_bytes() == SERVED
    assert told[-2:] == [(len(SERVED), len(SERVED), "a.gz"), (16, 16, "b.zip")]
    assert server.asked == ["/toy/a.gz", "/toy/b.zip"]


def test_only_what_is_wrong_or_missing_is_fetched(server, tmp_path):
    put(tmp_path / "sets", SERVED[:-1])
    assert download.place("toy", serve(server)).how == "downloaded"
    assert server.asked == ["/toy/a.gz"]
    assert (tmp_path / "sets/toy/a.gz").read_bytes() == SERVED


def test_the_catalogue_names_the_mirror(server, monkeypatch):
    mirrored = DataSet("toy", TOY.files, "a.gz", serve(server) + "/")
    monkeypatch.setitem(CATALOGUE, "toy", mirrored)
    assert download.place("toy").how == "downloaded"


def test_a_mirror_may_compress_otherwise(server):
    assert download.place("toy", serve(server, OTHERWISE)).how == "downloaded"


def test_the_length_may_be_unknown(server):
    told = []
    mirror = serve(server, **{"Content-Length": None})
    download.place("toy", mirror, lambda *news: told.append(news))
    assert (len(SERVED), None, "a.gz") in told


def test_a_gzip_file_is_not_unpacked_on_the_way(server, tmp_path):
    class Careless(Handler):
        def do_GET(self):
            assert self.headers["Accept-Encoding"] == "identity"
            super().do_GET()

    server.RequestHandlerClass = Careless
    download.place("toy", serve(server))
    assert (tmp_path / "sets/toy/a.gz").read_bytes() == SERVED


def test_another_file_comes(server, tmp_path):
    page = b"<html>quota exceeded</html>"
    mirror = serve(server, page)
    error = failing(mirror)
    assert error.exit_code == 1
    assert str(error) == (
        f"{mirror}/a.gz: what came (27 bytes, MD5 {md5(page)}) is not the a.gz of the catalogue;"
        " name another mirror with --mirror"
    )
    assert names(tmp_path / "sets/toy") == []


def test_a_wrong_file_does_not_replace_what_is_there(server, tmp_path):
    put(tmp_path / "sets", b"old")
    failing(serve(server, b"wrong"))
    assert (tmp_path / "sets/toy/a.gz").read_bytes() == b"old"
    assert names(tmp_path / "sets/toy") == ["a.gz", "b.zip"]


def test_not_found(server):
    mirror = f"{server.url}/nowhere"
    assert str(failing(mirror)) == (
        f"cannot download {mirror}/a.gz: the server answered 404 Not Found;"
        " try again, or name another mirror with --mirror"
    )


def test_a_busy_server_is_asked_again(server):
    mirror = serve(server, status=[503, 503, 200])
    assert download.place("toy", mirror).how == "downloaded"
    assert server.asked.count("/toy/a.gz") == 3


def test_a_server_that_stays_busy(server):
    mirror = serve(server, status=503)
    assert "the server answered 503 Service Unavailable" in str(failing(mirror))


def test_a_connection_that_breaks_off(server, tmp_path):
    mirror = serve(server, SERVED[:1000], **{"Content-Length": str(len(SERVED))})
    assert "/toy/a.gz: the connection broke off after " in str(failing(mirror))
    assert names(tmp_path / "sets/toy") == []


def test_a_server_that_stalls(server, monkeypatch):
    release = threading.Event()

    class Stalling(Handler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"abc")
            self.wfile.flush()
            release.wait(10)

    server.RequestHandlerClass = Stalling
    monkeypatch.setattr(download, "TIMEOUTS", (1.0, 0.2))
    try:
        assert "no answer for 0 seconds" in str(failing(server.url))
    finally:
        release.set()


def test_nobody_listens():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        mirror = f"http://127.0.0.1:{free.getsockname()[1]}"
    assert str(failing(mirror)) == (
        f"cannot download {mirror}/a.gz: no connection (Connection refused);"
        " try again, or name another mirror with --mirror"
    )


def test_an_address_that_is_none():
    assert "cannot download nonsense/a.gz: Invalid URL" in str(failing("nonsense"))


def test_two_at_once_do_not_trample_each_other(server, tmp_path):
    mirror = serve(server)
    threads = [threading.Thread(target=download.place, args=("toy", mirror)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names(tmp_path / "sets/toy") == ["a.gz", "b.zip"]
    assert download.place("toy").how == "present"
