"""Images of an IDX file, such as MNIST's; the labels lie in a file beside it."""

import re
import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gantool.data import idx
from gantool.data.sources.base import Labels, numbered_classes
from gantool.errors import InputError

_IMAGES = re.compile(r"images(?=[-.]idx3)")


def image_file(folder: Path) -> Path | None:
    """The IDX file of a folder that is to be trained on, if it holds any.

    Raises:
        InputError: there are several, and which one is the training set is not clear.
    """
    files = sorted(path for path in folder.iterdir() if _IMAGES.search(path.name))
    training = [path for path in files if path.name.startswith("train")] or files
    # The same file compressed and not is no choice to be made.
    if len({path.name.removesuffix(".gz") for path in training}) > 1:
        names = ", ".join(path.name for path in training)
        raise InputError(f"{folder}: several IDX files of images ({names}); name one of them")
    return training[0] if training else None


class IdxSource:
    """The images of one IDX file [N, H, W], grey."""

    def __init__(self, path: Path, name: str, labelled: bool) -> None:
        shape = idx.shape(path)
        if len(shape) != 3 or 0 in shape:
            dimensions = "×".join(map(str, shape))
            raise InputError(
                f"{path}: not a set of images: its dimensions are {dimensions}, and number, height"
                " and width are expected; name the file of the images (…images-idx3…)"
            )
        self.name = name
        self.labels = _labels(path, shape[0]) if labelled else None
        self.classes = () if self.labels is None else numbered_classes(self.labels)
        self._path = path
        self._count = shape[0]
        self._pixels: NDArray[np.uint8] | None = None
        self._reading = threading.Lock()

    def __len__(self) -> int:
        return self._count

    def image(self, index: int) -> Image.Image:
        return Image.fromarray(self.pixels()[index])

    def where(self, index: int) -> str:
        return f"{self._path}, image {index}"

    def pixels(self) -> NDArray[np.uint8]:
        """All images at once, [N, H, W]; the file is read at the first call.

        Raises:
            InputError: the file is damaged.
        """
        with self._reading:
            if self._pixels is None:
                self._pixels = idx.read(self._path)
            return self._pixels


def _labels(images: Path, count: int) -> Labels:
    path = _label_file(images)
    shape = idx.shape(path)
    if shape != (count,):
        found = "×".join(map(str, shape))
        raise InputError(f"{path}: {found} labels for the {count} images of {images.name}")
    return idx.read(path).astype(np.int32)


def _label_file(images: Path) -> Path:
    name = re.sub(r"images([-.])idx3", r"labels\1idx1", images.name).removesuffix(".gz")
    for candidate in (images.with_name(f"{name}.gz"), images.with_name(name)):
        if candidate != images and candidate.is_file():
            return candidate
    raise InputError(
        f"{images}: data.labels is true, but the labels are not beside it; put {name} (or"
        f" {name}.gz) into {images.parent}, or set data.labels to false"
    )
