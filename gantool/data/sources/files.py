"""Image files in a folder or in a zip; the folders at the top are the classes."""

import os
import struct
import threading
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from gantool.data.images import MAX_BYTES, SUFFIXES, UnreadableImageError
from gantool.data.sources.base import EncodedSource, Labels
from gantool.data.undecoded import read_file, too_large
from gantool.errors import InputError, printable

_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError)

_BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The only ways of packing that Python unpacks piece by piece, and not further than asked for."""

Parts = tuple[str, ...]
"""The folders that lead to a file, and its name. Paths as objects would take ten times as long."""


class FolderSource(EncodedSource):
    """The image files of a folder and the folders in it, sorted by their paths."""

    def __init__(self, folder: Path, name: str, labelled: bool) -> None:
        self.name = name
        self._folder = folder
        self._files = _image_files(_walk(folder))
        if not self._files:
            raise _no_images(folder, "folder")
        self.labels, self.classes = _labels(self._files, folder, labelled)

    def __len__(self) -> int:
        return len(self._files)

    @property
    def has_class_folders(self) -> bool:
        """Whether every image lies in a folder of its own class."""
        return all(len(file) > 1 for file in self._files)

    def encoded(self, index: int) -> bytes:
        return read_file(self.where(index))

    def where(self, index: int) -> str:
        return "/".join((str(self._folder), *self._files[index]))


class ZipSource(EncodedSource):
    """The image files of a zip, read from it one by one; nothing is unpacked to disk.

    A folder that all images share at the top of the zip is no class: archives are often made of
    one folder.
    """

    def __init__(self, path: Path, name: str, labelled: bool) -> None:
        self.name = name
        self._path = path
        self._lock = threading.Lock()
        try:
            self._zip = zipfile.ZipFile(path)
        except (*_DAMAGED, NotImplementedError) as error:
            raise InputError(
                f"{path}: not a zip file, or a damaged one ({error}); copy or download it again"
            ) from None
        # Some programs on Windows write backslashes into zips; a name may be empty, too.
        infos = {
            parts: info
            for info in self._zip.infolist()
            if not info.filename.endswith("/")
            and (parts := PurePosixPath(info.filename.replace("\\", "/")).parts)
        }
        self._files = _image_files(infos)
        if not self._files:
            raise _no_images(path, "zip file")
        self._infos = [infos[file] for file in self._files]
        below = _without_common_top(self._files)
        self.labels, self.classes = _labels(below, path, labelled)

    def __len__(self) -> int:
        return len(self._files)

    def encoded(self, index: int) -> bytes:
        info = self._infos[index]
        if info.file_size > MAX_BYTES:
            raise too_large(info.file_size)
        if info.flag_bits & 0x1:
            raise UnreadableImageError(
                "it is encrypted; unpack the zip and zip it without a password"
            )
        if info.compress_type not in _BOUNDED:
            raise UnreadableImageError(
                f"packed in a way that is not read (method {info.compress_type}); unpack the zip"
                " and zip it by deflate"
            )
        try:
            # Members may be read by threads, but the count of readers that the zip keeps of them
            # is not guarded. Reading is short; decoding, which is not, goes on beside it.
            # Without a size, a few bytes would unfold to gigabytes before those are cut off.
            with self._lock, self._zip.open(info) as member:
                return member.read(info.file_size)
        except NotImplementedError as error:
            raise UnreadableImageError(f"packed in a way that cannot be read ({error})") from None
        except _DAMAGED as error:
            raise UnreadableImageError(f"damaged in the zip file ({error})") from None

    def where(self, index: int) -> str:
        return f"{self._path}: {printable('/'.join(self._files[index]))}"


def _walk(folder: Path) -> Iterator[Parts]:
    """All files below a folder, through links too, no folder twice."""

    def fail(error: OSError) -> None:
        raise error

    seen: set[tuple[int, int]] = set()
    for here, folders, files in os.walk(folder, onerror=fail, followlinks=True):
        status = Path(here).stat()
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        # Sorted, so that of two links to one folder it is always the same that counts.
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        base = Path(here).relative_to(folder).parts
        yield from ((*base, name) for name in files)


def _image_files(files: Iterable[Parts]) -> list[Parts]:
    """Those that are images by their suffix, sorted, without hidden ones and macOS's copies."""

    def counts(file: Parts) -> bool:
        hidden = any(part.startswith(".") or part == "__MACOSX" for part in file)
        return file[-1].lower().endswith(SUFFIXES) and not hidden

    return sorted(filter(counts, files))


def _without_common_top(files: Sequence[Parts]) -> Sequence[Parts]:
    if len({file[0] for file in files}) == 1 and all(len(file) > 1 for file in files):
        return [file[1:] for file in files]
    return files


def _labels(
    files: Sequence[Parts], where: Path, labelled: bool
) -> tuple[Labels | None, tuple[str, ...]]:
    if not labelled:
        return None, ()
    outside = [file for file in files if len(file) == 1]
    if outside:
        raise InputError(
            f"{where}: data.labels is true, but {len(outside):,} of {len(files):,} images lie in no"
            f" class folder ({printable(outside[0][0])}, for one);"
            " put the images of each class into a folder of its own, or set data.labels to false"
        )
    classes = tuple(sorted({file[0] for file in files}))
    numbers = {name: number for number, name in enumerate(classes)}
    return np.array([numbers[file[0]] for file in files], np.int32), classes


def _no_images(path: Path, kind: str) -> InputError:
    suffixes = ", ".join(SUFFIXES)
    return InputError(f"{path}: no images in this {kind} (files ending in {suffixes})")
