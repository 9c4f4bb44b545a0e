"""Which TFRecord files of a folder or a pattern are one set: split, resolution and shards."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from gantool.data import records
from gantool.data.sources.choice import Choice
from gantool.data.sources.splits import chosen_split, split_of
from gantool.errors import printable

_NAME = re.compile(r"\.tfrec(ords?)?(-\d+-of-\d+)?(\.gz)?$")
_SHARD = re.compile(r"(.*)-(\d{1,9})-of-(\d{1,9})(\.\w+)*")
_LEVEL = re.compile(r"(.*)-r(\d{2})\.tfrecords?")
"""StyleGAN's files: an image of 2^level pixels a side in each."""

_MAX_LIST = 1 << 26
"""Bytes of a file with names of classes."""


def is_tfrecord_name(name: str) -> bool:
    """Whether a file is called as TFRecord files are: x.tfrecord, x.tfrecord-00000-of-00010."""
    return _NAME.search(name) is not None and not name.startswith(".")


def record_files(folder: Path) -> list[Path]:
    """The TFRecord files that lie directly in a folder, sorted.

    ImageNet's are called train-00000-of-01024, so that only their first bytes tell.
    """
    paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    named = [path for path in paths if is_tfrecord_name(path.name)]
    if named:
        return named
    sharded = [path for path in paths if re.search(r"-\d{5}-of-\d{5}$", path.name)]
    return sharded if sharded and _begins_as_one(sharded[0]) else []


def record_folder(folder: Path) -> list[Path]:
    """The TFRecord files of a folder, or of those in it that are named as splits are."""
    if found := record_files(folder):
        return found
    inside = sorted(path for path in folder.iterdir() if split_of(path.name) and path.is_dir())
    return [file for path in inside for file in record_files(path)]


def choose(paths: Sequence[Path], name: str, choice: Choice) -> tuple[list[Path], tuple[str, ...]]:
    """The files of one set among these, and lines on what was left out or is missing.

    Raises:
        InputError: The split that is asked for is not there.
    """
    folders = len({path.parent for path in paths}) > 1
    parts = [(_split(path, folders), path) for path in paths]
    taken, told = chosen_split(parts, name, choice.split, "files")
    largest, of_levels = _largest(taken, name)
    return largest, (*told, *of_levels, *_missing(largest, name))


def label_file(paths: Sequence[Path]) -> Path | None:
    """The file of labels that StyleGAN writes beside records, an array of NumPy's; None if none."""
    found = _LEVEL.fullmatch(paths[0].name) if len(paths) == 1 else None
    path = paths[0].with_name(f"{found[1]}-rxx.labels") if found else None
    return path if path is not None and path.is_file() else None


def class_names(paths: Sequence[Path], feature: str) -> tuple[str, ...]:
    """The names of classes, by their numbers, that stand beside the files; empty if nobody says.

    In the manifest.json of a converted set, or where TensorFlow Datasets writes them, in
    label.labels.txt.
    """
    folders = {path.parent for path in paths}
    if len(folders) != 1:
        return ()
    [folder] = folders
    lines = _text(folder / f"{feature.replace('/', '-')}.labels.txt")
    if lines.strip():
        return tuple(lines.splitlines())
    try:
        classes = json.loads(_text(folder / "manifest.json") or "{}")["classes"]
        return tuple(str(one["name"]) for one in classes)
    except (ValueError, KeyError, TypeError, RecursionError):
        return ()


def _split(path: Path, by_folder: bool) -> str | None:
    # TensorFlow Datasets: toy-train.tfrecord-00000-of-00002; else wherever the name says it.
    stem = path.name.split(".tfrec")[0]
    last = split_of(stem.rpartition("-")[2])
    return last or split_of(stem) or (split_of(path.parent.name) if by_folder else None)


def _begins_as_one(path: Path) -> bool:
    with path.open("rb") as file:
        return records.is_tfrecord(file.read(12))


def _largest(paths: list[Path], name: str) -> tuple[list[Path], tuple[str, ...]]:
    levels = {path: _LEVEL.fullmatch(path.name) for path in paths}
    if len(paths) < 2 or not all(levels.values()):
        return paths, ()
    if len({found[1] for found in levels.values() if found}) > 1:
        return paths, ()
    largest = max(paths, key=lambda path: path.name)
    side = 2 ** min(int(largest.name.rpartition("-r")[2][:2]), 16)
    return [largest], (
        f"{name}: the same images in {len(paths)} resolutions: {printable(largest.name)}"
        f" is taken, {side}×{side}",
    )


def _missing(paths: Sequence[Path], name: str) -> Iterator[str]:
    """A line on each series of files, …-of-00008, that is not whole."""
    series: dict[tuple[Path, str, int], set[int]] = {}
    for path in paths:
        if found := _SHARD.fullmatch(path.name):
            key = (path.parent, found[1], int(found[3]))
            series.setdefault(key, set()).add(int(found[2]))
    for (_, prefix, count), there in series.items():
        if count - len(there) > 0:
            first = next(number for number in range(count + 1) if number not in there)
            yield (
                f"{name}: {count - len(there):,} of {count:,} files are missing"
                f" ({printable(prefix)}-{first:05}-of-{count:05}, for one): copy them again, or go"
                " on without their images"
            )


def _text(path: Path) -> str:
    if not path.is_file() or path.stat().st_size > _MAX_LIST:
        return ""
    return path.read_text(encoding="utf-8", errors="replace")
