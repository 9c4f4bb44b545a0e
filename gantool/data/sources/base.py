"""What every source of images offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gantool.data.images import UnreadableImageError, decode, decode_for
from gantool.errors import InputError

Labels = NDArray[np.int32]
Decoded = TypeVar("Decoded")

MAX_CLASSES = 100_000
"""A larger class number is an identifier or a damaged one: a label is one-hot for the networks."""


class NotDownloadedError(InputError):
    """A data set of the catalogue that is not on this machine yet."""


class ImageSource(Protocol):
    """Images in a fixed order. Opening one reads no image; all methods may be called by threads."""

    @property
    def name(self) -> str:
        """The catalogue's name, or that of the folder or file."""

    @property
    def labels(self) -> Labels | None:
        """[N] int32, each image's class; None where the recipe asks for none.

        Raises:
            InputError: an image has no usable label (TFRecord, where labels lie in the records).
        """

    @property
    def classes(self) -> tuple[str, ...]:
        """The name of each class; empty where `labels` is None."""

    def __len__(self) -> int: ...

    def image(self, index: int) -> Image.Image:
        """Decode one image.

        Raises:
            UnreadableImageError: it cannot be read; the text says which and why.
        """

    def where(self, index: int) -> str:
        """What a user finds one image by: its path, member or record."""


class EncodedSource(ABC):
    """A source whose images are the bytes of image files."""

    @abstractmethod
    def encoded(self, index: int) -> bytes:
        """The bytes of one image file.

        Raises:
            UnreadableImageError: with the reason, but not the image's place.
            OSError: the file cannot be read.
        """

    @abstractmethod
    def where(self, index: int) -> str:
        """See `ImageSource.where`."""

    def image(self, index: int) -> Image.Image:
        """See `ImageSource.image`."""
        return self._told(decode, index)

    def image_for(
        self, index: int, size: tuple[int, int], crop: tuple[int, int] | None
    ) -> tuple[Image.Image, int]:
        """Decode one image as `gantool.data.images.decode_for` does.

        Raises:
            UnreadableImageError: it cannot be read; the text says which and why.
        """
        return self._told(lambda content: decode_for(content, size, crop), index)

    def _told(self, decoder: Callable[[bytes], Decoded], index: int) -> Decoded:
        """Decode an image; an error says which one it is about."""
        try:
            return decoder(self.encoded(index))
        except UnreadableImageError as error:
            raise error.at(self.where(index)) from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise UnreadableImageError(reason).at(self.where(index)) from None


def numbered_classes(labels: Labels) -> tuple[str, ...]:
    """The names of classes that have only numbers: "0" to the highest."""
    return tuple(str(number) for number in range(int(labels.max()) + 1))
