"""Three random digits as the channels of an image: a thousand modes that can be counted."""

import threading

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gantool.data.catalogue import STACKED
from gantool.data.sources.base import PixelSource
from gantool.data.sources.classes import Labels

_COUNT = 100_000


class StackedSource:
    """100,000 stacks of three digits, drawn once (Metz et al. 2017, Unrolled GAN, section 3.3.1).

    The class of one whose channels show 3, 0 and 7 is 307.

    Attributes:
        labels: See `ImageSource`.
        classes: See `ImageSource`.
        notes: See `ImageSource`.
        image_size: See `PixelSource`.
    """

    def __init__(self, digits: PixelSource, labels: Labels, labelled: bool) -> None:
        self.name = STACKED
        self._digits = digits
        self._chosen = np.random.default_rng(0).integers(0, len(labels), (_COUNT, 3))
        numbers = labels[self._chosen] @ np.array([100, 10, 1], np.int32)
        self.labels: Labels | None = numbers.astype(np.int32) if labelled else None
        self.classes = tuple(f"{number:03}" for number in range(1000)) if labelled else ()
        self.notes: tuple[str, ...] = ()
        self.image_size = digits.image_size
        self._pixels: NDArray[np.uint8] | None = None
        self._stacking = threading.Lock()

    def __len__(self) -> int:
        return _COUNT

    def image(self, index: int) -> Image.Image:
        return Image.fromarray(self.pixels()[index])

    def where(self, index: int) -> str:
        return f"{STACKED}: image {index}, of the digits {', '.join(map(str, self._chosen[index]))}"

    def pixels(self) -> NDArray[np.uint8]:
        """All images at once, [N, 28, 28, 3].

        Raises:
            InputError: a file of the digits is damaged.
        """
        with self._stacking:
            if self._pixels is None:
                digits = self._digits.pixels()
                assert digits is not None
                channels = [digits[self._chosen[:, channel]] for channel in range(3)]
                self._pixels = np.stack(channels, axis=-1)
            return self._pixels
