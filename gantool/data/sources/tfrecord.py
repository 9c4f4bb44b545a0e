"""Encoded images in TFRecord files of `tf.train.Example` records."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property, lru_cache
from itertools import accumulate
from pathlib import Path

import numpy as np

from gantool.data import records
from gantool.data.images import UnreadableImageError
from gantool.data.sources.base import MAX_CLASSES, EncodedSource, Labels, numbered_classes
from gantool.errors import InputError, printable

_OPEN_FILES = 256
"""A shuffled order goes from file to file, and to open one takes longer than to read a record."""

_NAME = re.compile(r"\.tfrecords?(-\d+-of-\d+)?$")


_NAMES = 10
"""Of features, told in a message."""


def is_tfrecord_name(name: str) -> bool:
    """Whether a file is called as TFRecord files are: x.tfrecord, x.tfrecord-00000-of-00010."""
    return _NAME.search(name) is not None and not name.startswith(".")


def record_files(folder: Path) -> list[Path]:
    """The TFRecord files that lie directly in a folder, sorted."""
    return sorted(path for path in folder.iterdir() if is_tfrecord_name(path.name))


class TFRecordSource(EncodedSource):
    """The records of one or more files, one file after the other."""

    def __init__(self, paths: Sequence[Path], name: str, labelled: bool) -> None:
        self.name = name
        self._paths = paths
        self._spans = [records.index(path) for path in paths]
        self._starts = [0, *accumulate(map(len, self._spans))]
        self._opened = lru_cache(_OPEN_FILES)(records.OpenFile)
        self._labelled = labelled
        if len(self) == 0:
            raise InputError(f"{paths[0]}: no records in this file")
        if labelled:
            # Labels lie in the records, so all are known only when all are read. That a set has
            # none is seen by its first record, before anybody waits for the rest.
            self._label(0)

    def __len__(self) -> int:
        return self._starts[-1]

    @cached_property
    def labels(self) -> Labels | None:
        """See `ImageSource.labels`; all records are read at the first use."""
        if not self._labelled:
            return None
        return np.array([self._label(index) for index in range(len(self))], np.int32)

    @property
    def classes(self) -> tuple[str, ...]:
        return () if self.labels is None else numbered_classes(self.labels)

    def encoded(self, index: int) -> bytes:
        example = self._example(index)
        if example.image is None:
            expected = ", ".join(records.IMAGE_FEATURES)
            found = _listed(example.names) or "nothing"
            raise UnreadableImageError(
                f"no encoded image in it (bytes under one of {expected}); it holds {found}"
            )
        return example.image

    def where(self, index: int) -> str:
        file, number = self._place(index)
        return f"{self._paths[file]}, record {number}"

    def _place(self, index: int) -> tuple[int, int]:
        file = bisect_right(self._starts, index) - 1
        return file, index - self._starts[file]

    def _example(self, index: int) -> records.Example:
        file, number = self._place(index)
        start, length = self._spans[file][number].tolist()
        record = self._opened(self._paths[file]).read(start, length)
        if record is None:
            raise UnreadableImageError("the record is damaged: its checksum does not fit")
        example = records.decode_example(record)
        if example is None:
            raise UnreadableImageError("the record is no tf.train.Example")
        return example

    def _label(self, index: int) -> int:
        try:
            label = self._example(index).label
        except UnreadableImageError as error:
            raise error.at(self.where(index)) from None
        if label is None:
            expected = " or ".join(records.LABEL_FEATURES)
            raise InputError(
                f"{self.where(index)}: data.labels is true, but the record has no class number"
                f" (int64 under {expected}); write one into each, or set data.labels to false"
            )
        if not 0 <= label < MAX_CLASSES:
            raise InputError(
                f"{self.where(index)}: its label is {label}; labels are class numbers from 0"
                f" to {MAX_CLASSES - 1:,}"
            )
        return label


def _listed(names: Sequence[str]) -> str:
    """Names from a file, of any length and with any character, for a line of text."""
    told = [printable(name if len(name) <= 60 else f"{name[:60]}…") for name in names[:_NAMES]]
    return ", ".join(told) + (f" and {len(names) - _NAMES} more" if len(names) > _NAMES else "")
