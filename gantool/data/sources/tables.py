"""Tables of files and their classes: CSV, TSV, lists in columns, JSON."""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from typing import Any

from gantool.data.sources.classes import NoClassesError
from gantool.errors import InputError

MAX_BYTES = 1 << 26
"""Of a table."""

_SAMPLE = 20
"""Lines by which it is seen what parts the columns."""

_DELIMITERS = ("\t", ",", ";", "|")

Rows = Callable[[], Iterator[Sequence[str]]]


@dataclass(frozen=True)
class Table:
    """Rows of cells as text.

    Attributes:
        rows: Begins anew at each call; an empty line is no row.
        columns: Their names; empty where the first row may say them.
    """

    rows: Rows
    columns: tuple[str, ...] = ()


def read_table(content: bytes, where: str) -> Table:
    """Read a table of any of these forms; a JSON text may also be StyleGAN's dataset.json.

    Raises:
        InputError: It is none, or damaged.
    """
    if len(content) > MAX_BYTES:
        raise InputError(f"{where}: a table of more than {MAX_BYTES:,} bytes is not read")
    text = _decoded(content, where)
    if text.lstrip()[:1] in ("{", "["):
        return _json_table(text, where)
    return _columns_table(text, where)


def stylegan_labels(content: bytes, where: str) -> Table | None:
    """The table in a dataset.json of StyleGAN's; None if it is something else of that name.

    Raises:
        InputError: Its labels are null, or it is damaged.
    """
    if len(content) > MAX_BYTES:
        raise InputError(f"{where}: a table of more than {MAX_BYTES:,} bytes is not read")
    found = _loaded(_decoded(content, where), where)
    return _json_rows(found, where) if isinstance(found, dict) and "labels" in found else None


def _decoded(content: bytes, where: str) -> str:
    """Text of UTF-8 or of UTF-16 with its mark, as Excel saves it."""
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return content.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{where}: neither UTF-8 nor UTF-16 (byte {error.start:,}: {error.reason}); save it as"
            " UTF-8"
        ) from None


def _columns_table(text: str, where: str) -> Table:
    lines = text.split("\n", 2)
    # CelebA's lists begin with their length, and name no column of files.
    if len(lines) == 3 and lines[0].strip().isdecimal():
        named, rest = lines[1].split(), lines[2]
        first = rest.split("\n", 1)[0].split()
        if len(first) == len(named) + 1:
            return Table(
                lambda: (line.split() for line in StringIO(rest) if line.strip()), ("file", *named)
            )
    sample = [line for line in islice(StringIO(text), _SAMPLE) if line.strip()]
    delimiter = max(_DELIMITERS, key=lambda mark: _fitness(sample, mark))
    if _fitness(sample, delimiter)[0] < 2 and all(len(line.split()) > 1 for line in sample):
        return Table(lambda: _words(text))

    def rows() -> Iterator[Sequence[str]]:
        try:
            for row in csv.reader(StringIO(text, newline=""), delimiter=delimiter):
                cells = [cell.strip() for cell in row]
                if any(cells):
                    yield cells
        except csv.Error as error:
            raise InputError(f"{where}: no table, or a damaged one ({error})") from None

    return Table(rows)


def _words(text: str) -> Iterator[Sequence[str]]:
    return (words for line in StringIO(text) if (words := line.split()))


def _fitness(lines: Sequence[str], delimiter: str) -> tuple[int, int]:
    """The number of columns that all lines have at least, and that the first has."""
    try:
        counts = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
    except csv.Error:
        return 0, 0
    return (min(counts), counts[0]) if counts else (0, 0)


def _loaded(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: no JSON, or damaged ({error})") from None


def _json_table(text: str, where: str) -> Table:
    return _json_rows(_loaded(text, where), where)


def _json_rows(found: Any, where: str) -> Table:
    """The rows of a list of objects or pairs, or of an object with a key for each file."""
    if isinstance(found, dict) and "labels" in found:
        found = found["labels"]
        if found is None:
            raise NoClassesError(f"{where}: its labels are null: it gives the images no classes")
    if isinstance(found, dict):
        values = list(found.values())
        if values and all(isinstance(value, dict) for value in values):
            found = [{"file": name, **value} for name, value in found.items()]
        else:
            found = list(found.items())
    if isinstance(found, list) and found:
        if all(isinstance(row, dict) for row in found):
            columns = tuple(dict.fromkeys(key for row in found[:1000] for key in row))
            return Table(
                lambda: ([_cell(row.get(key), where) for key in columns] for row in found), columns
            )
        if all(isinstance(row, (list, tuple)) and len(row) == 2 for row in found):
            return Table(
                lambda: ([_cell(cell, where) for cell in row] for row in found), ("file", "label")
            )
    raise InputError(
        f'{where}: no table: expected a list of objects, as [{{"file": "a.png", "label":'
        ' "cat"}], a list of pairs, or an object of files and labels'
    )


def _cell(value: Any, where: str) -> str:
    """A value of JSON as text; the place of the one in a one-hot vector."""
    if value is None:
        return ""
    if isinstance(value, list) and value and all(isinstance(one, (int, float)) for one in value):
        if sorted(value) != [0] * (len(value) - 1) + [1]:
            raise InputError(
                f"{where}: a label is a vector of {len(value):,} numbers, and none with a single 1"
                " among zeros; give each image one class"
            )
        return str(value.index(1))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, str) else json.dumps(value)
