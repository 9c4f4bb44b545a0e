"""Files of a data set that the user has already: which of them each is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gantool.data.catalogue.entries import CatalogueFile, DataSet
from gantool.data.download.digests import describe, is_right
from gantool.errors import InputError


def identify(paths: Sequence[Path], data_set: DataSet) -> dict[str, Path]:
    """The given file for each file of the set, by the name of the latter.

    What a file holds tells which one it is, whatever it is called.

    Raises:
        InputError: a given file cannot be read, is none of the set's, or is another version, or two
            are the same.
    """
    found: dict[str, Path] = {}
    for path in paths:
        try:
            file = _which(path, data_set)
        except OSError as error:
            raise InputError(
                f"--from-file {path}: cannot be read: {error.strerror or error}"
            ) from None
        if file.name in found:
            raise InputError(
                f"--from-file: both {found[file.name]} and {path} are {file.name}; name one of them"
            )
        found[file.name] = path
    return found


def _which(path: Path, data_set: DataSet) -> CatalogueFile:
    with path.open("rb"):
        pass  # `is_right` does not tell a missing file from a wrong one
    for file in data_set.files:
        if is_right(path, file):
            return file
    for file in data_set.files:
        if file.name == path.name:
            raise _other_version(path, file)
    if len(data_set.files) == 1:
        raise _other_version(path, data_set.files[0])
    names = ", ".join(file.name for file in data_set.files)
    raise InputError(
        f"--from-file {path}: neither its name nor its digest is that of a file of"
        f" {data_set.name} ({names}); {_way_out(path)}"
    )


def _other_version(path: Path, file: CatalogueFile) -> InputError:
    expected = [] if file.size is None else [f"{file.size:,} bytes"]
    expected.append(f"MD5 {file.md5}" if file.md5 is not None else f"SHA-256 {file.sha256}")
    return InputError(
        f"--from-file {path}: not the {file.name} of the catalogue: it has {describe(path, file)},"
        f" and {', '.join(expected)} are expected; {_way_out(path)}"
    )


def _way_out(path: Path) -> str:
    return (
        "get it again, or leave --from-file out to download it. Images of another version are"
        f" trained on by their path: data.source: {path}"
    )
