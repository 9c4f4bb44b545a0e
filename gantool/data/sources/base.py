"""What every source of images offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gantool.data.decoding import UnreadableImageError, decode
from gantool.data.fitting import Fit, decode_for
from gantool.data.sources.classes import Labels
from gantool.errors import InputError

Decoded = TypeVar("Decoded")

MAX_CLASSES = 100_000
"""A larger class number is an identifier or a damaged one: a label is one-hot for the networks."""

HEAD = 1 << 16
"""Bytes; the header of nearly any image file fits into so many."""


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

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines on what of the source was taken, left out or understood in a way to be told."""

    def __len__(self) -> int: ...

    def image(self, index: int) -> Image.Image:
        """Decode one image.

        Raises:
            UnreadableImageError: it cannot be read; the text says which and why.
        """

    def where(self, index: int) -> str:
        """What a user finds one image by: its path, member or record."""


@runtime_checkable
class PixelSource(Protocol):
    """A source whose images are arrays."""

    @property
    def image_size(self) -> tuple[int, int] | None:
        """Height and width of all images; None where they differ."""

    def pixels(self) -> NDArray[np.uint8] | None:
        """All images at once, [N, H, W] grey or [N, H, W, C]; None where they are to be read alone.

        Raises:
            InputError: They cannot be read.
        """


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

    def head(self, index: int) -> bytes:
        """The first bytes of one image file: `HEAD` of them, or all.

        Raises:
            UnreadableImageError, OSError: see `encoded`.
        """
        return self.encoded(index)

    def image(self, index: int) -> Image.Image:
        """See `ImageSource.image`."""
        return self._told(decode, index)

    def image_for(self, index: int, fit: Fit) -> tuple[Image.Image, int]:
        """Decode one image as `gantool.data.fitting.decode_for` does.

        Raises:
            UnreadableImageError: it cannot be read; the text says which and why.
        """
        return self._told(lambda content: decode_for(content, fit), index)

    def _told(self, decoder: Callable[[bytes], Decoded], index: int) -> Decoded:
        """Decode an image; an error says which one it is about."""
        try:
            return decoder(self.encoded(index))
        except UnreadableImageError as error:
            raise error.at(self.where(index)) from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise UnreadableImageError(reason).at(self.where(index)) from None
