"""The committed corpus, every file through its reader."""

from __future__ import annotations

from hashlib import sha1
from pathlib import Path

import pytest

from .limits import Bounded
from .readers import archives, arrays, checkpoints, hdf5, images, recipes, tables, tars, tfrecords

CORPUS = Path(__file__).parent / "corpus"
READERS = {
    "images": images,
    "archives": archives,
    "tfrecords": tfrecords,
    "recipes": recipes,
    "checkpoints": checkpoints,
    "tables": tables,
    "arrays": arrays,
    "hdf5": hdf5,
    "tars": tars,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_every_file_is_read(name):
    bounded = Bounded(READERS[name].target)
    kept = [file.read_bytes() for file in sorted((CORPUS / name).iterdir())]
    assert kept
    for data in [*READERS[name].seeds(), *kept]:
        bounded(data)


def test_files_are_named_by_their_content_and_small():
    files = [path for path in CORPUS.rglob("*") if path.is_file()]
    assert {path.parent.name for path in files} == READERS.keys()
    for path in files:
        assert path.name == sha1(path.read_bytes()).hexdigest()
    assert len(files) < 300
    assert sum(path.stat().st_size for path in files) < 1_500_000
