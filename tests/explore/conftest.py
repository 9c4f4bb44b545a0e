from __future__ import annotations

from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from ..nursery import Nursery


class Answer(NamedTuple):
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Served:
    """A generator that is being explored."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        assert parts.hostname == "127.0.0.1"
        assert parts.port is not None
        self.address, self.port, self.token = address, parts.port, parts.path.strip("/")

    def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Ask for a path below the token; one that begins with a slash is asked for as it is."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        whole = path if path.startswith("/") else f"/{self.token}/{path}"
        try:
            connection.request(method, whole, headers=headers)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()


@pytest.fixture(scope="module")
def served(nursery: Nursery, trained: Path) -> Iterator[Any]:
    """The generator of tiny.yaml: ten classes, normal latents of eight numbers."""
    process = nursery.start("explore", trained)
    try:
        [*_, address] = process.wait_for("http://")
        yield Served(address)
        assert process.wait(0) is None, process.so_far()
        assert "Traceback" not in process.so_far()[1]
    finally:
        process.kill()
