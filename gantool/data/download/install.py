"""Installing a data set of the catalogue on this machine: from a copy, a given file or a mirror."""

import errno
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gantool.data.catalogue import (
    CATALOGUE,
    DIGITS,
    NETWORKS,
    STACKED,
    data_set_places,
    named_folder,
    user_folder,
)
from gantool.data.catalogue.entries import CatalogueFile, DataSet
from gantool.data.download import archives
from gantool.data.download.http import Notice, OnBytes, fetch, session
from gantool.data.download.verify import identify, is_right
from gantool.errors import GantoolError, InputError
from gantool.files import complete_or_absent
from gantool.locks import lock, wait
from gantool.recipe.suggest import did_you_mean


@dataclass(frozen=True)
class Placed:
    """The folder where a data set lies now, and how it came there; no steps if all was there."""

    path: Path
    steps: tuple[str, ...] = ()


def place(
    name: str,
    mirror: str | None = None,
    given: Sequence[Path] = (),
    progress: OnBytes = lambda _done, _total, _name: None,
    notice: Notice = lambda _line: None,
) -> Placed:
    """Bring a data set to the first of the folders in which it is looked for.

    Files that are there and right stay. The others are those that are given, or are copied from
    another of these folders, if one holds the whole set, or else downloaded. A file gets its name,
    and an archive is unpacked, only once its content is known to be right. While another process
    does the same, this one waits.

    Args:
        name: of the catalogue; of a network, too.
        mirror: an address to download from, to which the names of the files are added;
            nothing is then copied from another folder.
        given: files of the set that the user has; they are left as they are.
        progress: told of each piece that is downloaded.
        notice: told, line by line, of what a user may wonder about.

    Raises:
        InputError: the catalogue has no such set, or it is made of another; a given file is not of
            it; or the folder cannot be written.
        GantoolError: the network, the server or the disk failed, what came is not the set, or an
            archive is not safe to unpack.
    """
    known = {**CATALOGUE, **NETWORKS}
    data_set = known.get(name)
    if name == STACKED:
        raise InputError(f"{name} is made of {DIGITS} as it is read: download {DIGITS}")
    if data_set is None:
        raise InputError(
            f"no data set {name!r} in the catalogue ({', '.join(known)}){did_you_mean(name, known)}"
        )
    folder = _target() / name
    new = [one for one in (folder, *folder.parents) if not one.exists()]
    at_hand = identify(given, data_set)
    missing = _missing(data_set, folder)
    if not missing:
        return Placed(folder)
    mirrors = {file.name: file.mirrors for file in missing}
    if mirror is None:
        at_hand = _copies_elsewhere(data_set) | at_hand
    else:
        mirrors = {name: (f"{mirror.rstrip('/')}/{name}",) for name in mirrors}
    if any(file.name not in at_hand and not mirrors[file.name] for file in missing):
        raise GantoolError(
            f"the data set {name} comes with gantool's repository and has no mirror: run this in"
            " a clone of the repository, or set GANTOOL_DATA to the clone's data folder"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with alone_in(folder, notice), session() as opened:

            def download(file: CatalogueFile, to: Path) -> str:
                return fetch(opened, mirrors[file.name], file, to, progress, notice)

            # What is at hand first: a mirror may fail. And looked at again, because another process
            # may have brought some meanwhile.
            missing.sort(key=lambda file: file.name not in at_hand)
            steps = [
                _bring(file, folder, at_hand.get(file.name), download, notice)
                for file in missing
                if not _is_there(file, folder)
            ]
        return Placed(folder, tuple(dict.fromkeys(steps)))
    except OSError as error:
        raise _cannot_write(folder, error) from None
    finally:
        with suppress(OSError):  # what holds a file, or part of one, stays
            for one in new:
                one.rmdir()


def _bring(
    file: CatalogueFile,
    folder: Path,
    at_hand: Path | None,
    download: Callable[[CatalogueFile, Path], str],
    notice: Notice,
) -> str:
    """Bring one file into a set's folder, or what it unpacks to; says how.

    Args:
        file: of the catalogue.
        folder: of the set.
        at_hand: the right file, or its unpacked folder, on this machine; None if there is none.
        download: brings a file to a path, and says which address it came from.
        notice: see `place`.
    """
    partial, final = folder / f".{file.name}.part", folder / file.name
    if file.unpacked is not None and is_right(final, file):
        at_hand = final
    if at_hand is None:
        how = f"downloaded from {download(file, partial).removesuffix(file.name)}"
    elif file.unpacked is None or at_hand.is_dir():
        how = f"copied from {at_hand.parent if at_hand.name == file.place else at_hand}"
    else:
        how = f"unpacked from {at_hand}"
    origin = at_hand or partial
    if origin.is_dir():
        archives.copy_unpacked(origin, folder)
    elif file.unpacked is not None:
        notice(f"unpacking {file.name}")
        archives.unpack(origin, folder, file.unpacked)
    elif at_hand is None:
        with complete_or_absent(final) as temporary:
            partial.replace(temporary)
    else:
        with complete_or_absent(final) as temporary:
            shutil.copyfile(at_hand, temporary)
            if not is_right(temporary, file):
                raise GantoolError(f"{at_hand}: changed while it was copied; try again")
    partial.unlink(missing_ok=True)
    return how


@contextmanager
def alone_in(folder: Path, notice: Notice) -> Iterator[None]:
    """Wait until no other process fills `folder`, and keep the others waiting in the block."""

    def busy(handle: int) -> None:
        notice(f"another process fills {folder}; waiting for its end")
        wait(handle)

    with lock(folder / ".lock", busy):
        yield


def _missing(data_set: DataSet, folder: Path) -> list[CatalogueFile]:
    """The files of a set that are not in its folder, or wrong there."""
    return [file for file in data_set.files if not _is_there(file, folder)]


def _is_there(file: CatalogueFile, folder: Path) -> bool:
    if file.unpacked is not None:
        return archives.is_unpacked(folder / file.place)
    return is_right(folder / file.name, file)


def _copies_elsewhere(data_set: DataSet) -> dict[str, Path]:
    """The files of a folder of this machine that holds all of a set, and right, by their names."""
    for place in data_set_places():
        folder = place / data_set.name
        if not _missing(data_set, folder):
            return {file.name: folder / file.place for file in data_set.files}
    return {}


def _target() -> Path:
    if (named := named_folder()) is not None:
        return named
    here = Path.cwd() / "data"
    return here if here.is_dir() else user_folder()


def _cannot_write(folder: Path, error: OSError) -> GantoolError:
    text = f"cannot write into {folder}: {error.strerror or error}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
        return GantoolError(text)
    return InputError(f"{text}; set GANTOOL_DATA to a folder that can be written")
