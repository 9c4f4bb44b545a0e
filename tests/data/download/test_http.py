"""Downloads of one file, from a real server on this machine that fails in every way."""

from __future__ import annotations

import gzip
import hashlib
import random
import re
import socket

import pytest

from gantool.data.download import http
from gantool.data.download.http import fetch, session
from gantool.errors import GantoolError

CONTENT = random.Random(0).randbytes(300_000)
OTHER = random.Random(1).randbytes(300_000)
WAY_OUT = (
    "try again, name another mirror with --mirror, or get the file by other means and hand it over"
    " with --from-file f.bin"
)
QUOTA = (
    b"<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title></head><body>Sorry,"
    b" you can&#39;t view or download this file at this time. Too many users have viewed or"
    b" downloaded this file recently.</body></html>"
)
VIRUS = (
    b"<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title></head><body>"
    b'<form id="download-form"></form></body></html>'
)


@pytest.fixture
def file(entry):
    return entry("f.bin", CONTENT)


@pytest.fixture
def partial(tmp_path):
    return tmp_path / ".f.bin.part"


@pytest.fixture
def told():
    return []


@pytest.fixture
def noticed():
    return []


@pytest.fixture
def get(file, partial, told, noticed):
    def run(*urls, file=file):
        with session() as opened:
            return fetch(
                opened, urls, file, partial, lambda *news: told.append(news), noticed.append
            )

    return run


@pytest.fixture
def fail(get):
    def run(*urls, **keys):
        with pytest.raises(GantoolError) as caught:
            get(*urls, **keys)
        assert caught.value.exit_code == 1
        return str(caught.value)

    return run


@pytest.fixture
def left(tmp_path, names):
    """The names in the folder, without those of the test's own folders."""
    return lambda: [name for name in names(tmp_path) if name != "here"]


def before(partial, content):
    """What a run that broke off has left."""
    partial.write_bytes(content)


def test_a_download(server, get, partial, told, noticed):
    url = server.serve("/f", server.whole(CONTENT))
    assert get(url) == url
    assert partial.read_bytes() == CONTENT
    assert told[0] == (0, 300_000, "f.bin")
    assert told[-1] == (300_000, 300_000, "f.bin")
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
    assert [tuple(request) for request in server.requests] == [("/f", None, "identity")]
    assert noticed == []


def test_what_broke_off_is_gone_on_with(server, get, partial, told):
    url = server.serve(
        "/f",
        server.cut(CONTENT, 100_000),
        server.cut(CONTENT, 170_001),
        server.parts(CONTENT),
    )
    get(url)
    assert partial.read_bytes() == CONTENT
    assert server.asked("/f") == [None, "bytes=100000-", "bytes=170001-"]
    assert (170_001, 300_000, "f.bin") in told


def test_what_an_earlier_run_left_is_gone_on_with(server, get, partial, told):
    before(partial, CONTENT[:120_000])
    get(server.serve("/f", server.parts(CONTENT)))
    assert partial.read_bytes() == CONTENT
    assert server.asked("/f") == ["bytes=120000-"]
    assert told[0] == (120_000, 300_000, "f.bin")


def test_pieces_that_do_not_fit_together_are_fetched_anew(server, get, partial):
    before(partial, OTHER[:1000])
    get(server.serve("/f", server.parts(CONTENT)))
    assert server.asked("/f") == ["bytes=1000-", None]
    assert partial.read_bytes() == CONTENT


def test_a_file_that_changes_between_two_answers_is_fetched_anew(server, get, partial):
    get(server.serve("/f", server.cut(OTHER, 1000), server.parts(CONTENT)))
    assert server.asked("/f") == [None, "bytes=1000-", None]
    assert partial.read_bytes() == CONTENT


@pytest.mark.parametrize("size", [300_000, 300_001])
def test_a_wrong_beginning_that_is_long_enough_is_fetched_anew(server, get, partial, size):
    before(partial, (OTHER * 2)[:size])
    get(server.serve("/f", server.parts(CONTENT)))
    assert server.asked("/f") == [None]
    assert partial.read_bytes() == CONTENT


def test_what_is_complete_is_not_asked_for(get, partial, told):
    before(partial, CONTENT)
    assert get("http://127.0.0.1:9/f") == "http://127.0.0.1:9/f"
    assert told == []


def test_a_server_that_ignores_ranges_starts_over(server, get, partial, told):
    before(partial, OTHER[:1000])
    get(server.serve("/f", server.whole(CONTENT)))
    assert server.asked("/f") == ["bytes=1000-"]
    assert told[0] == (0, 300_000, "f.bin")
    assert partial.read_bytes() == CONTENT


@pytest.mark.parametrize("span", ["bytes 900-299999/300000", "bytes */300000", "nonsense", None])
def test_another_part_than_asked_for_is_not_used(server, get, partial, span):
    before(partial, CONTENT[:1000])
    headers = {"Content-Range": span}
    get(server.serve("/f", server.whole(CONTENT[900:], 206, **headers), server.whole(CONTENT)))
    assert server.asked("/f") == ["bytes=1000-", None]
    assert partial.read_bytes() == CONTENT


def test_no_more_than_there_is(server, get, partial, entry):
    """Status 416, where neither size nor server says that all is there."""
    file = entry("f.bin", CONTENT, content_sha256="0" * 64)
    before(partial, OTHER)
    get(server.serve("/f", server.parts(CONTENT)), file=file)
    assert server.asked("/f") == ["bytes=300000-", None]
    assert partial.read_bytes() == CONTENT


def test_no_more_on_this_server(server, fail, partial):
    """Status 416 of a server whose file is another one: what is there may still be of use."""
    before(partial, CONTENT[:1000])
    url = server.serve("/f", server.parts(b"short"))
    assert "the server answered 416 " in fail(url)
    assert partial.read_bytes() == CONTENT[:1000]


def test_a_server_that_always_breaks_off(server, fail, partial):
    url = server.serve("/f", server.cut(CONTENT, 1000))
    assert fail(url) == (
        f"cannot download {url}: the connection broke off after 1,000 bytes; {WAY_OUT}"
    )
    assert server.asked("/f") == [None, "bytes=1000-", "bytes=1000-"]
    assert partial.read_bytes() == CONTENT[:1000]


def test_a_server_that_breaks_off_now_and_then_is_asked_as_long_as_it_helps(
    server, get, partial, monkeypatch
):
    monkeypatch.setattr(http, "GAIN", 20_000)
    cuts = [server.cut(CONTENT, end) for end in range(20_000, 300_001, 20_000)]
    get(server.serve("/f", *cuts))
    assert len(server.requests) == 15 > http.BREAKS
    assert partial.read_bytes() == CONTENT


def test_a_server_that_stalls(server, fail, monkeypatch):
    monkeypatch.setattr(http, "TIMEOUTS", (1.0, 0.1))
    url = server.serve("/f", server.cut(CONTENT, 1000, stall=True))
    assert fail(url).startswith(f"cannot download {url}: no answer for 0.1 seconds after ")
    assert len(server.requests) == http.BREAKS


def test_a_server_that_does_not_begin(server, fail, left, monkeypatch):
    monkeypatch.setattr(http, "TIMEOUTS", (1.0, 0.1))
    monkeypatch.setattr(http, "RETRY", http.RETRY.new(total=0))
    url = server.serve("/f", lambda _handler: server.ends.wait(30))
    assert fail(url) == f"cannot download {url}: no answer for 0.1 seconds; {WAY_OUT}"
    assert left() == []


def test_a_server_that_announces_more(server, fail, left):
    url = server.serve("/f", server.whole(CONTENT, **{"Content-Length": "300001"}))
    assert fail(url) == (
        f"cannot download {url}: the server's file has 300,001 bytes, that of the catalogue"
        f" 300,000; {WAY_OUT}"
    )
    assert left() == []


def test_a_server_that_announces_less(server, fail, partial):
    before(partial, CONTENT[:1000])
    url = server.serve("/f", server.whole(CONTENT, **{"Content-Length": "299999"}))
    assert "the server's file has 299,999 bytes, that of the catalogue 300,000" in fail(url)
    assert partial.read_bytes() == CONTENT[:1000]


def test_a_part_of_a_file_of_another_size(server, fail, partial):
    before(partial, CONTENT[:1000])
    url = server.serve("/f", server.parts(CONTENT + b"!"))
    assert "the server's file has 300,001 bytes, that of the catalogue 300,000" in fail(url)
    assert partial.read_bytes() == CONTENT[:1000]


@pytest.mark.parametrize(("content", "size"), [(None, 300_000), ("0" * 64, None)])
def test_a_server_that_announces_nothing(server, get, partial, told, entry, content, size):
    url = server.serve("/f", server.whole(CONTENT, **{"Content-Length": None}))
    get(url, file=entry("f.bin", CONTENT, content_sha256=content))
    assert partial.read_bytes() == CONTENT
    assert told[-1] == (300_000, size, "f.bin")


def test_a_server_that_announces_nothing_and_ends_too_early(server, get, partial):
    url = server.serve(
        "/f",
        server.whole(CONTENT[:1000], **{"Content-Length": None}),
        server.parts(CONTENT),
    )
    get(url)
    assert server.asked("/f") == [None, "bytes=1000-"]
    assert partial.read_bytes() == CONTENT


def test_a_server_that_announces_nothing_and_always_ends_too_early(server, fail):
    url = server.serve("/f", server.whole(CONTENT[:1000], **{"Content-Length": None}))
    assert f"cannot download {url}: the connection broke off after 1,000 bytes" in fail(url)
    assert len(server.requests) == http.BREAKS


def test_a_server_that_sends_nothing(server, fail, left):
    url = server.serve("/f", server.whole(b"", **{"Content-Length": None}))
    assert "the connection broke off after 0 bytes" in fail(url)
    assert left() == []


def test_a_server_that_does_not_end(server, fail, left):
    url = server.serve("/f", server.whole(CONTENT + OTHER, **{"Content-Length": None}))
    assert fail(url) == (
        f"cannot download {url}: more than the 300,000 bytes expected came; {WAY_OUT}"
    )
    assert left() == []


def test_a_wrong_byte(server, fail, left):
    wrong = CONTENT[:150_000] + b"!" + CONTENT[150_001:]
    url = server.serve("/f", server.whole(wrong))
    digest = hashlib.sha256(wrong).hexdigest()
    assert fail(url) == (
        f"cannot download {url}: what came (300,000 bytes, SHA-256 {digest}) is not the"
        f" f.bin of the catalogue; {WAY_OUT}"
    )
    assert left() == []
    assert server.asked("/f") == [None]


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (
            QUOTA,
            "Google Drive sent a page in place of the file: the quota of downloads is spent, which"
            " may take 24 hours to pass",
        ),
        (
            b"\xef\xbb\xbf \n" + VIRUS,
            "a web page ('Google Drive - Virus scan warning') came in place of the file",
        ),
        (
            b"<HTML><title lang='en'>\n Hotel&amp;Spa   Wi-Fi </title>",
            "a web page ('Hotel&Spa Wi-Fi') came in place of the file",
        ),
        (b"<html>quota</html>", "a web page came in place of the file"),
    ],
)
def test_a_page_in_place_of_the_file(server, fail, partial, page, reason):
    before(partial, CONTENT[:1000])
    url = server.serve("/f", server.whole(page, **{"Content-Type": "text/html; charset=utf-8"}))
    assert fail(url) == f"cannot download {url}: {reason}; {WAY_OUT}"
    assert partial.read_bytes() == CONTENT[:1000]


@pytest.mark.parametrize("status", [404, 403, 204])
def test_a_server_that_refuses(server, fail, left, status):
    url = server.serve("/f", server.whole(b"", status))
    phrase = {404: "Not Found", 403: "Forbidden", 204: "No Content"}[status]
    assert fail(url) == f"cannot download {url}: the server answered {status} {phrase}; {WAY_OUT}"
    assert left() == []
    assert len(server.requests) == 1


def test_a_busy_server_is_asked_again(server, get):
    busy = server.whole(b"", 503, **{"Retry-After": "3600"})
    get(server.serve("/f", busy, busy, server.whole(CONTENT)))
    assert len(server.requests) == 3


def test_a_server_that_stays_busy(server, fail):
    url = server.serve("/f", server.whole(b"", 503))
    assert "the server answered 503 Service Unavailable" in fail(url)
    assert len(server.requests) == 1 + http.RETRY.total


def test_nobody_listens(fail):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/f"
    assert fail(url) == f"cannot download {url}: no connection (Connection refused); {WAY_OUT}"


def test_a_server_without_a_secure_connection(server, fail):
    url = server.url.replace("http:", "https:") + "/f"
    # The words are those of OpenSSL and differ from one version of it to the next.
    assert re.match(r"cannot download \S+: no connection \([\w ]+\); ", fail(url))


def test_an_address_that_is_none(fail):
    assert "cannot download nonsense/f: Invalid URL" in fail("nonsense/f")


def test_the_next_mirror_is_tried(server, get, partial, noticed):
    gone, wrong = server.url + "/gone", server.serve("/wrong", server.whole(OTHER))
    right = server.serve("/right", server.parts(CONTENT))
    assert get(gone, wrong, right) == right
    assert partial.read_bytes() == CONTENT
    assert noticed == [
        f"{gone}: the server answered 404 Not Found; trying {wrong}",
        f"{wrong}: what came (300,000 bytes, SHA-256 {hashlib.sha256(OTHER).hexdigest()}) is not"
        f" the f.bin of the catalogue; trying {right}",
    ]
    assert server.asked("/right") == [None]


def test_the_next_mirror_goes_on_where_the_first_broke_off(server, get, partial):
    first = server.serve("/first", server.cut(CONTENT, 200_000))
    get(first, server.serve("/second", server.parts(CONTENT)))
    assert server.asked("/second") == ["bytes=200000-"]
    assert partial.read_bytes() == CONTENT


def test_all_mirrors_fail(server, fail):
    first, second = server.serve("/first", server.whole(QUOTA)), server.url + "/second"
    assert fail(first, second) == (
        "cannot download f.bin; its 2 mirrors said:\n"
        f"  {first}: Google Drive sent a page in place of the file: the quota of downloads is"
        " spent, which may take 24 hours to pass\n"
        f"  {second}: the server answered 404 Not Found\n"
        f"{WAY_OUT}"
    )


def test_a_file_compressed_by_another_program(server, get, partial, entry, fail):
    content = bytes(range(256)) * 1000
    served, other = gzip.compress(content, 9, mtime=0), gzip.compress(content, 1, mtime=7)
    assert len(served) != len(other)
    file = entry("f.bin", served, content_sha256=hashlib.sha256(content).hexdigest())
    get(server.serve("/f", server.parts(other)), file=file)
    assert partial.read_bytes() == other
    get("http://127.0.0.1:9/f", file=file)  # it is complete: nobody is asked
    partial.unlink()
    endless = server.whole(b"\x1f\x8b" + bytes(5 * len(served)), **{"Content-Length": None})
    assert f"more than the {4 * len(served):,} bytes expected" in fail(
        server.serve("/f", endless), file=file
    )


def test_a_gzip_file_is_not_unpacked_on_the_way(server, get, partial, entry):
    served = gzip.compress(CONTENT)
    encoded = server.whole(served, **{"Content-Encoding": "gzip"})
    get(server.serve("/f", encoded), file=entry("f.bin", served))
    assert partial.read_bytes() == served


def test_an_answer_in_chunks(server, get, partial):
    def chunked(handler):
        handler.protocol_version = "HTTP/1.1"
        pieces = b"".join(
            b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (CONTENT[:1000], CONTENT[1000:], b"")
        )
        handler.send(200, pieces, {"Transfer-Encoding": "chunked", "Connection": "close"})
        handler.close_connection = True

    get(server.serve("/f", chunked))
    assert partial.read_bytes() == CONTENT
