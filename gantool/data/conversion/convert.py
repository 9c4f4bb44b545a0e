"""From any source to a set of TFRecord shards that gantool reads, on all cores."""

import hashlib
import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from gantool.data.conversion import manifest
from gantool.data.conversion.folder import ConversionFolder, shard_name
from gantool.data.conversion.manifest import ClassCount, Manifest, Origin, Settings, Shard, Skipped
from gantool.data.conversion.tasks import Converted, Task, digests, split
from gantool.data.fitting import Size
from gantool.data.reading import LabelsError, find_undecoded, open_named
from gantool.data.sources.choice import USUAL, Asked, Split
from gantool.data.workers import StoppedError, Workers
from gantool.errors import InputError, printable
from gantool.files import complete_or_absent
from gantool.recipe.data import Features

IMAGES_PER_SHARD = 2048
"""Of the source, where the number of shards is not given."""


@dataclass
class ConversionProgress:
    """How far a conversion is.

    Attributes:
        images: of the source that are done, in this run or in an earlier one.
        all_images: of the source.
        shards: that are finished.
        all_shards: of the set.
        converted: images that this run converted.
        began: when this run began to convert, by the clock of `time.monotonic`.
    """

    images: int
    all_images: int
    shards: int
    all_shards: int
    converted: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Since this run began to convert."""
        return time.monotonic() - self.began


class Conversion:
    """A source and how it is to be converted; nothing is written by making one.

    Args:
        source: a catalogue name, a path or a pattern of paths.
        size: height and width of every image.
        crop: of the centred piece that is kept; None for the largest of the size's proportions.
        labels: what says the class numbers of records, if they get any; None for the source, if it
            has them.
        shards: how many; None for one per `IMAGES_PER_SHARD`.
        split: which split of a source that has several; None for the training images.
        features: see `open_named`.

    Attributes:
        notes: see `ImageSource.notes`.

    Raises:
        InputError: the source cannot be opened, or has fewer images than shards are wanted.
    """

    def __init__(
        self,
        source: str,
        size: Size,
        crop: Size | None,
        labels: Asked | None,
        shards: int | None,
        split: Split | None = None,
        features: Features = USUAL,
    ) -> None:
        self._named = source
        try:
            self._source = open_named(source, labels, split, features)
        except LabelsError as error:
            raise InputError(f"{error}; --no-labels converts without classes") from None
        try:
            self._labels = self._source.labels
        except InputError as error:
            raise InputError(f"{error}; without labels, --no-labels, it can be skipped") from None
        self.notes = self._source.notes
        count = len(self._source)
        shards = shards or -(-count // IMAGES_PER_SHARD)
        if shards > count:
            raise InputError(f"{source}: {shards:,} shards for {count:,} images; make fewer shards")
        self._empty = Manifest(
            source=Origin(
                name=printable(self._source.name), images=count, classes=self._source.classes
            ),
            settings=Settings(size=size, crop=crop, labels=self._labels is not None, shards=shards),
        )
        bounds = [count * number // shards for number in range(shards + 1)]
        self._shards = {
            shard_name(number, shards): range(*bounds[number : number + 2])
            for number in range(shards)
        }

    def run(
        self,
        folder: ConversionFolder,
        workers: Workers[Task, Converted],
        strict: bool,
        stop: Callable[[], bool],
    ) -> Iterator[ConversionProgress]:
        """Convert into a folder, or go on there; the set is complete when this ends unstopped.

        Shards of an earlier run are kept where they are whole. A set that is complete is only
        proven to be the one that would be made.

        Args:
            folder: where to.
            workers: that do `convert_task`, started.
            strict: whether an image that cannot be used is an error.
            stop: asked now and then; what is finished by then stays.

        Yields:
            The progress after some images, and after each shard.

        Raises:
            InputError: the folder belongs to another conversion, the source is no longer what it
                was, no image can be used, or, if strict, one cannot.
            OSError: the disk is full or failed.
        """
        try:
            if folder.complete() is None:
                with folder.alone():
                    if folder.complete() is None:
                        yield from self._fill(folder, workers, strict, stop)
                        return
            self._prove_complete(folder, strict, stop)
        except StoppedError:
            return

    def _prove_complete(
        self, folder: ConversionFolder, strict: bool, stop: Callable[[], bool]
    ) -> None:
        whole = folder.complete()
        assert whole is not None
        self._refuse_other(whole, folder)
        if found := manifest.differences(folder.path, whole):
            lines = "\n".join(found)
            raise InputError(f"{lines}\nremove the folder {folder.path} and convert again")
        self._refuse_changed_source(whole, folder, stop)
        self._refuse_skipped(whole.skipped, strict)

    def _fill(
        self,
        folder: ConversionFolder,
        workers: Workers[Task, Converted],
        strict: bool,
        stop: Callable[[], bool],
    ) -> Iterator[ConversionProgress]:
        so_far = self._kept(folder)
        self._refuse_changed_source(so_far, folder, stop)
        self._refuse_skipped(so_far.skipped, strict)
        manifest.write(folder.unfinished, so_far)
        kept = {shard.file for shard in so_far.shards}
        wanted = [file for file in self._shards if file not in kept]
        progress = ConversionProgress(
            images=len(self._source) - sum(len(self._shards[file]) for file in wanted),
            all_images=len(self._source),
            shards=len(kept),
            all_shards=len(self._shards),
        )
        results = workers.ordered(self._tasks(wanted), stop)
        for file in wanted:
            shard, skipped = yield from self._write(
                folder.unfinished / file, results, progress, strict
            )
            so_far = so_far.holding([*so_far.shards, shard], [*so_far.skipped, *skipped])
            manifest.write(folder.unfinished, so_far)
            progress.shards += 1
            yield replace(progress)
        if so_far.records == 0:
            folder.discard()
            first = so_far.skipped[0]
            raise InputError(
                f"{self._named}: none of the {len(self._source):,} images can be used; the first:"
                f" {first.image}: {first.reason}"
            )
        folder.publish(so_far.model_copy(update={"classes": self._class_counts(so_far)}))

    def _kept(self, folder: ConversionFolder) -> Manifest:
        """What an earlier run finished, as far as it lies there as it was written."""
        so_far = folder.so_far()
        if so_far is None:
            return self._empty
        self._refuse_other(so_far, folder)
        whole = [
            shard
            for shard in so_far.shards
            if manifest.shard_difference(folder.shard(shard.file), shard) is None
        ]
        skipped = [
            skipped
            for skipped in so_far.skipped
            if any(skipped.number in self._shards[shard.file] for shard in whole)
        ]
        return so_far.holding(whole, skipped)

    def _write(
        self, path: Path, results: Iterator[Converted], progress: ConversionProgress, strict: bool
    ) -> Generator[ConversionProgress, None, tuple[Shard, list[Skipped]]]:
        count, content, originals = 0, hashlib.sha256(), hashlib.sha256()
        skipped: list[Skipped] = []
        with complete_or_absent(path) as temporary, temporary.open("wb") as file:
            for numbers in split(self._shards[path.name], self._empty.settings.size):
                result = next(results)
                skipped += [self._skipped(numbers[at], reason) for at, reason in result.skipped]
                self._refuse_skipped(skipped, strict)
                file.write(result.data)
                content.update(result.data)
                originals.update(result.digests)
                count += result.records
                progress.images += len(numbers)
                progress.converted += len(numbers)
                yield replace(progress)
            size = file.tell()
        shard = Shard(
            file=path.name,
            records=count,
            bytes=size,
            sha256=content.hexdigest(),
            source_sha256=originals.hexdigest(),
        )
        return shard, skipped

    def _tasks(self, files: Iterable[str]) -> Iterator[Task]:
        size, crop = self._empty.settings.size, self._empty.settings.crop
        for file in files:
            for numbers in split(self._shards[file], size):
                labels = None
                if self._labels is not None:
                    labels = tuple(self._labels[numbers.start : numbers.stop].tolist())
                originals = [find_undecoded(self._source, number) for number in numbers]
                yield Task(originals, labels, size, crop)

    def _refuse_other(self, known: Manifest, folder: ConversionFolder) -> None:
        """Refuse to go on with a conversion of another source, or with other settings."""
        ours = self._empty.settings
        if known.settings != ours:
            raise InputError(
                f"{folder.path}: holds a conversion with other settings"
                f" ({known.settings.as_options()}; not {ours.as_options()}); name another folder,"
                " or remove this one"
            )
        if known.source != self._empty.source:
            raise self._other_source(folder)

    def _refuse_changed_source(
        self, known: Manifest, folder: ConversionFolder, stop: Callable[[], bool]
    ) -> None:
        """Read the images of finished shards again: they must be those that were converted."""
        for shard in known.shards:
            originals = hashlib.sha256()
            for task in self._tasks([shard.file]):
                originals.update(digests(task))
                if stop():
                    raise StoppedError
            if originals.hexdigest() != shard.source_sha256:
                raise self._other_source(folder)

    def _other_source(self, folder: ConversionFolder) -> InputError:
        return InputError(
            f"{folder.path}: holds a conversion of another source than {self._named}, or of what it"
            " was before it changed; name another folder, or remove this one"
        )

    def _refuse_skipped(self, skipped: Iterable[Skipped], strict: bool) -> None:
        first = next(iter(skipped), None)
        if strict and first is not None:
            raise InputError(
                f"{self._source.where(first.number)}: {first.reason}; repair or remove it, or"
                " convert without --strict, which skips it"
            )

    def _class_counts(self, whole: Manifest) -> tuple[ClassCount, ...]:
        if self._labels is None:
            return ()
        used = np.delete(self._labels, [skipped.number for skipped in whole.skipped])
        counts = np.bincount(used, minlength=len(self._source.classes)).tolist()
        pairs = zip(self._source.classes, counts, strict=True)
        return tuple(ClassCount(name=name, records=count) for name, count in pairs)

    def _skipped(self, number: int, reason: str) -> Skipped:
        # What only this machine knows of its place has no place in a manifest.
        name = Path(self._source.where(number)).relative_to(self._root).as_posix()
        return Skipped(number=number, image=name, reason=reason)

    @cached_property
    def _root(self) -> str:
        """The folder that all images share."""
        places = (Path(self._source.where(number)) for number in range(len(self._source)))
        return os.path.commonpath({str(place.parent) for place in places})
