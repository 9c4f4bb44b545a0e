"""The beginning of a file that is still being downloaded, kept from one run to the next."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import requests


class Partial:
    """A file `.NAME.part`, and beside it what the server said of its version, in `.NAME.part.json`.

    Attributes:
        path: of the bytes that came so far; they may not exist yet.
        in_one_piece: whether all of them came in one answer, as far as this process knows. If not,
            and the whole is wrong, the pieces may be of different files.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f".{name}.part"
        self.in_one_piece = False
        self._version = folder / f".{name}.part.json"

    @property
    def size(self) -> int:
        """The number of bytes that are there."""
        return self.path.stat().st_size if self.path.is_file() else 0

    def request_headers(self, url: str) -> dict[str, str]:
        """What asks a server for the rest, and for all where its file is another one by now.

        The version is only compared with that of the same address: mirrors serve the same bytes,
        but call their version by names of their own.
        """
        if not self.size:
            return {}
        headers = {"Range": f"bytes={self.size}-"}
        with suppress(OSError, ValueError, TypeError, KeyError):
            noted = json.loads(self._version.read_text(encoding="utf-8"))
            if noted["url"] == url and isinstance(noted["validator"], str):
                headers["If-Range"] = noted["validator"]
        return headers

    def start(self, url: str, response: requests.Response) -> None:
        """Make ready for an answer that begins at the file's first byte."""
        self.path.write_bytes(b"")
        self.in_one_piece = True
        self._note(url, response)

    def go_on(self, url: str, response: requests.Response) -> None:
        """Make ready for an answer that begins where the bytes end."""
        self.in_one_piece = False
        self._note(url, response)

    def discard(self) -> None:
        """Remove everything."""
        self.path.unlink(missing_ok=True)
        self._version.unlink(missing_ok=True)

    def _note(self, url: str, response: requests.Response) -> None:
        note = {"url": url, "validator": _validator(response)}
        self._version.write_text(json.dumps(note), encoding="utf-8")


def _validator(response: requests.Response) -> str | None:
    """A strong ETag, or else the date; If-Range takes no weak ETag (RFC 9110, section 13.1.5)."""
    etag = response.headers.get("ETag")
    if etag is not None and not etag.startswith("W/"):
        return etag
    return response.headers.get("Last-Modified")
