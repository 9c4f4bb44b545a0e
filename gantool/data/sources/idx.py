"""Images of an IDX file, such as MNIST's; the labels lie in a file beside it."""

import re
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gantool.data import idx
from gantool.data.sources.choice import Choice, Split
from gantool.data.sources.classes import Classes, NoClassesError, classify
from gantool.data.sources.splits import chosen_split, split_of
from gantool.errors import InputError

_IMAGES = re.compile(r"images(?=[-.]idx3)")


def image_files(folder: Path, split: Split | None) -> tuple[list[Path], tuple[str, ...]] | None:
    """The IDX files of images of a split in a folder, and lines on others; None if it holds none.

    One file, or one of each split where all are asked for, that of train first.

    Raises:
        InputError: there are several, and which one is meant is not clear.
    """
    files = sorted(path for path in folder.iterdir() if _IMAGES.search(path.name))
    if not files:
        return None
    # The same file compressed and not is no choice to be made.
    names = {path.name.removesuffix(".gz"): path for path in reversed(files)}
    parts = [(split_of(name), path) for name, path in sorted(names.items())]
    parts.sort(key=lambda part: part[0] != "train")
    chosen, notes = chosen_split(parts, folder.name, split, "files")
    if len(chosen) > (len({part for part, _ in parts}) if split == "all" else 1):
        told = ", ".join(path.name for path in chosen)
        raise InputError(f"{folder}: several IDX files of images ({told}); name one of them")
    return chosen, notes


class IdxSource:
    """The images of one or more IDX files [N, H, W], grey, one after the other."""

    def __init__(
        self, paths: Sequence[Path], name: str, choice: Choice, notes: tuple[str, ...] = ()
    ) -> None:
        shapes = [_shape(path) for path in paths]
        if len({shape[1:] for shape in shapes}) > 1:
            told = ", ".join(
                f"{path} {height}×{width}"
                for path, (_, height, width) in zip(paths, shapes, strict=True)
            )
            raise InputError(f"{name}: images of several sizes ({told}); name one of these files")
        self.name = name
        self._paths = paths
        self._counts = [shape[0] for shape in shapes]
        known = self._classes(choice) if choice.labelled else None
        self.labels = None if known is None else known.labels
        self.classes = () if known is None else known.names
        self.notes = notes if known is None else (*notes, *known.notes)
        self.image_size = shapes[0][1:]
        self._pixels: NDArray[np.uint8] | None = None
        self._reading = threading.Lock()

    def __len__(self) -> int:
        return sum(self._counts)

    def image(self, index: int) -> Image.Image:
        return Image.fromarray(self.pixels()[index])

    def where(self, index: int) -> str:
        for path, count in zip(self._paths, self._counts, strict=True):
            if index < count:
                return f"{path}, image {index}"
            index -= count
        raise IndexError(index)

    def pixels(self) -> NDArray[np.uint8]:
        """All images at once, [N, H, W]; the files are read at the first call.

        Raises:
            InputError: a file is damaged.
        """
        with self._reading:
            if self._pixels is None:
                read = [idx.read(path) for path in self._paths]
                self._pixels = read[0] if len(read) == 1 else np.concatenate(read)
            return self._pixels

    def _classes(self, choice: Choice) -> Classes:
        labels = list(map(_labels, self._paths, self._counts))
        return classify(np.concatenate(labels), self.name, choice.classes)


def _shape(path: Path) -> tuple[int, int, int]:
    shape = idx.shape(path)
    if len(shape) != 3 or 0 in shape:
        dimensions = "×".join(map(str, shape))
        raise InputError(
            f"{path}: not a set of images: its dimensions are {dimensions}, and number, height"
            " and width are expected; name the file of the images (…images-idx3…)"
        )
    return shape[0], shape[1], shape[2]


def _labels(images: Path, count: int) -> NDArray[np.uint8]:
    """[N], those of a file of images."""
    path = _label_file(images)
    shape = idx.shape(path)
    if shape != (count,):
        found = "×".join(map(str, shape))
        raise InputError(f"{path}: {found} labels for the {count} images of {images.name}")
    return idx.read(path)


def _label_file(images: Path) -> Path:
    name = re.sub(r"images([-.])idx3", r"labels\1idx1", images.name).removesuffix(".gz")
    for candidate in (images.with_name(f"{name}.gz"), images.with_name(name)):
        if candidate != images and candidate.is_file():
            return candidate
    raise NoClassesError(
        f"{images}: data.labels is true, but the labels are not beside it; put {name} (or"
        f" {name}.gz) into {images.parent}, or set data.labels to false"
    )
