"""Sources as commands read them: opened by a name, with labels if there are any, image by image."""

from gantool.data.decoding import UnreadableImageError
from gantool.data.sources import ImageSource, open_images
from gantool.data.sources.base import EncodedSource
from gantool.data.sources.choice import USUAL, Asked, Choice, Split
from gantool.data.sources.classes import NoClassesError
from gantool.data.sources.files import FileSource, FolderSource
from gantool.data.undecoded import InFile, Undecoded, Unread
from gantool.errors import InputError
from gantool.recipe.data import Features


class LabelsError(InputError):
    """A source has labels, and they cannot be read as they are."""


def open_named(
    source: str,
    labels: Asked | None,
    split: Split | None = None,
    features: Features = USUAL,
) -> ImageSource:
    """Open what a command calls SOURCE: what a recipe may name, relative to the working folder.

    Args:
        source: a catalogue name, a path or a pattern of paths.
        labels: what says the classes of the images; None if the source decides: class folders (two
            or more), labels beside the images or in the records.
        split: which split of a source that has several.
        features: names of what records and arrays hold, where the usual ones do not do.

    Raises:
        NotDownloadedError: the source is a data set of the catalogue that is not there yet.
        LabelsError: labels that the source decides on are there, and damaged or incomplete.
        InputError: it cannot be opened, or has no labels where they are asked for.
    """
    if not source:
        raise InputError("SOURCE is empty; name a folder, a file or a data set of the catalogue")
    if labels is not None:
        return open_images(source, Choice(labels, split, features))
    try:
        labelled = open_images(source, Choice(True, split, features))
    except InputError as error:
        plain = open_images(source, Choice(False, split, features))
        if not isinstance(error, NoClassesError):
            raise LabelsError(str(error)) from None
        if error.note and isinstance(plain, FileSource):
            plain.notes = (*plain.notes, error.note)
        return plain
    if _has_several_classes(labelled):
        return labelled
    return open_images(source, Choice(False, split, features))


def find_undecoded(source: ImageSource, number: int) -> Undecoded | InFile:
    """An image that is not decoded; where it is a file of its own, not read either."""
    if isinstance(source, FolderSource):
        return InFile(source.place(number))
    try:
        return source.encoded(number) if isinstance(source, EncodedSource) else source.image(number)
    except UnreadableImageError as error:
        return Unread(str(error))
    except OSError as error:
        return Unread(error.strerror or str(error))


def _has_several_classes(source: ImageSource) -> bool:
    try:
        return len(source.classes) > 1
    except NoClassesError:
        return False
    except InputError:
        # There are labels, and one is damaged: whoever reads them is told.
        return True
