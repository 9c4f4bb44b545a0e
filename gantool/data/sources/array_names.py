"""Which of the arrays that lie together are the images and their labels, told by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from gantool.data.sources.arrays import Array, ArraySource, misfit
from gantool.data.sources.choice import USUAL, Choice, naming
from gantool.data.sources.classes import NoClassesError
from gantool.data.sources.splits import chosen_split, split_of
from gantool.errors import InputError, printable

_IMAGES = {"images", "image", "imgs", "img", "x", "data", "pixels", "pictures", "faces", "arr"}
_LABELS = {"labels", "label", "y", "classes", "class", "targets", "target"}

_NAMED = 10


def is_label_name(name: str) -> bool:
    """Whether an array is called as labels are: train_labels, y_test, labels."""
    return not _LABELS.isdisjoint(words(name))


def words(name: str) -> list[str]:
    """The words of a name in small letters."""
    return re.findall(r"[^\W\d_]+", name.lower())


def array_source(
    arrays: Mapping[str, Array],
    name: str,
    choice: Choice,
    notes: tuple[str, ...] = (),
    pieces: bool = False,
) -> ArraySource:
    """Open the images among arrays.

    Args:
        arrays: By their names.
        name: Of the source.
        choice: What of them is taken.
        notes: What is told of how their file was chosen.
        pieces: Whether arrays whose names differ only by numbers are pieces of one set.

    Raises:
        InputError: It is not clear which are the images or their labels, or there are none.
    """
    chosen, told = _images(arrays, name, choice, pieces)
    parts = [arrays[one] for one in chosen]
    labels = [_labels(one, arrays, name, choice) for one in chosen] if choice.labelled else []
    for array in (*parts, *labels):
        if array.problem:
            raise InputError(f"{array}: {array.problem}")
    known = {id(array) for array in (*parts, *labels)}
    rest = {one: array for one, array in arrays.items() if id(array) not in known}
    return ArraySource(
        parts, labels, name, choice, (*notes, *told, *_left_out(rest, chosen, arrays, name, choice))
    )


def _left_out(
    rest: Mapping[str, Array],
    chosen: Sequence[str],
    arrays: Mapping[str, Array],
    where: str,
    choice: Choice,
) -> tuple[str, ...]:
    """A line on arrays that may be images or labels, where the recipe has not said which are."""
    if choice.features != USUAL:
        return ()
    counts = {arrays[one].shape[0] for one in chosen}
    splits = {split_of(one) for one in chosen}
    left = {
        one: array
        for one, array in rest.items()
        if split_of(one) in splits
        and not is_label_name(one)
        and (misfit(array) is None or (array.shape and array.shape[0] in counts))
    }
    if not left:
        return ()
    return (
        f"{where}: left out: {listed(left)}; data.features names the arrays of images and labels",
    )


def _images(
    arrays: Mapping[str, Array], where: str, choice: Choice, pieces: bool
) -> tuple[list[str], tuple[str, ...]]:
    named = choice.features.image
    if named is not None:
        found = next((one for one in arrays if one.strip("/") == named.strip("/")), None)
        if found is None:
            raise InputError(
                f"{where}: no array {printable(named)} in it; it holds {listed(arrays)}"
            )
        if (reason := misfit(arrays[found])) is not None:
            raise InputError(f"{arrays[found]}: {reason}")
        return [found], ()
    fitting = [one for one in arrays if not is_label_name(one) and misfit(arrays[one]) is None]
    called = [one for one in fitting if not _IMAGES.isdisjoint(words(one))]
    fitting = called or [one for one in fitting if len(arrays) == 1 or len(arrays[one].shape) > 2]
    if not fitting:
        if len(arrays) == 1:
            [array] = arrays.values()
            raise InputError(f"{array}: {misfit(array) or 'these are labels by their name'}")
        raise InputError(f"{where}: no array of images in it; it holds {listed(arrays)}")
    parts = [(split_of(one), one) for one in fitting]
    taken, notes = chosen_split(parts, where, choice.split, "arrays")
    alike = {(split_of(one), tuple(words(one)) if pieces else one) for one in taken}
    if len(alike) > len({split for split, _ in alike}):
        raise InputError(
            f"{where}: several arrays may be the images: {listed({o: arrays[o] for o in taken})};"
            f" name one with data.features: {{image: …}}, as in {naming('image')}"
        )
    return taken, notes


def _labels(image: str, arrays: Mapping[str, Array], where: str, choice: Choice) -> Array:
    count = arrays[image].shape[:1]
    named = choice.features.label
    if named is not None:
        found = [one for one in arrays if one.strip("/") == named.strip("/")]
    else:
        found = [
            one
            for one, array in arrays.items()
            if is_label_name(one) and split_of(one) == split_of(image) and array.shape
        ]
        fitting = [one for one in found if arrays[one].shape[:1] == count]
        found = _best(image, fitting or found)
    if found and arrays[found[0]].shape[:1] != count:
        raise InputError(f"{arrays[found[0]]}: not one label for each image of {arrays[image]}")
    if len(found) == 1 and arrays[found[0]].dtype.kind in "buifSU" and arrays[found[0]].shape:
        return arrays[found[0]]
    problem = (
        f"several arrays may be the labels of {arrays[image]}: "
        f"{listed({one: arrays[one] for one in found})}"
        if len(found) > 1
        else f"data.labels is true, but no array of labels for {arrays[image]} is in it; it holds"
        f" {listed(arrays)}"
    )
    kind = InputError if named or found else NoClassesError
    raise kind(
        f"{where}: {problem}: name it with data.features: {{label: …}}, or set data.labels to false"
    )


def _best(image: str, labels: Sequence[str]) -> list[str]:
    """Of several arrays of labels, those whose names are otherwise the image's."""

    def rest(name: str) -> set[str]:
        return {*words(name), *re.findall(r"\d+", name)} - _IMAGES - _LABELS

    return [one for one in labels if rest(one) == rest(image)] or list(labels)


def listed(arrays: Mapping[str, Array]) -> str:
    """Arrays with their shapes and types, for a message."""
    told = [
        f"{printable(name[:60])} {list(array.shape)} {printable(array.dtype.name)}"
        for name, array in list(arrays.items())[:_NAMED]
    ]
    more = len(arrays) - _NAMED
    return (", ".join(told) or "none") + (f" and {more:,} more" if more > 0 else "")
