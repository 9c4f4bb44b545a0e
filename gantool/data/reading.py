"""Sources as commands read them: opened by a name, with labels if there are any, image by image."""

from gantool.data.images import UnreadableImageError
from gantool.data.sources import ImageSource, open_images
from gantool.data.sources.base import EncodedSource
from gantool.data.sources.files import FolderSource
from gantool.data.undecoded import InFile, Undecoded, Unread
from gantool.errors import InputError


def open_named(source: str, labels: bool | None) -> ImageSource:
    """Open what a command calls SOURCE: what a recipe may name, relative to the working folder.

    Args:
        source: a catalogue name, a path or a pattern of paths.
        labels: whether the images are to have classes; None if the source decides: class folders
            (two or more), labels beside the images or in the records.

    Raises:
        NotDownloadedError: the source is a data set of the catalogue that is not there yet.
        InputError: it cannot be opened, or has no labels where they are asked for.
    """
    if labels is not None:
        return _open(source, labels)
    plain = _open(source, False)
    # Many a set lies whole in one folder that is no class.
    if isinstance(plain, FolderSource) and not plain.has_class_folders:
        return plain
    try:
        labelled = _open(source, True)
    except InputError:
        return plain
    return labelled if _has_several_classes(labelled) else plain


def find_undecoded(source: ImageSource, number: int) -> Undecoded | InFile:
    """An image that is not decoded; where it is a file of its own, not read either."""
    if isinstance(source, FolderSource):
        return InFile(source.where(number))
    try:
        return source.encoded(number) if isinstance(source, EncodedSource) else source.image(number)
    except UnreadableImageError as error:
        return Unread(str(error))
    except OSError as error:
        return Unread(error.strerror or str(error))


def _has_several_classes(source: ImageSource) -> bool:
    try:
        return len(source.classes) > 1
    except InputError:
        # There are labels, and one is damaged: whoever reads them is told.
        return True


def _open(source: str, labels: bool) -> ImageSource:
    if not source:
        raise InputError("SOURCE is empty; name a folder, a file or a data set of the catalogue")
    return open_images(source, None, labels)
