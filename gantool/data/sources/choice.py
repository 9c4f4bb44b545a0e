"""What of a source is taken, and as what."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from gantool.recipe.data import Data, Features, LabelFile

Split = Literal["train", "test", "validation", "all"]

Asked = bool | LabelFile | tuple[str, ...]
"""What says the classes of images: nothing, the source, a table, or attributes of CelebA's list."""

USUAL = Features()
"""The usual names of what records and arrays hold."""


@dataclass(frozen=True)
class Choice:
    """What a recipe or a command asks of a source.

    Attributes:
        labels: Whether the images have classes: False; True for those of the source; a file of
            labels; or attributes of CelebA's list.
        split: Which split of a source that has several; None for the training images.
        features: Names of what records and arrays hold, where the usual ones do not do.
        classes: The names of the classes in the order of their numbers; empty if nobody says.
        folder: That relative paths start from, before the working folder; None for no recipe.
    """

    labels: Asked = False
    split: Split | None = None
    features: Features = field(default_factory=Features)
    classes: tuple[str, ...] = ()
    folder: Path | None = None

    @property
    def labelled(self) -> bool:
        """Whether the images are to have classes."""
        return self.labels is not False


def asked_by(text: str) -> Asked:
    """What an option of a command asks, as `data.labels` does.

    `labels.csv`, `labels.csv:breed` for one of its columns, `Smiling` or `Smiling,Male`.
    """
    if table := re.fullmatch(r"(.+\.(?:csv|tsv|txt|json))(?::(.+))?", text, re.IGNORECASE):
        return LabelFile(file=table[1], column=table[2])
    return tuple(filter(None, map(str.strip, text.split(","))))


def naming(part: Literal["image", "label"], name: str = "NAME") -> str:
    """How a recipe, and commands without one, name the image or the label of a source."""
    return f"--set data.features.{part}={name} (inspect, convert: --features {part}={name})"


def choice_of(data: Data, folder: Path | None) -> Choice:
    """What a recipe asks of its source; `folder` is the recipe's own."""
    return Choice(
        labels=data.labels if isinstance(data.labels, (bool, LabelFile)) else tuple(data.labels),
        split=data.split,
        features=data.features,
        classes=data.classes or (),
        folder=folder,
    )
