"""Arrays that took long to compute, kept in the user's cache."""

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import platformdirs
from numpy.lib import format as npy
from numpy.typing import NDArray

from gantool.files import write_bytes

_DIGEST = hashlib.sha256().digest_size


def kept(
    of: bytes | None, what: str, compute: Callable[[], Sequence[NDArray[Any]]]
) -> list[NDArray[Any]]:
    """The arrays that `compute` gives, from the cache where they have been computed before.

    Args:
        of: Digest of what they are computed of; None where it has none, and nothing is kept.
        what: Names what is computed, with the digest of all else that it depends on.
        compute: Gives the arrays.
    """
    if of is None:
        return list(compute())
    name = hashlib.sha256(of + what.encode()).hexdigest()[:32]
    path = platformdirs.user_cache_path("gantool", appauthor=False) / "features" / name
    try:
        content = path.read_bytes()
    except OSError:
        content = b""
    if hashlib.sha256(content[_DIGEST:]).digest() == content[:_DIGEST]:
        return list(_arrays_in(io.BytesIO(content[_DIGEST:])))
    arrays = list(compute())
    written = io.BytesIO()
    for array in arrays:
        npy.write_array(written, array)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, hashlib.sha256(written.getvalue()).digest() + written.getvalue())
    return arrays


def _arrays_in(stored: io.BytesIO) -> Iterator[NDArray[Any]]:
    while stored.tell() < len(stored.getbuffer()):
        yield npy.read_array(stored)
