"""Where in an HDF5 file the numbers of its data sets lie: a program of its own, for `hdf5.py`.

The library that reads HDF5 crashes on some damaged files, and on others never comes back. So it
only runs here, where neither hurts, in bounded time and memory; it reads no numbers, follows no
link to another file, and loads no filter. `python hdf5_index.py FILE` lists the data sets; with the
name of one, the places of its chunks. Both as a line of JSON.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Iterator
from typing import Any

if __name__ == "__main__":
    sys.path.pop(0)  # this folder's modules are none of the libraries'
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    os.environ["HDF5_USE_FILE_LOCKING"] = "FALSE"
    os.environ["HDF5_PLUGIN_PRELOAD"] = "::"  # no filters from elsewhere

import h5py

SECONDS = 20
MAX_MEMORY = 2 << 30
MAX_SETS = 1000
MAX_VISITED = 10_000
MAX_DEPTH = 8
MAX_CHUNKS = 1 << 20
MAX_AXES = 8


def data_sets(
    group: Any, seen: set[int], path: str = "", depth: int = 0
) -> Iterator[tuple[str, Any]]:
    """The data sets below a group by hard links, none twice; each name, and what is opened."""
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            continue
        inner = group[name]
        address = h5py.h5o.get_info(inner.id).addr
        if address in seen or len(seen) >= MAX_VISITED:
            continue
        seen.add(address)
        if isinstance(inner, h5py.Dataset):
            yield f"{path}{name}", inner
        elif isinstance(inner, h5py.Group) and depth < MAX_DEPTH:
            yield from data_sets(inner, seen, f"{path}{name}/", depth + 1)


def described(data_set: Any) -> dict[str, Any]:
    """What `hdf5.py` needs of a data set."""
    made = data_set.id.get_create_plist()
    layout = made.get_layout()
    facts: dict[str, Any] = {
        "shape": data_set.shape,
        "dtype": data_set.dtype.str,
        "layout": {
            h5py.h5d.CONTIGUOUS: "plain",
            h5py.h5d.CHUNKED: "chunked",
            h5py.h5d.COMPACT: "compact",
        }.get(layout, "virtual"),
        "filters": [made.get_filter(number)[0] for number in range(made.get_nfilters())],
    }
    if layout == h5py.h5d.CONTIGUOUS:
        if made.get_external_count():
            facts["layout"] = "external"
        facts["offset"] = data_set.id.get_offset()
    if layout == h5py.h5d.CHUNKED:
        facts["chunk"] = data_set.chunks
        facts["stored"] = data_set.id.get_num_chunks()
    return facts


def chunks(data_set: Any) -> list[tuple[int, ...]]:
    """Of each chunk its first index on every axis, then its place in the file and its bytes.

    A chunk that not all filters went over counts as none.
    """
    found: list[tuple[int, ...]] = []

    def take(info: Any) -> bool | None:
        if info.filter_mask == 0:
            found.append((*info.chunk_offset, info.byte_offset, info.size))
        return None if len(found) < MAX_CHUNKS else True

    data_set.id.chunk_iter(take)
    return found


def text(path: str, name: str | None) -> str:
    """What this program writes."""
    return json.dumps(index(path, name))


def index(path: str, name: str | None) -> Any:
    """The data sets of a file, or the chunks of one."""
    with h5py.File(path, "r") as file:
        if file.userblock_size:
            raise ValueError("it begins with a user block")
        if name is not None:
            return chunks(file[name])
        found: dict[str, dict[str, Any]] = {}
        for inner, data_set in data_sets(file, set()):
            if len(found) >= MAX_SETS:
                break
            if data_set.shape is not None and len(data_set.shape) <= MAX_AXES:
                found[inner] = described(data_set)
        return found


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.write(text(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None))
