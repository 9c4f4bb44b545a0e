"""Image files in tar files, read from where they lie; also in the shards of WebDataset."""

from __future__ import annotations

import tarfile
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from os.path import commonpath
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from gantool.data.decoding import MAX_BYTES
from gantool.data.idx import GZIP_MAGIC
from gantool.data.records import OpenFile
from gantool.data.sources.base import HEAD
from gantool.data.sources.choice import Choice
from gantool.data.sources.files import FileSource
from gantool.data.sources.foreign import refuse_foreign
from gantool.data.sources.kinds import Parts, is_hidden
from gantool.data.sources.splits import chosen_split, split_of
from gantool.data.sources.webdataset import SideLabels, of_one_kind, sides
from gantool.data.undecoded import too_large
from gantool.errors import InputError, printable

_BLOCK = 512
_MAX_MEMBERS = 5_000_000
_OPEN_FILES = 256
_BEHIND = 1 << 20
"""Bytes behind the end of an archive that are looked at: tar fills up with zeros there."""


class _Member(NamedTuple):
    path: Path
    start: int
    size: int


class TarSource(FileSource):
    """The image files of one or more tar files, which are gone through once when opened.

    Classes are folders, or what WebDataset puts beside each image: KEY.cls, or a label in KEY.json.

    Args:
        paths: Of the files, not compressed; of those named as splits are, one split is taken.
        name: See `ImageSource.name`.
        choice: What of them is taken.

    Raises:
        InputError: One is damaged or no tar file, or there are no images; or no labels where they
            are asked for.
        OSError: One cannot be read.
    """

    def __init__(self, paths: Sequence[Path], name: str, choice: Choice) -> None:
        told: tuple[str, ...] = ()
        if len(paths) > 1 and any(split_of(path.name) for path in paths):
            parts = [(split_of(path.name), path) for path in paths]
            paths, told = chosen_split(parts, name, choice.split, "files")
            choice = replace(choice, split="all")
        top = paths[0] if len(paths) == 1 else Path(commonpath({path.parent for path in paths}))
        super().__init__(top, name)
        self._opened = lru_cache(_OPEN_FILES)(OpenFile)
        self._members: dict[Parts, _Member] = {}
        for path in paths:
            found, notes = index(path)
            told += notes
            if not self._members.keys().isdisjoint(found):
                found = {(path.name, *parts): member for parts, member in found.items()}
            self._members |= found
        visible = [file for file in self._members if not any(map(is_hidden, file))]
        files, beside = sides(visible)
        files = of_one_kind(files, beside, self._named, choice.features.image)
        labels = SideLabels(beside, self._member, self._named)
        if choice.features.label is not None and not beside:
            raise InputError(
                f"{name}: data.features.label is given, and no .cls, .json or .txt lies beside an"
                " image"
            )
        if choice.labels is True and labels.are_there(choice):
            self._take(files, replace(choice, labels=False), "tar file")
            classes = labels.classes(self._files, name, choice)
            self.labels, self.classes = classes.labels, classes.names
            self.notes = (*self.notes, *classes.notes)
        else:
            self._take(files, choice, "tar file")
        self.notes = (*told, *self.notes)

    def encoded(self, index: int) -> bytes:
        return self._read(self._members[self._files[index]], MAX_BYTES)

    def head(self, index: int) -> bytes:
        return self._read(self._members[self._files[index]], HEAD)

    def where(self, index: int) -> str:
        return self._named(self._files[index])

    def _named(self, file: Parts) -> str:
        return printable(f"{self._members[file].path}: {'/'.join(file)}")

    def _member(self, file: Parts, most: int) -> bytes | None:
        member = self._members.get(file)
        return None if member is None else self._read(member, most)

    def _read(self, member: _Member, most: int) -> bytes:
        if member.size > MAX_BYTES:
            raise too_large(member.size)
        return self._opened(member.path).plain(member.start, min(member.size, most))


def index(path: Path) -> tuple[dict[Parts, _Member], tuple[str, ...]]:
    """The files in a tar and where each lies, and lines on what is left out.

    Raises:
        InputError: It is compressed, damaged, or no tar file.
        OSError: It cannot be read.
    """
    found: dict[Parts, _Member] = {}
    left = 0
    with path.open("rb") as file:
        try:
            tar = tarfile.TarFile(fileobj=file)
            last = -1
            while (info := tar.next()) is not None:
                # A damaged header can lead back.
                if tar.offset <= last or info.size < 0 or len(found) > _MAX_MEMBERS:
                    raise tarfile.ReadError("a header of it leads nowhere")
                last = tar.offset
                tar.members = []  # type: ignore[attr-defined]  # it would hold them for ever
                parts = _parts(info.name)
                if info.isreg() and not info.issparse() and parts:
                    found[parts] = _Member(path, info.offset_data, info.size)
                elif info.islnk() and _parts(info.linkname) in found:
                    found[parts] = found[_parts(info.linkname)]
                else:
                    left += not info.isdir()
            end = tar.offset
        except OSError:
            raise
        # A damaged header makes tarfile raise nearly anything.
        except Exception as error:
            file.seek(0)
            head = file.read(HEAD)
            if head.startswith(GZIP_MAGIC):
                raise compressed(path) from None
            refuse_foreign(path, head)
            raise InputError(
                f"{path}: no tar file, or a damaged one ({printable(str(error))}); copy it again"
            ) from None
        notes = _end(path, end, len(found))
    if left:
        notes += (f"{path}: {left:,} links and other things that are no files are left out",)
    return found, notes


def compressed(path: Path) -> InputError:
    """What is told of a tar file that gzip compressed."""
    return InputError(
        f"{path}: a compressed tar file, in which nothing is found without unpacking it: decompress"
        " it (gunzip < FILE > NEW.tar), and name the .tar, which is read as it is"
    )


def _end(path: Path, end: int, count: int) -> tuple[str, ...]:
    """Whether an archive ends where `tarfile` ends, which may be at damage too; a note."""
    with path.open("rb") as file:
        file.seek(end)
        block = file.read(_BLOCK)
        if not block:
            return (f"{path}: no mark of its end behind {count:,} files; it may be cut off",)
        if block.count(0) < _BLOCK:
            raise InputError(
                f"{path}: damaged or cut off behind {count:,} files; copy or download it again"
            )
        if file.read(_BEHIND).strip(b"\0"):
            return (f"{path}: behind the end of the archive lies more, which is not read",)
    return ()


def _parts(name: str) -> Parts:
    return tuple(part for part in PurePosixPath(name).parts if part not in ("/", ".."))
