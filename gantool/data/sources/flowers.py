"""Flowers102: a folder of images, whose classes stand in a file of MATLAB beside it."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import numpy as np

from gantool.data.sources.base import Labels, numbered_classes
from gantool.data.sources.files import FolderSource
from gantool.errors import InputError

_NUMBER = re.compile(r"image_(\d+)")


def flowers_source(folder: Path, name: str, labelled: bool) -> FolderSource:
    """Open the images of an unpacked folder `jpg`, with the labels of `imagelabels.mat` beside it.

    Raises:
        InputError: the folder holds no images, the label file is damaged, or an image has none.
    """
    source = FolderSource(folder, name, labelled=False)
    if labelled:
        source.labels = _labels(source, folder.with_name("imagelabels.mat"))
        source.classes = numbered_classes(source.labels)
    return source


def _labels(source: FolderSource, path: Path) -> Labels:
    """[N] int32 from 0 on, where the file counts from 1; image n has the n-th of its labels."""
    known = _read(path)
    numbers = [_NUMBER.fullmatch(Path(source.where(index)).stem) for index in range(len(source))]
    for index, number in enumerate(numbers):
        if number is None or not 1 <= int(number[1]) <= len(known):
            raise InputError(
                f"{source.where(index)}: {path} has no label for it (labels of image_00001 to"
                f" image_{len(known):05d}); remove the image, or set data.labels to false"
            )
    return known[[int(number[1]) - 1 for number in numbers if number is not None]]


def _read(path: Path) -> Labels:
    from scipy.io import loadmat

    content = path.read_bytes()
    try:
        labels = np.asarray(loadmat(BytesIO(content), variable_names=["labels"])["labels"]).ravel()
        smallest = int(labels.min())
    # A damaged file makes SciPy raise nearly anything.
    except Exception as error:
        raise InputError(
            f"{path}: the labels of Flowers102 cannot be read from it ({error}); run"
            " `gantool download flowers102` again"
        ) from None
    if smallest < 1 or not np.issubdtype(labels.dtype, np.integer):
        raise InputError(f"{path}: the labels of Flowers102 count from 1, and one is {smallest}")
    return labels.astype(np.int32) - 1
