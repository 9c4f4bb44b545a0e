"""Image files in a folder or in a zip."""

import os
import struct
import threading
import zipfile
import zlib
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from gantool.data.decoding import MAX_BYTES, UnreadableImageError
from gantool.data.formats import FORMATS
from gantool.data.sources import kinds
from gantool.data.sources.base import HEAD, EncodedSource
from gantool.data.sources.choice import Choice
from gantool.data.sources.classes import Labels
from gantool.data.sources.kinds import OF_SYSTEMS, Parts, is_hidden, sort_out
from gantool.data.sources.labels import ImageFiles, labels_of
from gantool.data.sources.layout import lay_out
from gantool.data.undecoded import read_file, too_large
from gantool.errors import InputError, printable

_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError)

_BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The only ways of packing that Python unpacks piece by piece, and not further than asked for."""


class FileSource(EncodedSource):
    """Image files, whose classes are the folders that they lie in, or those of a table."""

    labels: Labels | None = None
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        self._path = path
        self._files: Sequence[Parts] = ()

    def _take(self, files: Iterable[Parts], choice: Choice, kind: str) -> None:
        """Of all files that are not hidden, take the images that a choice asks for."""
        where = printable(str(self._path))
        found = sort_out(files, self._peek)
        told, lost = found.notes(where), found.lost()
        if not found.images:
            also = "".join(told[:1]).replace(f"{where}: ", "; ", 1)
            raise InputError(f"{where}: no images in this {kind} ({', '.join(FORMATS)}){also}")
        folders = Counter(file[:-1] for file in found.images)
        layout = lay_out(folders, where, choice.split)
        self._files = found.images
        if len(layout.places) < len(folders):
            self._files = [file for file in found.images if file[:-1] in layout.places]
        self.notes = (*told, *layout.notes)
        if choice.labelled:
            images = ImageFiles(self._path, self._files, layout, lost, self._member)
            classes, table = labels_of(images, choice)
            self.labels, self.classes = classes.labels, classes.names
            if table is not None:
                told = found.without(table).notes(where)
            self.notes = (*told, *layout.notes, *classes.notes)

    def __len__(self) -> int:
        return len(self._files)

    def _peek(self, file: Parts) -> bytes:
        """The first bytes of a file, to see of which kind it is; none where it cannot be read."""
        try:
            return self._member(file, kinds.HEAD) or b""
        except (OSError, InputError):
            return b""

    @abstractmethod
    def _member(self, file: Parts, most: int) -> bytes | None:
        """The first bytes of any file of the source, `most` at most; None if it is not there."""


class FolderSource(FileSource):
    """The image files of a folder and the folders in it, sorted by their paths.

    Args:
        folder: In which they lie.
        name: See `ImageSource`.
        choice: What of them is taken.
        files: Those to choose from; all where it is not given.
    """

    def __init__(
        self, folder: Path, name: str, choice: Choice, files: Iterable[Parts] | None = None
    ) -> None:
        super().__init__(folder, name)
        self._take(_walk(folder) if files is None else files, choice, "folder")

    def encoded(self, index: int) -> bytes:
        return read_file(self.place(index))

    def head(self, index: int) -> bytes:
        return read_file(self.place(index), HEAD)

    def place(self, index: int) -> str:
        """The path of an image's file."""
        return self._at(self._files[index])

    def where(self, index: int) -> str:
        return printable(self.place(index))

    def _at(self, file: Parts) -> str:
        return "/".join((str(self._path), *file))

    def _member(self, file: Parts, most: int) -> bytes | None:
        place = self._at(file)
        return read_file(place, most) if Path(place).exists() else None


class ZipSource(FileSource):
    """The image files of a zip, read from it one by one; nothing is unpacked to disk."""

    def __init__(self, path: Path, name: str, choice: Choice) -> None:
        super().__init__(path, name)
        self._lock = threading.Lock()
        try:
            self._zip = zipfile.ZipFile(path)
        except (*_DAMAGED, NotImplementedError) as error:
            raise InputError(
                f"{path}: not a zip file, or a damaged one ({error}); copy or download it again"
            ) from None
        # Some programs on Windows write backslashes into zips; a name may be empty, too.
        self._members = {
            parts: info
            for info in self._zip.infolist()
            if not info.filename.endswith("/")
            and (parts := PurePosixPath(info.filename.replace("\\", "/")).parts)
        }
        self._take(
            (file for file in self._members if not any(map(is_hidden, file))), choice, "zip file"
        )

    def encoded(self, index: int) -> bytes:
        return self._read(self._members[self._files[index]], MAX_BYTES)

    def head(self, index: int) -> bytes:
        return self._read(self._members[self._files[index]], HEAD)

    def where(self, index: int) -> str:
        return printable(f"{self._path}: {'/'.join(self._files[index])}")

    def _member(self, file: Parts, most: int) -> bytes | None:
        info = self._members.get(file)
        return None if info is None else self._read(info, most)

    def _read(self, info: zipfile.ZipInfo, most: int) -> bytes:
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
                return member.read(min(info.file_size, most))
        except NotImplementedError as error:
            raise UnreadableImageError(f"packed in a way that cannot be read ({error})") from None
        except _DAMAGED as error:
            raise UnreadableImageError(f"damaged in the zip file ({error})") from None


def _walk(folder: Path) -> Iterator[Parts]:
    """All files below a folder that are not hidden, through links too, no folder twice.

    A folder that is empty is told as a file without a name.
    """

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
        folders[:] = sorted(name for name in folders if not is_hidden(name))
        base = Path(here).relative_to(folder).parts
        if not folders and not files:
            yield (*base, "")
        yield from ((*base, name) for name in files if name[0] != "." and name not in OF_SYSTEMS)
