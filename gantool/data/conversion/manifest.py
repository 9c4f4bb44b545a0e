"""What a converted set consists of: the manifest beside its shards."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveInt, ValidationError

from gantool.data import records
from gantool.data.sources.record_files import record_files
from gantool.errors import InputError
from gantool.files import write_text

NAME = "manifest.json"
"""Of the file."""

FORMAT: Literal[1] = 1
"""The version of what is written here; another one is not read."""

_PIECE = 1 << 20


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Settings(_Part):
    """What was asked of a conversion; see `Conversion`. Heights come before widths."""

    size: tuple[PositiveInt, PositiveInt]
    crop: tuple[PositiveInt, PositiveInt] | None
    labels: bool
    shards: PositiveInt

    def as_options(self) -> str:
        """As the options of `gantool convert`."""
        height, width = self.size
        crop = f" --crop {self.crop[0]}x{self.crop[1]}" if self.crop else ""
        labels = "--labels" if self.labels else "--no-labels"
        return f"--size {height}x{width}{crop} {labels} --shards {self.shards}"


class Origin(_Part):
    """What was converted: its name, its number of images and the names of its classes."""

    name: str
    images: PositiveInt
    classes: tuple[str, ...]


class Shard(_Part):
    """One file.

    `source_sha256` is that of the SHA-256 of all images (before they were converted, each with its
    label) that belong to it, the skipped ones too.
    """

    file: str
    records: NonNegativeInt
    bytes: NonNegativeInt
    sha256: str
    source_sha256: str


class Skipped(_Part):
    """An image that could not be used: its number in the source, and what it is found by there."""

    number: NonNegativeInt
    image: str
    reason: str


class ClassCount(_Part):
    """A class, by the order of its numbers, and how many records have it."""

    name: str
    records: NonNegativeInt


class Manifest(_Part):
    """A converted set, or as much of it as is finished. Nothing in it depends on time or machine.

    Shards and skipped images are in the order of the source's images; `classes` are only in the
    manifest of a whole set.
    """

    format: Literal[1] = FORMAT
    source: Origin
    settings: Settings
    records: NonNegativeInt = 0
    classes: tuple[ClassCount, ...] = ()
    shards: tuple[Shard, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    def holding(self, shards: Iterable[Shard], skipped: Iterable[Skipped]) -> Manifest:
        """The same with these shards and skipped images, in any order, in place of its own."""
        shards = tuple(sorted(shards, key=lambda shard: shard.file))
        return self.model_copy(
            update={
                "records": sum(shard.records for shard in shards),
                "shards": shards,
                "skipped": tuple(sorted(skipped, key=lambda image: image.number)),
            }
        )


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a folder, whole or not at all."""
    write_text(folder / NAME, manifest.model_dump_json(indent=2) + "\n")


def read(folder: Path) -> Manifest | None:
    """The manifest of a folder; None if it has none.

    Raises:
        InputError: there is one that is damaged, or of something else.
    """
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(
            f"{path}: not the manifest of a converted set, or a damaged one"
            f" ({place + ': ' if place else ''}{first['msg']})"
        ) from None


def shard_difference(path: Path, shard: Shard) -> str | None:
    """What is wrong with a shard's file; None if it is as the manifest says."""
    if not path.is_file():
        return "is missing"
    size = path.stat().st_size
    if size != shard.bytes:
        return f"has {size:,} bytes, not {shard.bytes:,}"
    if (digest := _sha256(path)) != shard.sha256:
        return f"differs: its SHA-256 is {digest}, not {shard.sha256}"
    if (count := len(records.index(path))) != shard.records:
        return f"holds {count:,} records, not {shard.records:,}"
    return None


def differences(folder: Path, manifest: Manifest) -> list[str]:
    """What of a folder is not as its manifest says, a line each; empty if all is well."""
    found = [
        f"{folder / shard.file}: {difference}"
        for shard in manifest.shards
        if (difference := shard_difference(folder / shard.file, shard)) is not None
    ]
    known = {shard.file for shard in manifest.shards}
    found += [
        f"{path}: is not in the manifest" for path in record_files(folder) if path.name not in known
    ]
    if (count := sum(shard.records for shard in manifest.shards)) != manifest.records:
        found.append(
            f"{folder / NAME}: {manifest.records:,} records are not the {count:,} of its shards"
        )
    return found


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
