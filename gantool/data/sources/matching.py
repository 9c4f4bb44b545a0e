"""Which row of a table is about which image, and which of its columns holds the classes."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from gantool.data.sources.classes import listed
from gantool.data.sources.kinds import Parts
from gantool.data.sources.tables import Table
from gantool.errors import InputError, printable
from gantool.recipe.suggest import did_you_mean

_ROWS = 1000
"""By which it is seen what the columns hold."""

_MAX_COLUMNS = 1000

_LONGEST = 4096
"""Characters of what may be the path of an image."""

_SEVERAL = -1

_ALL = _LONGEST

_LABELS = ("label", "class", "category", "target", "labels", "classes")
_OF_LABELS = tuple(f"{word}{end}" for end in ("name", "id", "index") for word in _LABELS[:3])
"""What the column of classes is called, letters and digits only."""


class Found(NamedTuple):
    """An image that a table calls by a name.

    Attributes:
        number: Of the image.
        rank: How well the name fits: with its suffix or without, and how many folders before it
            are those of the image, `_ALL` where none is another.
    """

    number: int
    rank: tuple[bool, int]


class ImageNames:
    """Finds images by what tables call them: paths, the names of files, these without a suffix.

    Args:
        files: Of each image, its folders and its name.
        depth: The number of folders at the top that tables need not name.
        root: The folders that lead to the first of those of each image.
    """

    def __init__(self, files: Sequence[Parts], depth: int = 0, root: Parts = ()) -> None:
        self._files = files
        self._root = root
        self._paths: dict[str, int] = {}
        self._names: dict[str, int] = {}
        self._stems: dict[str, int] = {}
        for index, file in enumerate(files):
            path, short = _same_form("/".join(file)), _same_form("/".join(file[depth:]))
            for known in dict.fromkeys((path, short)):
                _add(self._paths, known, index)
                _add(self._stems, _stem(known), index)
            name = path.rpartition("/")[2]
            _add(self._names, name, index)
            _add(self._stems, _stem(name), index)

    def __len__(self) -> int:
        return len(self._files)

    def find(self, value: str, by_stem: bool = True) -> Found | None:
        """The image that a table calls so; None if none is, or several are."""
        path, index, exact = self._look_up(value, by_stem)
        if index is None or index == _SEVERAL:
            return None
        return Found(index, (exact, self._shared(path, index)))

    def several(self, value: str, by_stem: bool = True) -> list[str]:
        """The paths of images that a table may mean, where it calls several so; else none."""
        path, index, exact = self._look_up(value, by_stem)
        if index != _SEVERAL:
            return []
        form: Callable[[str], str] = str if exact else _stem
        name = form(path).rpartition("/")[2]
        paths = ["/".join(file) for file in self._files if form(_same_form(file[-1])) == name]
        return [one for one in paths if form(_same_form(one)).endswith(form(path))] or paths

    def _look_up(self, value: str, by_stem: bool) -> tuple[str, int | None, bool]:
        """A value as a path, the image that it names, and whether it does so with its suffix."""
        if not value or len(value) > _LONGEST:
            return value, None, False
        path = _same_form(value.replace("\\", "/")).removeprefix("./")
        index, rest = self._paths.get(path), path
        while index is None and "/" in rest:
            rest = rest.partition("/")[2]
            index = self._paths.get(rest)
        if index is None:
            index = self._names.get(rest)
        exact = index is not None
        if index is None and by_stem:
            index = self._stems.get(_stem(path), self._stems.get(_stem(rest)))
        return path, index, exact

    def _shared(self, path: str, index: int) -> int:
        """How many folders before the name of a file are those of an image; `_ALL` if all are."""
        if "/" not in path:
            return _ALL
        told = reversed(path.split("/")[:-1])
        real = reversed([*self._root, *self._files[index][:-1]])
        pairs = enumerate(zip(told, real, strict=False))
        return next((at for at, (one, other) in pairs if one != _same_form(other)), _ALL)


def _add(known: dict[str, int], key: str, index: int) -> None:
    if known.setdefault(key, index) != index:
        known[key] = _SEVERAL


def _same_form(path: str) -> str:
    return unicodedata.normalize("NFC", path)


def _stem(path: str) -> str:
    folder, slash, name = path.rpartition("/")
    return folder + slash + (name.rpartition(".")[0] or name)


@dataclass(frozen=True)
class Columns:
    """What the columns of a table are.

    Attributes:
        names: Of each.
        files: The place of the one that names images.
        named_by_row: Whether the first row holds the names.
    """

    names: tuple[str, ...]
    files: int
    named_by_row: bool

    def find(self, name: str, where: str, what: str = "column") -> int:
        """The place of a column by its name.

        Raises:
            InputError: There is none.
        """
        if name in self.names:
            return self.names.index(name)
        lower = [known.lower() for known in self.names]
        if lower.count(name.lower()) == 1:
            return lower.index(name.lower())
        others = [known for at, known in enumerate(self.names) if at != self.files]
        raise InputError(
            f"{where}: it has no {what} {printable(name)}{did_you_mean(name, others)}; it has"
            f" {', '.join(map(printable, others[:100]))}"
        )


def find_columns(table: Table, images: ImageNames, where: str) -> Columns:
    """Find the column whose values name the most images.

    Raises:
        InputError: No column names an image, or a name is that of several.
    """
    head = list(islice(table.rows(), _ROWS))
    width = max(map(len, head), default=0)
    if not 0 < width <= _MAX_COLUMNS:
        raise InputError(f"{where}: {'the table is empty' if width == 0 else 'it is no table'}")
    for by_stem in (False, True):
        named = [
            {
                found.number
                for row in head
                if at < len(row) and (found := images.find(row[at], by_stem)) is not None
            }
            for at in range(width)
        ]
        files = max(range(width), key=lambda at: len(named[at]))
        if named[files]:
            break
    else:
        for by_stem in (False, True):
            _refuse_unclear((cell for row in head for cell in row), images, where, by_stem)
        first = ", ".join(printable(cell[:60]) for cell in head[-1][:5])
        raise InputError(
            f"{where}: no column names images of the source by their paths or file names; a row of"
            f" it is {first}"
        )
    named_by_row = not table.columns and images.find(_at(head[0], files)) is None
    given = table.columns or (tuple(head[0]) if named_by_row else ())
    names = tuple(_at(given, at) or f"column {at + 1}" for at in range(width))
    return Columns(names, files, named_by_row)


def label_column(columns: Columns, wanted: str | None, where: str) -> tuple[int, tuple[str, ...]]:
    """The place of the column that holds the classes, and notes.

    Raises:
        InputError: It is not there, or not known among several.
    """
    if wanted is not None:
        return columns.find(wanted, where), ()
    others = [at for at in range(len(columns.names)) if at != columns.files]
    if len(others) == 1:
        return others[0], ()
    plain = {re.sub(r"[\W_]", "", columns.names[at].lower()): at for at in reversed(others)}
    known = [plain[name] for name in (*_LABELS, *_OF_LABELS) if name in plain]
    if not known:
        names = [columns.names[at] for at in others]
        raise InputError(
            f"{where}: which column holds the classes? It has"
            f" {listed(names) or 'no other than that of files'}; name one, as in data.labels:"
            " {file: labels.csv, column: breed}"
        )
    return known[0], (f"{where}: classes are by its column {printable(columns.names[known[0]])}",)


def cells_of_images(
    table: Table, columns: Columns, wanted: Sequence[int], images: ImageNames, where: str
) -> tuple[list[tuple[str, ...] | None], int]:
    """The cells of each image in these columns, and how many rows name no image.

    An image without a row, or with an empty cell, has None.

    Raises:
        InputError: Two rows of one image differ, or an image has no row, and one names several.
    """
    found: list[tuple[str, ...] | None] = [None] * len(images)
    ranks: list[tuple[bool, int]] = [(False, -1)] * len(images)
    strangers = 0
    for row in islice(table.rows(), int(columns.named_by_row), None):
        image = images.find(_at(row, columns.files))
        cells = tuple(_at(row, at) for at in wanted)
        if image is None:
            strangers += 1
            continue
        index, rank = image
        # Of train/1.png and test/1.png, the one fits better that names the image's own folder.
        if rank < ranks[index] or not all(cells):
            continue
        if rank == ranks[index] and found[index] not in (None, cells):
            raise InputError(
                f"{where}: {printable(_at(row, columns.files))} is there with two classes,"
                f" {listed(found[index] or ())} and {listed(cells)}"
            )
        found[index], ranks[index] = cells, rank
    if strangers and None in found:
        _refuse_unclear((_at(row, columns.files) for row in table.rows()), images, where)
    return found, strangers


def _refuse_unclear(
    names: Iterable[str], images: ImageNames, where: str, by_stem: bool = True
) -> None:
    for name in names:
        if several := images.several(name, by_stem):
            raise InputError(
                f"{where}: {printable(name)} may be {' or '.join(map(printable, several[:2]))}:"
                " write the paths of images"
            )


def _at(row: Sequence[str], at: int) -> str:
    return row[at] if at < len(row) else ""
