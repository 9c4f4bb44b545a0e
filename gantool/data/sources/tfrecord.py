"""Images in TFRecord files of `tf.train.Example` records."""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property, lru_cache
from itertools import accumulate
from pathlib import Path

import numpy as np

from gantool.data import records
from gantool.data.decoding import UnreadableImageError
from gantool.data.sources.base import EncodedSource
from gantool.data.sources.choice import Choice
from gantool.data.sources.classes import Classes, Labels, NoClassesError, classify
from gantool.data.sources.example_features import (
    LABELS,
    Features,
    image_name,
    image_of,
    label_name,
    listed,
    no_image,
)
from gantool.data.sources.label_values import LabelError, class_of, classes_of
from gantool.data.sources.numpy_files import mapped
from gantool.data.sources.record_files import choose, class_names, label_file
from gantool.errors import InputError, printable

_OPEN_FILES = 256
"""A shuffled order goes from file to file, and to open one takes longer than to read a record."""


class TFRecordSource(EncodedSource):
    """The records of one or more files, one file after the other.

    Files compressed by gzip are held unpacked, up to `records.MAX_UNPACKED_BYTES` of all.

    Args:
        paths: Of the files, of which `choose` takes those of one split and one resolution.
        name: See `ImageSource.name`.
        choice: What of them is taken.
        notes: What is told of how they were chosen.

    Raises:
        InputError: A file is damaged, all are empty, or the first record has no image or no label.
        OSError: A file cannot be read.
    """

    def __init__(
        self, paths: Sequence[Path], name: str, choice: Choice, notes: tuple[str, ...] = ()
    ) -> None:
        self.name = name
        self._choice = choice
        self._paths, told = choose(paths, name, choice)
        self._notes = (*notes, *told)
        self._unpacked: dict[Path, records.UnpackedFile] = {}
        self._spans = [self._index(path) for path in self._paths]
        self._starts = [0, *accumulate(map(len, self._spans))]
        self._opened = lru_cache(_OPEN_FILES)(records.OpenFile)
        if len(self) == 0:
            raise InputError(f"{self._paths[0]}: no records in this file")
        self._beside = label_file(self._paths) if choice.labelled else None
        self._look_at_the_first()

    def __len__(self) -> int:
        return self._starts[-1]

    @property
    def labels(self) -> Labels | None:
        """See `ImageSource.labels`; all records are read at the first use."""
        return self._classes.labels if self._choice.labelled else None

    @property
    def classes(self) -> tuple[str, ...]:
        return self._classes.names if self._choice.labelled else ()

    @property
    def notes(self) -> tuple[str, ...]:
        return (*self._notes, *(self._classes.notes if self._choice.labelled else ()))

    @cached_property
    def _classes(self) -> Classes:
        if self._beside is not None:
            return self._classes_beside(self._beside)
        found = [self._label(index) for index in range(len(self))]
        kinds = {type(label): index for index, (label, _) in reversed(list(enumerate(found)))}
        sizes = {size: index for index, (_, size) in reversed(list(enumerate(found)))}
        if len(kinds) > 1 or len(sizes) > 1:
            first, second = sorted((kinds if len(kinds) > 1 else sizes).values())[:2]
            raise InputError(
                f"{self.where(second)}: its label is of another kind or length than that of"
                f" record {first}; labels are all numbers, all names or all one-hot vectors alike"
            )
        if str in kinds:
            names = [str(label) for label, _ in found]
            return classify(names, self.name, self._choice.classes)
        numbers = np.array([label for label, _ in found], np.int32)
        known = class_names(self._paths, self._label_name(self._example(0)) or LABELS[0])
        if len(known) <= int(numbers.max()):
            known = ()
        return classify(numbers, self.name, self._choice.classes, known)

    def _classes_beside(self, path: Path) -> Classes:
        array = mapped(path)
        if array.shape[:1] != (len(self),):
            raise InputError(f"{array}: not one label for each of the {len(self):,} records")
        found = classes_of(array.read(0, len(self)), lambda index: f"{path}, label {index}")
        return classify(found, self.name, self._choice.classes)

    def encoded(self, index: int) -> bytes:
        return image_of(self._example(index), self._choice.features.image)

    def where(self, index: int) -> str:
        file, number = self._place(index)
        return f"{self._paths[file]}, record {number}"

    def _index(self, path: Path) -> np.ndarray:
        if not records.is_gzip(path):
            return records.index(path)
        held = sum(file.size for file in self._unpacked.values())
        self._unpacked[path] = records.UnpackedFile(path, records.MAX_UNPACKED_BYTES - held)
        return self._unpacked[path].spans

    def _look_at_the_first(self) -> None:
        """Tell at once of a set whose records hold no image, or none of the labels asked for.

        Labels lie in the records, so all are known only when all are read.
        """
        try:
            features = self._example(0)
        except UnreadableImageError as error:
            if self._choice.labelled:
                raise error.at(self.where(0)) from None
            return
        named = self._choice.features.image
        if features and image_name(features, named) is None:
            raise InputError(f"{self.where(0)}: {no_image(features, named)}")
        if self._choice.labelled and self._beside is None:
            self._label(0)

    def _place(self, index: int) -> tuple[int, int]:
        file = bisect_right(self._starts, index) - 1
        return file, index - self._starts[file]

    def _example(self, index: int) -> Features:
        file, number = self._place(index)
        start, length = self._spans[file][number].tolist()
        path = self._paths[file]
        opened = self._unpacked.get(path) or self._opened(path)
        record = opened.read(start, length)
        if record is None:
            raise UnreadableImageError("the record is damaged: its checksum does not fit")
        features = records.decode_example(record)
        if features is None:
            raise UnreadableImageError("the record is no tf.train.Example")
        return features

    def _label_name(self, features: Features) -> str | None:
        return label_name(features, self._choice.features.label)

    def _label(self, index: int) -> tuple[int | str, int]:
        """The class of a record, and of how many values it is told."""
        try:
            features = self._example(index)
        except UnreadableImageError as error:
            raise error.at(self.where(index)) from None
        name = self._label_name(features)
        if name is None:
            expected = self._choice.features.label or f"a usual name ({', '.join(LABELS[:4])}, …)"
            raise NoClassesError(
                f"{self.where(index)}: data.labels is true, but the record has no class under"
                f" {printable(expected)}; it holds {listed(features)}: name it with data.features:"
                " {label: …}, or set data.labels to false"
            )
        values = features[name].values
        try:
            return class_of(values), len(values)
        except LabelError as error:
            raise InputError(f"{self.where(index)}: {error}") from None
