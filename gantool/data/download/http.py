"""Downloading one file of the catalogue: over several mirrors, and on from where it broke off."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from gantool.data.catalogue.entries import CatalogueFile
from gantool.data.download.pages import is_page, page_says
from gantool.data.download.verify import describe, is_right
from gantool.errors import GantoolError

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

Notice = Callable[[str], None]
"""Called with a line for the user on what goes on."""


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


def fetch(
    session: requests.Session,
    mirrors: Sequence[str],
    file: CatalogueFile,
    partial: Path,
    progress: OnBytes,
    notice: Notice,
) -> str:
    """Download a file into `partial`, going on where that ends, and check it.

    Args:
        session: from `session`.
        mirrors: addresses of the file, tried in this order.
        file: what it has to be.
        partial: holds the right file in the end; on failure, what is of use to the next attempt.
        progress: told of the bytes at the start of each answer and after each piece of it.
        notice: told why a mirror is given up for the next one.

    Returns:
        The address that the file, or the last of it, came from.

    Raises:
        GantoolError: no mirror has the file; the text says what each of them said.
        OSError: the disk is full or fails.
    """
    failures: list[tuple[str, str]] = []
    for url in mirrors:
        if failures:
            notice(f"{failures[-1][0]}: {failures[-1][1]}; trying {url}")
        try:
            Mirror(session, url, file, partial, progress).fetch()
            return url
        except MirrorError as error:
            failures.append((url, str(error)))
    if not size_of(partial):
        partial.unlink(missing_ok=True)
    raise _no_mirror(file, failures)


def size_of(path: Path) -> int:
    """The bytes of a file; 0 where there is none."""
    return path.stat().st_size if path.is_file() else 0


def _no_mirror(file: CatalogueFile, failures: Sequence[tuple[str, str]]) -> GantoolError:
    way_out = (
        "try again, name another mirror with --mirror, or get the file by other means and hand it"
        f" over with --from-file {file.name}"
    )
    if len(failures) == 1:
        [(url, reason)] = failures
        return GantoolError(f"cannot download {url}: {reason}; {way_out}")
    lines = [f"cannot download {file.name}; its {len(failures)} mirrors said:"]
    lines += [f"  {url}: {reason}" for url, reason in failures]
    return GantoolError("\n".join([*lines, way_out]))


@dataclass
class Mirror:
    """An address of a file; see `fetch`.

    Attributes:
        in_one_piece: whether all bytes of `partial` came in one answer. If not, and the whole is
            wrong, the pieces may be of different files.
    """

    session: requests.Session
    url: str
    file: CatalogueFile
    partial: Path
    progress: OnBytes
    in_one_piece: bool = False

    def fetch(self) -> None:
        """Bring the right file into `partial`.

        Raises:
            MirrorError: it cannot be had from here; `partial` holds what may be its beginning.
            OSError: the disk is full or fails.
        """
        self._complete()
        if not self._is_right() and not self.in_one_piece:
            self.partial.unlink()
            self._complete()
        if not self._is_right():
            found = describe(self.partial)
            self.partial.unlink()
            raise MirrorError(f"what came ({found}) is not the {self.file.name} of the catalogue")

    def _is_right(self) -> bool:
        return is_right(self.partial, self.file)

    def _complete(self) -> None:
        """Ask for the rest until all is there, as far as that can be told without a digest."""
        size = self.file.exact_size
        if size is None and self._is_right():
            return
        breaks = 0
        while size is None or size_of(self.partial) < size:
            before = size_of(self.partial)
            try:
                self._receive()
                if size is None:
                    return
                if size_of(self.partial) < size:
                    raise _BrokenOffError(self._broke_off())
            except _BrokenOffError:
                breaks = 0 if size_of(self.partial) - before >= GAIN else breaks + 1
                if breaks == BREAKS:
                    raise
                time.sleep(PAUSE * 2**breaks)

    def _receive(self) -> None:
        """Add one answer to what is there, or begin anew if the server sends all."""
        done = size_of(self.partial)
        headers = {"Range": f"bytes={done}-"} if done else {}
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
                if is_page(first):
                    raise MirrorError(page_says(first.decode("utf-8", "replace")))
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
        no_more = status == requests.codes.requested_range_not_satisfiable
        if no_more and self.file.exact_size is None:
            self.partial.unlink()  # as long as the server's file, and still wrong
            raise _BrokenOffError(reason)
        raise MirrorError(reason)

    def _prepare(self, response: requests.Response) -> int | None:
        """Make `partial` ready for an answer; the size of the whole file if the server tells it."""
        if response.status_code == requests.codes.ok:
            length = response.headers.get("Content-Length", "")
            total = int(length) if length.isdecimal() else None
            self._check_size(total)
            self.partial.write_bytes(b"")
            self.in_one_piece = True
            return total
        said = response.headers.get("Content-Range", "")
        stated = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", said)
        if stated is None or int(stated[1]) != size_of(self.partial):
            self.partial.unlink()
            raise _BrokenOffError(f"the server sent another part than asked for ({said!r})")
        total = None if stated[2] == "*" else int(stated[2])
        self._check_size(total)
        self.in_one_piece = False
        return total

    def _check_size(self, total: int | None) -> None:
        size = self.file.exact_size
        if size is not None and total is not None and total != size:
            raise MirrorError(
                f"the server's file has {total:,} bytes, that of the catalogue {size:,}"
            )

    def _write(self, pieces: Iterator[bytes], total: int | None) -> None:
        done = size_of(self.partial)
        limit = self.file.exact_size or self.file.size * _RECOMPRESSED
        self.progress(done, total, self.file.name)
        # Unbuffered, so that a killed process leaves all that came.
        with self.partial.open("ab", buffering=0) as out:
            for piece in pieces:
                out.write(piece)
                done += len(piece)
                if done > limit:
                    self.partial.unlink()
                    raise MirrorError(f"more than the {limit:,} bytes expected came")
                self.progress(done, total, self.file.name)

    def _broke_off(self, error: Exception | None = None) -> str:
        if error is not None and _is_timeout(error):
            return f"{_silence()} after {size_of(self.partial):,} bytes"
        return f"the connection broke off after {size_of(self.partial):,} bytes"


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
