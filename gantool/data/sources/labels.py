"""What says the class of each image file: folders, a table, or CelebA's list of attributes."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gantool.data.sources.choice import Choice
from gantool.data.sources.classes import Classes, classify, listed
from gantool.data.sources.kinds import Parts
from gantool.data.sources.layout import Layout, class_names, without_chunks
from gantool.data.sources.matching import ImageNames, cells_of_images, find_columns, label_column
from gantool.data.sources.tables import MAX_BYTES, Table, read_table, stylegan_labels
from gantool.errors import InputError, printable
from gantool.recipe.data import LabelFile

_STYLEGAN = "dataset.json"

ATTRIBUTES = ("list_attr_celeba.txt", "list_attr_celeba.csv", "Anno/list_attr_celeba.txt")
"""Where CelebA's list of attributes may be: with the images, as Kaggle has it, and as it was given
out, with the folder Anno beside the folder of images."""

_WHOLE = re.compile(r"(-?\d+)\.0*")


@dataclass(frozen=True)
class ImageFiles:
    """The images of a folder or an archive, and how to read what lies beside them.

    Attributes:
        path: Of the folder or the archive.
        files: The images that are taken, sorted.
        layout: See `Layout`.
        lost: What is said of folders without an image.
        member: The first bytes of another file of the source, at most so many; None if it is not
            there.
    """

    path: Path
    files: Sequence[Parts]
    layout: Layout
    lost: Sequence[str]
    member: Callable[[Parts, int], bytes | None]


def labels_of(images: ImageFiles, choice: Choice) -> tuple[Classes, Parts | None]:
    """The class of each image, by what the choice says, and the file of the source that tells it.

    Raises:
        InputError: There are none, they are damaged, or images have none.
    """
    if isinstance(choice.labels, LabelFile):
        table, place, inside = _table(images, choice, (choice.labels.file,))
        return _by_table(images, table, place, choice, choice.labels.column), inside
    if isinstance(choice.labels, tuple):
        table, place, inside = _table(images, choice, ATTRIBUTES)
        return _by_attributes(images, table, place, choice, choice.labels), inside
    for folder in dict.fromkeys(((), images.layout.top)):
        inside = (*folder, _STYLEGAN)
        content = images.member(inside, MAX_BYTES + 1)
        place = f"{printable(str(images.path))}, {printable('/'.join(inside))}"
        if content is not None and (found := stylegan_labels(content, place)) is not None:
            return _by_table(images, found, place, choice, None), inside
    return _by_folders(images, choice), None


def _by_folders(images: ImageFiles, choice: Choice) -> Classes:
    where = printable(str(images.path))
    places: Mapping[Parts, Parts] = images.layout.places
    # Who names the classes knows that there are some.
    if not choice.classes:
        places = without_chunks(places, images.files, where)
    names, notes = class_names(places, images.files, where, images.lost)
    classes = classify([names[file[:-1]] for file in images.files], where, choice.classes)
    return Classes(classes.labels, classes.names, (*notes, *classes.notes))


def _table(
    images: ImageFiles, choice: Choice, names: Sequence[str]
) -> tuple[Table, str, Parts | None]:
    """The table of one of these names, where it is, and which file of the source it is, if one.

    It is looked for in the source, beside it and beside the folder that it lies in, in the recipe's
    folder and in the working folder.

    Raises:
        InputError: There is none, or it is damaged.
    """
    for name in names:
        parts = Path(name).parts
        for inside in dict.fromkeys((parts, (*images.layout.top, *parts))):
            if (content := images.member(inside, MAX_BYTES + 1)) is not None:
                place = f"{printable(str(images.path))}, {printable('/'.join(inside))}"
                return read_table(content, place), place, inside
    path = images.path.absolute()
    folders = dict.fromkeys((path.parent, path.parent.parent, choice.folder or Path(), Path()))
    for name in names:
        for folder in folders:
            file = folder / Path(name).expanduser()
            if file.is_file():
                with file.open("rb") as opened:
                    return read_table(opened.read(MAX_BYTES + 1), str(file)), str(file), None
    looked = ", ".join(printable(str(folder)) for folder in (images.path, *folders))
    raise InputError(f"{_missing(choice)} (looked in {looked})")


def _missing(choice: Choice) -> str:
    if isinstance(choice.labels, LabelFile):
        return f"data.labels: the table {choice.labels.file} is not there"
    assert isinstance(choice.labels, tuple)
    return (
        f"data.labels: {listed(choice.labels)} would be of CelebA's list of attributes, and no"
        f" {ATTRIBUTES[0]} is there; the name of a table ends in .csv, .tsv, .txt or .json"
    )


def _by_table(
    images: ImageFiles, table: Table, place: str, choice: Choice, column: str | None
) -> Classes:
    names = _names(images)
    columns = find_columns(table, names, place)
    at, told = label_column(columns, column, place)
    found, strangers = cells_of_images(table, columns, [at], names, place)
    labels = [cells[0] for cells in _complete(images, found, place)]
    # What went through a program for numbers: 1.0 where 1 is meant.
    if all(map(_WHOLE.fullmatch, set(labels))):
        labels = [label.partition(".")[0] for label in labels]
    classes = classify(labels, place, choice.classes)
    return Classes(
        classes.labels, classes.names, (*told, *_strangers(place, strangers), *classes.notes)
    )


def _by_attributes(
    images: ImageFiles, table: Table, place: str, choice: Choice, attributes: Sequence[str]
) -> Classes:
    names = _names(images)
    columns = find_columns(table, names, place)
    wanted = [columns.find(name, place, "attribute") for name in attributes]
    found, strangers = cells_of_images(table, columns, wanted, names, place)
    rows = _complete(images, found, place)
    if other := {cell for cells in set(rows) for cell in cells} - {"1", "-1", "0"}:
        raise InputError(
            f"{place}: attributes are 1 or -1, and {printable(min(other))} is neither; a column of"
            " classes is named by data.labels: {file: …, column: …}"
        )
    shown = [columns.names[at] for at in wanted]

    def name(cells: tuple[str, ...]) -> str:
        pairs = zip(shown, cells, strict=True)
        return ", ".join(word if cell == "1" else f"not {word}" for word, cell in pairs)

    known = [
        name(cells) for cells in sorted(set(rows), key=lambda cells: [c == "1" for c in cells])
    ]
    classes = classify([name(cells) for cells in rows], place, choice.classes, known)
    return Classes(classes.labels, classes.names, (*_strangers(place, strangers), *classes.notes))


def _names(images: ImageFiles) -> ImageNames:
    root = images.path.absolute().parts
    return ImageNames(images.files, len(images.layout.top), root)


def _complete(
    images: ImageFiles, found: Sequence[tuple[str, ...] | None], place: str
) -> list[tuple[str, ...]]:
    missing = [at for at, cells in enumerate(found) if cells is None]
    if missing:
        raise InputError(
            f"{place}: {len(missing):,} of {len(found):,} images have no class in it"
            f" ({printable('/'.join(images.files[missing[0]]))}, for one); add them, or remove the"
            " images"
        )
    return [cells for cells in found if cells is not None]


def _strangers(place: str, count: int) -> tuple[str, ...]:
    what = "row names" if count == 1 else "rows name"
    return (f"{place}: {count:,} {what} no image that is taken",) if count else ()
