"""One file from one address: asked for, gone on with where an answer broke off, checked."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from gantool.data.catalogue.entries import CatalogueFile
from gantool.data.download import web_pages
from gantool.data.download.digests import describe, is_right
from gantool.data.download.partial import Partial

TIMEOUTS = (10.0, 30.0)
"""Seconds to connect, and to wait for the next bytes."""

RETRY = Retry(
    total=3,
    backoff_factor=0.5,
    status_forcelist=(429, 500, 502, 503, 504),
    raise_on_status=False,
    # A server may ask for an hour; nobody waits that long without a word.
    respect_retry_after_header=False,
)
"""How often a server is asked again that does not begin to answer."""

BREAKS = 3
"""Answers that may break off one after the other, each with less than `GAIN` bytes gained."""

GAIN = 1 << 20

PAUSE = 0.5
"""Seconds before the first question for the rest of a file; they double with each in a row."""

_PIECE = 1 << 16
_RECOMPRESSED = 4
"""A file compressed otherwise, which is right too, is at most so many times as large."""

OnBytes = Callable[[int, int | None, str], None]
"""Called with the bytes done, the bytes in all (None: not known) and the file's name."""


class MirrorError(Exception):
    """A mirror does not have the file; the text is the reason."""


class _BrokenOffError(MirrorError):
    """An answer ended too early; the rest may still come."""


@contextmanager
def session() -> Iterator[requests.Session]:
    """Open a session that asks a busy server again."""
    with requests.Session() as opened:
        opened.mount("http://", HTTPAdapter(max_retries=RETRY))
        opened.mount("https://", HTTPAdapter(max_retries=RETRY))
        # Otherwise a server may send a file in an encoding of its own.
        opened.headers["Accept-Encoding"] = "identity"
        yield opened


@dataclass
class Mirror:
    """An address of a file.

    Attributes:
        session: from `session`.
        url: the address.
        file: what lies there.
        partial: where it comes to.
        progress: told of the bytes at the start of each answer and after each piece of it.
    """

    session: requests.Session
    url: str
    file: CatalogueFile
    partial: Partial
    progress: OnBytes

    def fetch(self) -> None:
        """Bring the right file into `partial`.

        Raises:
            MirrorError: it cannot be had from here; `partial` holds what may be its beginning.
            OSError: the disk is full or fails.
        """
        self._complete()
        if not self._is_right() and not self.partial.in_one_piece:
            # The pieces may be of two versions of the file.
            self.partial.discard()
            self._complete()
        if not self._is_right():
            found = describe(self.partial.path, self.file)
            self.partial.discard()
            raise MirrorError(f"what came ({found}) is not the {self.file.name} of the catalogue")

    def _is_right(self) -> bool:
        return is_right(self.partial.path, self.file)

    def _complete(self) -> None:
        """Ask for the rest until all is there, as far as that can be told without a digest."""
        size = self.file.exact_size
        if size is None and self._is_right():
            return
        breaks = 0
        while size is None or self.partial.size < size:
            before = self.partial.size
            try:
                self._receive()
                if size is None:
                    return
                if self.partial.size < size:
                    raise _BrokenOffError(self._broke_off())
            except _BrokenOffError:
                breaks = 0 if self.partial.size - before >= GAIN else breaks + 1
                if breaks == BREAKS:
                    raise
                time.sleep(PAUSE * 2**breaks)

    def _receive(self) -> None:
        """Add one answer to what is there, or begin anew if the server sends all."""
        headers = self.partial.request_headers(self.url)
        began = False
        try:
            with self.session.get(
                self.url, headers=headers, stream=True, timeout=TIMEOUTS
            ) as response:
                self._check_status(response)
                began = True
                # `iter_content` would keep to itself what came right before a break.
                pieces = response.raw.stream(_PIECE, decode_content=False)
                first = next(pieces, b"")
                if web_pages.is_page(first):
                    raise MirrorError(web_pages.what_it_says(first.decode("utf-8", "replace")))
                total = self._prepare(response)
                self._write(chain((first,), pieces), total or self.file.exact_size)
        except (requests.RequestException, HTTPError) as error:
            if began:
                raise _BrokenOffError(self._broke_off(error)) from None
            raise MirrorError(_no_answer(error)) from None

    def _check_status(self, response: requests.Response) -> None:
        status = response.status_code
        if status in (requests.codes.ok, requests.codes.partial_content):
            return
        reason = f"the server answered {status} {response.reason}"
        if status == requests.codes.requested_range_not_satisfiable:
            said = re.fullmatch(r"bytes \*/(\d+)", response.headers.get("Content-Range", ""))
            self._check_size(int(said[1]) if said is not None else None)
            # What is there is as long as the server's file, or longer, and still wrong.
            self.partial.discard()
            raise _BrokenOffError(reason)
        raise MirrorError(reason)

    def _prepare(self, response: requests.Response) -> int | None:
        """Make `partial` ready for an answer; the size of the whole file if the server tells it."""
        if response.status_code == requests.codes.ok:
            length = response.headers.get("Content-Length", "")
            total = int(length) if length.isdecimal() else None
            self._check_size(total)
            self.partial.start(self.url, response)
            return total
        said = response.headers.get("Content-Range", "")
        stated = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", said)
        if stated is None or int(stated[1]) != self.partial.size:
            self.partial.discard()
            raise _BrokenOffError(f"the server sent another part than asked for ({said!r})")
        total = None if stated[2] == "*" else int(stated[2])
        self._check_size(total)
        self.partial.go_on(self.url, response)
        return total

    def _check_size(self, total: int | None) -> None:
        size = self.file.exact_size
        if size is not None and total is not None and total != size:
            raise MirrorError(
                f"the server's file has {total:,} bytes, that of the catalogue {size:,}"
            )

    def _write(self, pieces: Iterator[bytes], total: int | None) -> None:
        done = self.partial.size
        limit = self.file.exact_size or (self.file.size and self.file.size * _RECOMPRESSED)
        self.progress(done, total, self.file.name)
        # Unbuffered, so that a killed process leaves all that came.
        with self.partial.path.open("ab", buffering=0) as out:
            for piece in pieces:
                out.write(piece)
                done += len(piece)
                if limit and done > limit:
                    self.partial.discard()
                    raise MirrorError(f"more than the {limit:,} bytes expected came")
                self.progress(done, total, self.file.name)

    def _broke_off(self, error: Exception | None = None) -> str:
        if error is not None and _is_timeout(error):
            return f"{_silence()} after {self.partial.size:,} bytes"
        return f"the connection broke off after {self.partial.size:,} bytes"


def _no_answer(error: Exception) -> str:
    if _is_timeout(error):
        return _silence()
    if isinstance(error, requests.ConnectionError):
        # The system's own words lie deep in the text of several libraries.
        cause = re.search(r"\[(?:Errno -?\d+|SSL: \w+)\] ([\w ,-]+)", str(error))
        return f"no connection ({cause[1]})" if cause else "no connection"
    return str(error)


def _is_timeout(error: Exception) -> bool:
    return isinstance(error, requests.Timeout) or "timed out" in str(error)


def _silence() -> str:
    return f"no answer for {TIMEOUTS[1]:g} seconds"
