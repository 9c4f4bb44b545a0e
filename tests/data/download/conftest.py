from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gantool.data.catalogue import CATALOGUE
from gantool.data.catalogue.entries import CatalogueFile, DataSet
from gantool.data.download import http


class Request(NamedTuple):
    path: str
    range: str | None
    accept_encoding: str | None


class Server(ThreadingHTTPServer):
    """A real server whose answers a test writes down: for each path, one after the other."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.requests: list[Request] = []
        self.scripts: dict[str, list[Callable[[Any], None]]] = {}
        self.ends = threading.Event()

    def serve(self, path: str, *answers: Callable[[Any], None]) -> str:
        """Answer so, the last for ever; gives the address."""
        self.scripts[path] = list(answers)
        return self.url + path

    def asked(self, path: str) -> list[str | None]:
        """The ranges that were asked for."""
        return [request.range for request in self.requests if request.path == path]

    def whole(self, body: bytes, status: int = 200, **headers: str | None) -> Callable[..., None]:
        """All of it, whatever part is asked for."""

        def answer(handler: _Handler) -> None:
            handler.send(status, body, {"Content-Length": str(len(body)), **headers})

        return answer

    def cut(self, body: bytes, end: int, stall: bool = False) -> Callable[..., None]:
        """A part as asked for, announced in full, of which no byte from `end` on comes."""

        def answer(handler: _Handler) -> None:
            start = handler.start()
            headers = {"Content-Length": str(len(body) - start)}
            if start:
                headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            handler.send(206 if start else 200, body[start:end], headers)
            if stall:
                self.ends.wait(30)

        return answer

    def parts(self, body: bytes) -> Callable[..., None]:
        """The part that is asked for."""

        def answer(handler: _Handler) -> None:
            start = handler.start()
            if start >= len(body):
                handler.send(416, b"", {"Content-Range": f"bytes */{len(body)}"})
            elif start:
                span = f"bytes {start}-{len(body) - 1}/{len(body)}"
                length = str(len(body) - start)
                handler.send(206, body[start:], {"Content-Range": span, "Content-Length": length})
            else:
                handler.send(200, body, {"Content-Length": str(len(body))})

        return answer


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        headers = [self.headers[name] for name in ("Range", "Accept-Encoding")]
        self.server.requests.append(Request(self.path, *headers))
        script = self.server.scripts.get(self.path, [self.server.whole(b"", 404)])
        (script.pop(0) if len(script) > 1 else script[0])(self)

    def start(self) -> int:
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "bytes=0-")
        assert asked is not None
        return int(asked[1])

    def send(self, status: int, body: bytes, headers: dict[str, str | None]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.ends.set()
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _elsewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing outside the test's folder, and no long waits."""
    request.getfixturevalue("no_checkout")
    monkeypatch.setattr(http, "RETRY", http.RETRY.new(backoff_factor=0.001))
    monkeypatch.setattr(http, "PAUSE", 0.001)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def entry() -> Callable[..., CatalogueFile]:
    """The catalogue's entry for a file of this content."""

    def make(name: str, content: bytes, **keys: Any) -> CatalogueFile:
        facts = {
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
        }
        return CatalogueFile(name, **{**facts, **keys})

    return make


@pytest.fixture
def catalogued(monkeypatch: pytest.MonkeyPatch) -> Callable[..., DataSet]:
    """Put a data set into the catalogue."""

    def put(name: str, *files: CatalogueFile, **keys: Any) -> DataSet:
        data_set = DataSet(name, files, keys.pop("images", files[0].name), **keys)
        monkeypatch.setitem(CATALOGUE, name, data_set)  # type: ignore[arg-type]
        return data_set

    return put


@pytest.fixture
def names() -> Callable[[Path], list[str]]:
    """What lies in a folder."""
    return lambda folder: sorted(path.name for path in folder.iterdir()) if folder.exists() else []
