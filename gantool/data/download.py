"""Placing a data set of the catalogue on this machine, from a copy or from the network."""

from __future__ import annotations

import errno
import gzip
import hashlib
import re
import shutil
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from gantool.data.catalogue import (
    CATALOGUE,
    CatalogueFile,
    DataSet,
    data_set_places,
    did_you_mean,
    named_folder,
    user_folder,
)
from gantool.data.idx import GZIP_MAGIC
from gantool.errors import GantoolError, InputError
from gantool.files import complete_or_absent

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

_PIECE = 1 << 16

Progress = Callable[[int, int | None, str], None]
"""Called with the bytes done, the bytes in all (None: not known) and the file's name."""


@dataclass(frozen=True)
class Placed:
    """Where a data set lies now.

    Attributes:
        path: its folder.
        how: it was there already, was copied from another folder, or downloaded.
        origin: the folder or address that it came from; None if it was there.
    """

    path: Path
    how: Literal["present", "copied", "downloaded"]
    origin: str | None = None


def place(name: str, mirror: str | None = None, progress: Progress | None = None) -> Placed:
    """Bring a data set to the first of the folders in which it is looked for.

    Files that are there and right stay. The others are copied from another of these folders, if
    one holds the whole set, or else downloaded. A file gets its name only once its content is
    known to be right.

    Args:
        name: of the catalogue.
        mirror: an address to download from, to which the names of the files are added; nothing is
            then copied from another folder.
        progress: told of each piece that is downloaded.

    Raises:
        InputError: the catalogue has no such set, or the folder cannot be written.
        GantoolError: the network, the server or the disk failed, or what came is not the set.
    """
    data_set = CATALOGUE.get(name)
    if data_set is None:
        raise InputError(
            f"no data set {name!r} in the catalogue ({', '.join(CATALOGUE)}){did_you_mean(name)}"
        )
    folder = _target() / name
    wanted = [file for file in data_set.files if not is_right(folder / file.name, file)]
    if not wanted:
        return Placed(folder, "present")
    origin = None if mirror else _whole_copy(data_set)
    address = mirror or data_set.mirror
    if origin is None and address is None:
        raise GantoolError(
            f"the data set {name} comes with gantool's repository and has no mirror: run this in"
            " a clone of the repository, or set GANTOOL_DATA to the clone's data folder"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if origin is not None:
            _copy(wanted, origin, folder)
            return Placed(folder, "copied", str(origin))
        assert address is not None
        _download(wanted, address, folder, progress)
        return Placed(folder, "downloaded", address)
    except OSError as error:
        raise _cannot_write(folder, error) from None


def is_right(path: Path, file: CatalogueFile) -> bool:
    """Whether a file is there and holds what the catalogue says, however it is compressed."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        if _md5(stream) == file.md5:
            return True
        stream.seek(0)
        if file.content_md5 is None or stream.read(2) != GZIP_MAGIC:
            return False
    try:
        with gzip.open(path) as unpacked:
            return _md5(unpacked) == file.content_md5
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return False


def _md5(stream: BinaryIO | gzip.GzipFile) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    while piece := stream.read(_PIECE):
        digest.update(piece)
    return digest.hexdigest()


def _target() -> Path:
    if (named := named_folder()) is not None:
        return named
    here = Path.cwd() / "data"
    return here if here.is_dir() else user_folder()


def _whole_copy(data_set: DataSet) -> Path | None:
    """A folder of this machine that holds all of a set, and right."""
    for place in data_set_places():
        folder = place / data_set.name
        if all(is_right(folder / file.name, file) for file in data_set.files):
            return folder
    return None


def _copy(files: Sequence[CatalogueFile], origin: Path, folder: Path) -> None:
    for file in files:
        with complete_or_absent(folder / file.name) as temporary:
            shutil.copyfile(origin / file.name, temporary)


def _download(
    files: Sequence[CatalogueFile], address: str, folder: Path, progress: Progress | None
) -> None:
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=RETRY))
        session.mount("https://", HTTPAdapter(max_retries=RETRY))
        # Otherwise a server may say that a .gz is its encoding, and requests would unpack it.
        session.headers["Accept-Encoding"] = "identity"
        for file in files:
            url = f"{address.rstrip('/')}/{file.name}"
            with complete_or_absent(folder / file.name) as temporary:
                _receive(session, url, temporary, file.name, progress)
                _check(temporary, file, url)


def _receive(
    session: requests.Session, url: str, path: Path, name: str, progress: Progress | None
) -> None:
    done = 0
    try:
        with session.get(url, stream=True, timeout=TIMEOUTS) as response, path.open("wb") as out:
            response.raise_for_status()
            length = response.headers.get("Content-Length", "")
            total = int(length) if length.isdecimal() else None
            for piece in response.iter_content(_PIECE):
                out.write(piece)
                done += len(piece)
                if progress is not None:
                    progress(done, total, name)
    except requests.RequestException as error:
        raise GantoolError(
            f"cannot download {url}: {_reason(error, done)}; try again, or name another mirror"
            " with --mirror"
        ) from None


def _reason(error: requests.RequestException, done: int) -> str:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return f"no answer for {TIMEOUTS[1]:.0f} seconds"
    if done or isinstance(error, requests.exceptions.ChunkedEncodingError):
        return f"the connection broke off after {done:,} bytes"
    if isinstance(error, requests.ConnectionError):
        # The system's own words lie deep in the text of several libraries.
        cause = re.search(r"\[Errno -?\d+\] ([\w ,-]+)", str(error))
        return f"no connection ({cause[1]})" if cause else "no connection"
    return str(error)


def _check(path: Path, file: CatalogueFile, url: str) -> None:
    if is_right(path, file):
        return
    with path.open("rb") as stream:
        digest = _md5(stream)
    raise GantoolError(
        f"{url}: what came ({path.stat().st_size:,} bytes, MD5 {digest}) is not the {file.name} of"
        " the catalogue; name another mirror with --mirror"
    )


def _cannot_write(folder: Path, error: OSError) -> GantoolError:
    text = f"cannot write into {folder}: {error.strerror or error}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
        return GantoolError(text)
    return InputError(f"{text}; set GANTOOL_DATA to a folder that can be written")
