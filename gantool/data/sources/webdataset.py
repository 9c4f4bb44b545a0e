"""The labels that WebDataset puts beside each image: KEY.cls, KEY.json and KEY.txt for KEY.jpg."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gantool.data.sources.choice import Choice, naming
from gantool.data.sources.classes import Classes, classify
from gantool.data.sources.example_features import LABELS
from gantool.data.sources.kinds import Parts
from gantool.data.sources.label_values import LabelError, class_of
from gantool.errors import InputError, printable

_SIDE = ("cls", "json", "txt")
"""Files that lie beside an image, with its name up to the first dot."""

_MAX_SIDE_BYTES = 1 << 20
_NUMBER = re.compile(rb"-?\d{1,12}")

Beside = Mapping[Parts, Mapping[str, Parts]]
"""The files beside images, by the key of these and by their kind."""


class SideLabels:
    """The classes that files beside images tell.

    Args:
        beside: See `Beside`.
        member: The first bytes of a file, at most so many; None if it is not there.
        named: What a message calls a file.
    """

    def __init__(
        self,
        beside: Beside,
        member: Callable[[Parts, int], bytes | None],
        named: Callable[[Parts], str],
    ) -> None:
        self._beside, self._member, self._named = beside, member, named

    def are_there(self, choice: Choice) -> bool:
        """Whether the first image that has files beside it finds its label there."""
        if not self._beside or choice.features.label is not None:
            return bool(self._beside)
        beside = next(iter(self._beside.values()))
        return "cls" in beside or ("json" in beside and _key(self._json(beside), None) is not None)

    def classes(self, files: Sequence[Parts], name: str, choice: Choice) -> Classes:
        """The class of each image.

        Raises:
            InputError: One has none, or there is only one class.
        """
        found = [self._class_of(file, choice.features.label) for file in files]
        names = [str(label) for label in found]
        if all(isinstance(label, int) for label in found):
            return classify(np.array(found, np.int64), name, choice.classes)
        return classify(names, name, choice.classes)

    def _class_of(self, file: Parts, named: str | None) -> int | str:
        beside = self._beside.get(_of_image(file), {})
        kind = named if named in _SIDE else "cls" if "cls" in beside and named is None else "json"
        if kind not in beside:
            there = ", ".join(f".{one}" for one in sorted(beside)) or "nothing"
            raise InputError(
                f"{self._named(file)}: data.labels is true, but no .{kind} lies beside it (but"
                f" {there}); set data.labels to false, or say where labels are with data.features:"
                " {label: txt}"
            )
        if kind == "json":
            content = self._json(beside)
            key = _key(content, named if named not in _SIDE else None)
            if key is None:
                raise InputError(
                    f"{self._named(file)}: data.labels is true, but the .json beside it has no"
                    f" {printable(named or 'label')}; it has {_listed(content)}: name one with"
                    " data.features: {label: …}"
                )
            value = content[key]
            values = value if isinstance(value, list) else [value]
            values = [_as_bytes(one) for one in values]
        else:
            values = [(self._member(beside[kind], _MAX_SIDE_BYTES) or b"").strip()]
        try:
            if not values or not all(isinstance(one, (int, float, bytes)) for one in values):
                raise LabelError("its label is no number, name or one-hot vector")
            if kind != "json" and _NUMBER.fullmatch(values[0]):
                values = [int(values[0])]
            return class_of(values)
        except LabelError as error:
            raise InputError(f"{self._named(file)}: {error}") from None

    def _json(self, beside: Mapping[str, Parts]) -> Any:
        try:
            return json.loads(self._member(beside["json"], _MAX_SIDE_BYTES) or b"")
        except (ValueError, RecursionError):
            raise InputError(f"{self._named(beside['json'])}: no JSON, or a damaged one") from None


def _of_image(file: Parts) -> Parts:
    """The key of WebDataset: the name up to its first dot."""
    return (*file[:-1], file[-1].partition(".")[0])


def sides(files: Iterable[Parts]) -> tuple[list[Parts], dict[Parts, dict[str, Parts]]]:
    """Files without those beside images, and these by the key of their images and their kind."""
    beside: dict[Parts, dict[str, Parts]] = {}
    others = []
    for file in files:
        kind = file[-1].partition(".")[2].lower()
        if kind in _SIDE:
            beside.setdefault(_of_image(file), {})[kind] = file
        else:
            others.append(file)
    keys = {_of_image(file) for file in others}
    alone = [file for key, files in beside.items() if key not in keys for file in files.values()]
    return [*others, *alone], {key: files for key, files in beside.items() if key in keys}


def of_one_kind(
    files: list[Parts], beside: Beside, named: Callable[[Parts], str], wanted: str | None
) -> list[Parts]:
    """Of several files of one key, those with the wanted suffix; all where there is one each."""
    if wanted is not None:
        chosen = [f for f in files if f[-1].partition(".")[2] == wanted.removeprefix(".")]
        if not chosen:
            raise InputError(
                f"{named(files[0])}: no files end in .{printable(wanted)} (data.features.image)"
            )
        return chosen
    kinds: dict[Parts, set[str]] = {}
    for file in files:
        if (key := _of_image(file)) in beside:
            kinds.setdefault(key, set()).add(file[-1].partition(".")[2])
    alike = {frozenset(one) for one in kinds.values()}
    if len(kinds) > 1 and len(alike) == 1 and len(several := sorted(alike.pop())) > 1:
        told = ", ".join(f".{printable(one)}" for one in several[:10])
        raise InputError(
            f"{named(files[0])}: several files of each example ({told}); say which is the image, as"
            f" in {naming('image', printable(several[0]))}"
        )
    return files


def _key(content: Any, named: str | None) -> str | None:
    if not isinstance(content, dict):
        return None
    return next((key for key in ([named] if named else LABELS) if key in content), None)


def _as_bytes(value: Any) -> Any:
    return value.encode(errors="replace") if isinstance(value, str) else value


def _listed(content: Any) -> str:
    if not isinstance(content, dict):
        return "no names"
    names = [printable(str(name)[:60]) for name in list(content)[:10]]
    return ", ".join(names) + (", …" if len(content) > 10 else "")
