"""What the folders of a source mean: what all images share, splits, chunks and classes."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gantool.data.sources.choice import Split
from gantool.data.sources.classes import NoClassesError, listed, natural_order, same_form
from gantool.data.sources.kinds import Parts
from gantool.errors import InputError, printable

_SPLITS: Mapping[str, Split] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("test", "testing"), "test"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "validation"),
}
"""What a folder of a split is called."""

_NAME = re.compile(
    rf"(?:(?P<before>.+)[ _-])?(?P<split>{'|'.join(_SPLITS)})"
    r"(?:[ _-]?(?:set|images?|data|\d{4})|[ _-]?(?P<after>[AB]))?",
    re.IGNORECASE,
)
"""What it may be called where all folders beside it are of splits: seg_train, test_set, trainA."""

_CHUNK = re.compile(r"\d{5,}")


@dataclass(frozen=True)
class Layout:
    """Which folders of a source are taken, and what remains of them to tell classes by.

    Attributes:
        top: The folders at the top that all images share.
        places: Of each folder that is taken, its path without what is shared and without splits.
        notes: Lines on what is left out.
    """

    top: Parts
    places: dict[Parts, Parts]
    notes: tuple[str, ...] = ()


def lay_out(folders: Mapping[Parts, int], where: str, split: Split | None) -> Layout:
    """Find the splits of a source, and take one.

    Args:
        folders: Each folder in which images lie, and how many.
        where: What a message calls the source.
        split: Which is to be taken; None for the training images where there are splits.

    Raises:
        InputError: The split is not there.
    """
    top = common_top(folders)
    below = {folder: folder[len(top) :] for folder in folders}
    splits = _find_splits(set(below.values()))
    if not splits:
        if split not in (None, "all", "train") and split not in map(_split, top):
            raise InputError(
                f"{where}: data.split is {split}, and no folders of splits, such as train and test,"
                " are in it; leave data.split out"
            )
        return Layout(top, below)
    counts: Counter[str] = Counter()
    for folder, place in below.items():
        counts[splits[place].name] += folders[folder]
    wanted = split or "train"
    if wanted != "all" and wanted not in counts:
        asked = f"data.split is {wanted}" if split else "it has splits, none is called train"
        raise InputError(
            f"{where}: {asked}, and there are {_counted(counts)}; set data.split to one of these,"
            " or to all"
        )
    taken = {
        folder: splits[place].rest
        for folder, place in below.items()
        if wanted in ("all", splits[place].name)
    }
    inner = len(common_top(taken.values()))
    places = {folder: place[inner:] for folder, place in taken.items()}
    return Layout(top, places, () if split else (_note(counts, where),))


def common_top(folders: Collection[Parts]) -> Parts:
    """The folders at the top that all share."""
    first, last = min(folders), max(folders)
    pairs = zip(first, last, strict=False)
    depth = next((at for at, (one, other) in enumerate(pairs) if one != other), None)
    return first[: min(len(first), len(last)) if depth is None else depth]


@dataclass(frozen=True)
class _Part:
    """Of a source with splits: the split, or the folder beside splits; the place without it."""

    name: str
    rest: Parts


def _find_splits(places: Collection[Parts]) -> dict[Parts, _Part]:
    """To which split each place belongs; empty where there are none."""
    beside = {place: _split(place[0]) if place else None for place in places}
    if "train" in beside.values() and len({*beside.values()} - {None}) > 1:
        return {
            place: _Part(
                kind or printable(place[0] if place else "no folder"), place[kind is not None :]
            )
            for place, kind in beside.items()
        }
    for depth in range(min(map(len, places))):
        names = {place[depth] for place in places}
        found = {name: match for name in names if (match := _NAME.fullmatch(name)) is not None}
        kinds = {name: _SPLITS[match["split"].lower()] for name, match in found.items()}
        if len(found) < len(names) or len(set(kinds.values())) < 2:
            continue
        # Of trainA, trainB, testA and testB, A and B are left.
        alone = len(set(kinds.values())) == len(names)
        rests = {
            name: () if alone else tuple(filter(None, (match["before"], match["after"])))
            for name, match in found.items()
        }
        return {
            place: _Part(
                kinds[place[depth]], (*place[:depth], *rests[place[depth]], *place[depth + 1 :])
            )
            for place in places
        }
    return {}


def _split(name: str) -> Split | None:
    return _SPLITS.get(name.lower())


def _note(counts: Counter[str], where: str) -> str:
    others = Counter({name: count for name, count in counts.items() if name != "train"})
    return (
        f"{where}: the {counts['train']:,} training images are taken; left out: {_counted(others)}"
        " (data.split takes them)"
    )


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))


def class_names(
    places: Mapping[Parts, Parts], files: Sequence[Parts], where: str, lost: Sequence[str] = ()
) -> tuple[dict[Parts, str], tuple[str, ...]]:
    """Name the class of each folder: as the folder.

    Where two have one name, the names of those that they lie in come before it.

    Args:
        places: See `Layout`.
        files: The images in these folders, sorted.
        where: What a message calls the source.
        lost: What is said of folders without an image.

    Returns:
        The names, and notes.

    Raises:
        InputError: Some images lie in no folder of a class.
    """
    if outside := [file for file in files if not places[file[:-1]]]:
        raise _no_folders(outside, files, where, lost)
    formed = {folder: tuple(map(same_form, place)) for folder, place in places.items()}
    alone = len({place[-1] for place in formed.values()}) == len(set(formed.values()))
    names = {folder: place[-1] if alone else "/".join(place) for folder, place in formed.items()}
    if all(len(place) == 1 for place in formed.values()):
        return names, ()
    paths = natural_order(["/".join(place) for place in formed.values()])
    return names, (f"{where}: classes are the folders in which images lie: {listed(paths)}",)


def without_chunks(
    places: Mapping[Parts, Parts], files: Sequence[Parts], where: str
) -> Mapping[Parts, Parts]:
    """Leave out folders that only part a long list of files: 00000, 00001, … (StyleGAN, FFHQ).

    They are chunks where the names of files rise from each to the next. Where they begin anew in
    each folder, the folders are classes (GTSRB).

    Raises:
        InputError: There are no other folders.
    """
    ends = {place[-1] if place else "" for place in places.values()}
    if not all(map(_CHUNK.fullmatch, ends)) or len({*map(len, ends)}) > 1:
        return places
    names: dict[Parts, tuple[str, str]] = {}
    for file in files:  # sorted
        first, _ = names.get(file[:-1], (file[-1], ""))
        names[file[:-1]] = first, file[-1]
    ordered = sorted(names)
    if any(
        one[:-1] == next_one[:-1] and names[one][1] >= names[next_one][0]
        for one, next_one in pairwise(ordered)
    ):
        return places
    if all(len(place) == 1 for place in places.values()):
        raise NoClassesError(
            f"{where}: data.labels is true, but the folders {listed(sorted(ends))} are no classes:"
            " they part one list of files, whose names rise from each to the next; if they are"
            " classes after all, name them in data.classes, else set data.labels to false, or to a"
            " table of classes"
        )
    return {folder: place[:-1] for folder, place in places.items()}


def _no_folders(
    outside: Sequence[Parts], files: Sequence[Parts], where: str, lost: Sequence[str]
) -> InputError:
    folder = outside[0][:-1]
    if folder and all(file[:-1] == folder for file in files):
        lie = f"all {len(files):,} images lie" if len(files) > 1 else "the only image lies"
        told = f"{lie} in one folder, {printable('/'.join(folder))}"
    else:
        told = (
            f"{len(outside):,} of {len(files):,} images lie in no class folder"
            f" ({printable('/'.join(outside[0]))}, for one)"
        )
    also = "".join(f"; {line}" for line in lost)
    text = (
        f"{where}: data.labels is true, but {told}{also}; put the images of each class into a"
        " folder of its own, or set data.labels to false"
    )
    # A few pictures in a folder beside the others are no classes of these.
    if 2 * len(outside) <= len(files):
        return InputError(text)
    note = f"{where}: {told}, so that folders are not taken for classes"
    return NoClassesError(text, note if len(outside) < len(files) else "")
