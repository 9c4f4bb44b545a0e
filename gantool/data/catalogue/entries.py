"""What the catalogue says of a data set: its files, where they come from, how they are checked."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class CatalogueFile:
    """One file of a data set.

    Attributes:
        name: of the file, here and on a mirror that a user names.
        size: in bytes.
        sha256: of the file as the mirrors serve it.
        mirrors: addresses of the file, in the order in which they are tried; none for a file that
            comes with gantool's repository.
        content_sha256: of what a compressed file unpacks to. The same content compressed by another
            program, and then of another size, is right too.
        unpacked: the folder at the top of an archive; it lies beside the other files in the end,
            and the archive is not kept. None for a file that is read as it is.
        trained_on: whether the set cannot be trained on without it.
    """

    name: str
    size: int
    sha256: str
    mirrors: tuple[str, ...] = ()
    content_sha256: str | None = None
    unpacked: str | None = None
    trained_on: bool = True

    @property
    def exact_size(self) -> int | None:
        """The only size that can be right, if there is one."""
        return None if self.content_sha256 is not None else self.size

    @property
    def place(self) -> str:
        """The name of what lies in the set's folder in the end: the file, or the folder in it."""
        return self.unpacked or self.name


@dataclass(frozen=True)
class DataSet:
    """A data set of the catalogue, or a network.

    Attributes:
        name: what a recipe calls it, and the folder that it lies in.
        files: all that belong to it.
        images: the name of the file or folder that holds the images to train on; empty for a
            network.
        form: how they are read: by what the file holds, as a folder of images, as the records of
            CIFAR-10 or CIFAR-100, or as a folder of images with labels as those of Flowers102.
        has_labels: whether each image belongs to a class.
        crop: height and width of the piece in the middle that papers train on; None for all.
    """

    name: str
    files: tuple[CatalogueFile, ...]
    images: str = ""
    form: Literal["file", "folder", "cifar10", "cifar100", "flowers"] = "file"
    has_labels: bool = True
    crop: tuple[int, int] | None = None
