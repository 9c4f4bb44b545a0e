"""The data sets and networks that gantool knows by name, and where they may lie."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import platformdirs
import yaml

from gantool.data.catalogue.entries import CatalogueFile, DataSet


def _known(facts_file: str) -> Iterator[DataSet]:
    """What stands in a file of facts."""
    facts = yaml.safe_load(Path(__file__).with_name(facts_file).read_bytes())
    for name, data_set in facts.items():
        folders = data_set.pop("mirrors", ())
        files = tuple(_file(file, folders, **keys) for file, keys in data_set.pop("files").items())
        yield DataSet(name, files, **data_set)


def _file(
    name: str, folders: Iterable[str], mirrors: Iterable[str] = (), **keys: Any
) -> CatalogueFile:
    return CatalogueFile(name, mirrors=(*(f"{url}{name}" for url in folders), *mirrors), **keys)


CATALOGUE: Mapping[str, DataSet] = {each.name: each for each in _known("known_sets.yaml")}

NETWORKS: Mapping[str, DataSet] = {each.name: each for each in _known("known_networks.yaml")}
"""Networks whose weights lie where data sets do."""

DIGITS = "mnist"
STACKED = "stacked-mnist"
"""What is made of these digits, and is in no file."""


def data_set_places() -> list[Path]:
    """The folders in which data sets are looked for, in this order, whether they exist or not.

    `$GANTOOL_DATA` if it is set, `data` in the working folder, the user's data folder, and the
    `data` of gantool's own repository where it runs from a checkout.
    """
    places = [Path.cwd() / "data", user_folder()]
    if (named := named_folder()) is not None:
        places.insert(0, named)
    checkout = Path(__file__).resolve().parents[3]
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
    """The first folder that holds what a set is trained on, whatever is in it; None if none does.

    An archive counts once it is unpacked.
    """
    needed = [file for file in data_set.files if file.trained_on]
    for place in data_set_places():
        folder = place / data_set.name
        if all((folder / file.place).exists() for file in needed):
            return folder
    return None
