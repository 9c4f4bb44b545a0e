"""CIFAR-10 and CIFAR-100 in their "binary version": files of records of fixed length.

A record is its label (CIFAR-100: two, of which the second is the finer), and then the red, the
green and the blue plane of an image, one byte a pixel (https://www.cs.toronto.edu/~kriz/cifar.html).
"""

import re
import stat
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gantool.data.sources.choice import Choice
from gantool.data.sources.classes import Labels, classify
from gantool.data.sources.splits import no_such_split, split_of
from gantool.errors import InputError

SIDE = 32
"""Height and width of an image, in pixels."""

_MAX_BYTES = 1 << 28
_BATCH = re.compile(r"data_batch_\d+\.bin")


@dataclass(frozen=True)
class Layout:
    """What the folder of an unpacked archive holds.

    Attributes:
        batches: the files of the images to train on.
        test: the file of those to test on; empty for none.
        class_names: the file with the name of each class, a line each.
        label_bytes: at the start of a record; the last of them is the class.
        classes: how many there are.
    """

    batches: tuple[str, ...]
    test: str
    class_names: str
    label_bytes: int
    classes: int


CIFAR10 = Layout(
    tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
    "test_batch.bin",
    "batches.meta.txt",
    1,
    10,
)
CIFAR100 = Layout(("train.bin",), "test.bin", "fine_label_names.txt", 2, 100)


def folder_layout(folder: Path) -> Layout | None:
    """The layout of a folder that is one of CIFAR's, with as many batches as are there, or None."""
    if (folder / CIFAR100.batches[0]).is_file() and (folder / CIFAR100.class_names).is_file():
        return CIFAR100
    batches = [path.name for path in folder.iterdir() if _BATCH.fullmatch(path.name)]
    return replace(CIFAR10, batches=tuple(sorted(batches))) if batches else None


def file_layout(path: Path) -> Layout | None:
    """The layout of a file of CIFAR's records, by its length and its labels; None if it is none."""
    size = path.stat().st_size
    if path.suffix != ".bin" or size > _MAX_BYTES:
        return None
    for layout in (CIFAR10, CIFAR100):
        length = layout.label_bytes + 3 * SIDE * SIDE
        if size and size % length == 0:
            labels = np.fromfile(path, np.uint8).reshape(-1, length)[:, layout.label_bytes - 1]
            if labels.max() < layout.classes:
                return replace(layout, batches=(path.name,), test="")
    return None


class CifarSource:
    """The images of an unpacked archive, RGB, those of one split; read when opened.

    Raises:
        InputError: a file of it is damaged or of another kind.
        OSError: a file of it cannot be read.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        choice: Choice,
        layout: Layout,
        notes: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self._files = [folder / batch for batch in _files(layout, name, choice)]
        batches = [_records(path, layout) for path in self._files]
        self._counts = [len(batch) for batch in batches]
        records = np.concatenate(batches)
        planes = records[:, layout.label_bytes :].reshape(-1, 3, SIDE, SIDE)
        self._pixels = np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
        self.labels: Labels | None = None
        self.classes: tuple[str, ...] = ()
        self.notes = notes
        if choice.labelled:
            listed = folder / layout.class_names
            known = _class_names(listed, layout.classes) if listed.exists() else ()
            numbers = records[:, layout.label_bytes - 1]
            found = classify(numbers, name, choice.classes, known)
            self.labels, self.classes = found.labels, found.names
            self.notes = (*notes, *found.notes)

    def __len__(self) -> int:
        return len(self._pixels)

    def image(self, index: int) -> Image.Image:
        return Image.fromarray(self._pixels[index])

    def where(self, index: int) -> str:
        for path, count in zip(self._files, self._counts, strict=True):
            if index < count:
                return f"{path}, image {index}"
            index -= count
        raise IndexError(index)


def _files(layout: Layout, name: str, choice: Choice) -> tuple[str, ...]:
    if choice.split in (None, "train") or (choice.split == "all" and not layout.test):
        return layout.batches
    if choice.split == "all":
        return (*layout.batches, layout.test)
    if choice.split == "test" and layout.test:
        return (layout.test,)
    if split_of(layout.batches[0]) == choice.split:
        return layout.batches
    raise no_such_split(name, choice.split, ("train", "test") if layout.test else ())


def _records(path: Path, layout: Layout) -> NDArray[np.uint8]:
    """[N, label bytes + 3 · 32 · 32] uint8."""
    length = layout.label_bytes + 3 * SIDE * SIDE
    status = path.stat()
    # A pipe would be waited for, a device may have no end.
    if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_BYTES:
        raise InputError(f"{path}: not a file of CIFAR: it is larger than any, or no plain file")
    content = np.fromfile(path, np.uint8)
    if content.size == 0 or content.size % length:
        raise InputError(
            f"{path}: damaged: {content.size:,} bytes are no whole number of records of {length:,};"
            " remove its folder and run `gantool download` again"
        )
    records = content.reshape(-1, length)
    highest = int(records[:, layout.label_bytes - 1].max())
    if highest >= layout.classes:
        raise InputError(
            f"{path}: damaged: a label is {highest}, and labels go from 0 to {layout.classes - 1};"
            " remove its folder and run `gantool download` again"
        )
    return records


def _class_names(path: Path, count: int) -> tuple[str, ...]:
    names = tuple(path.read_text(encoding="utf-8", errors="replace").split())
    if len(names) != count:
        raise InputError(
            f"{path}: damaged: {len(names):,} names for {count} classes; remove its folder and run"
            " `gantool download` again"
        )
    return names
