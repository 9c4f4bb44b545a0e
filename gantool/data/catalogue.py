"""The data sets that gantool knows by name, and where on this machine they may lie."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs


@dataclass(frozen=True)
class CatalogueFile:
    """One file of a data set.

    Attributes:
        name: of the file, here and on the mirror.
        md5: of the file as the mirror serves it.
        content_md5: of what a compressed file unpacks to. The same content compressed by another
            program is right too.
    """

    name: str
    md5: str
    content_md5: str | None = None


@dataclass(frozen=True)
class DataSet:
    """A data set of the catalogue.

    Attributes:
        name: what a recipe calls it, and the folder that it lies in.
        files: all that belong to it.
        images: the name of the file that holds the images to train on.
        mirror: the address that the names of the files are added to; None for a set that comes
            with gantool's repository.
    """

    name: str
    files: tuple[CatalogueFile, ...]
    images: str
    mirror: str | None = None


_MNIST = DataSet(
    name="mnist",
    files=(
        CatalogueFile(
            "train-images-idx3-ubyte.gz",
            md5="f68b3c2dcbeaaa9fbdd348bbdeb94873",
            content_md5="6bbc9ace898e44ae57da46a324031adb",
        ),
        CatalogueFile(
            "train-labels-idx1-ubyte.gz",
            md5="d53e105ee54ea40749a09fcbcd1e9432",
            content_md5="a25bea736e30d166cdddb491f175f624",
        ),
        CatalogueFile(
            "t10k-images-idx3-ubyte.gz",
            md5="9fb629c4189551a2d022fa330f9573f3",
            content_md5="2646ac647ad5339dbf082846283269ea",
        ),
        CatalogueFile(
            "t10k-labels-idx1-ubyte.gz",
            md5="ec29112dd5afa0611ce80d1b7f02629c",
            content_md5="27ae3e4e09519cfbb04c329615203637",
        ),
    ),
    images="train-images-idx3-ubyte.gz",
    mirror="https://ossci-datasets.s3.amazonaws.com/mnist/",
)

_EMOJI = DataSet(
    name="emoji",
    files=(CatalogueFile("noto-emoji-136x128.zip", md5="04d5c0404ff8daf49337c147abdb4d75"),),
    images="noto-emoji-136x128.zip",
)

CATALOGUE: Mapping[str, DataSet] = {data_set.name: data_set for data_set in (_EMOJI, _MNIST)}


def did_you_mean(name: str) -> str:
    """The end of a message about an unknown name: the catalogue's nearest, or nothing."""
    near = difflib.get_close_matches(name.lower(), CATALOGUE, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def data_set_places() -> list[Path]:
    """The folders in which data sets are looked for, in this order, whether they exist or not.

    `$GANTOOL_DATA` if it is set, `data` in the working folder, the user's data folder, and the
    `data` of gantool's own repository where it runs from a checkout.
    """
    places = [Path.cwd() / "data", user_folder()]
    if (named := named_folder()) is not None:
        places.insert(0, named)
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "pyproject.toml").is_file():
        places.append(checkout / "data")
    return list(dict.fromkeys(places))


def named_folder() -> Path | None:
    """What `$GANTOOL_DATA` names, if it is set."""
    named = os.environ.get("GANTOOL_DATA")
    return Path(named).absolute() if named else None


def user_folder() -> Path:
    """The user's own data folder for gantool."""
    return platformdirs.user_data_path("gantool", appauthor=False)


def find(data_set: DataSet) -> Path | None:
    """The first folder that holds all files of a set, whatever is in them; None if none does."""
    for place in data_set_places():
        folder = place / data_set.name
        if all((folder / file.name).is_file() for file in data_set.files):
            return folder
    return None
