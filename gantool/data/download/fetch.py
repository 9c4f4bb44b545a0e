"""Downloading one file of the catalogue from the first of its mirrors that has it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import requests

from gantool.data.catalogue.entries import CatalogueFile
from gantool.data.download.mirror import Mirror, MirrorError, OnBytes
from gantool.data.download.partial import Partial
from gantool.errors import GantoolError

Notice = Callable[[str], None]
"""Called with a line for the user on what goes on."""


def fetch(
    session: requests.Session,
    mirrors: Sequence[str],
    file: CatalogueFile,
    partial: Partial,
    progress: OnBytes,
    notice: Notice,
) -> str:
    """Download a file into `partial`, going on where that ends, and check it.

    Args:
        session: from `gantool.data.download.mirror.session`.
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
    if not partial.size:
        partial.discard()
    raise _no_mirror(file, failures)


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
