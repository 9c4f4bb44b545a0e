"""Options of commands that take a source of images: which of it, and as what."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gantool.data.sources.choice import Asked
    from gantool.recipe.data import Features


def _asked(_context: click.Context, _option: click.Parameter, value: str | None) -> Asked | None:
    if value is None:
        return None
    from gantool.data.sources.choice import asked_by

    asked = asked_by(value)
    if asked == ():
        raise click.BadParameter("name a table such as labels.csv, or attributes of CelebA's list")
    return asked


def _features(_context: click.Context, _option: click.Parameter, value: str | None) -> Features:
    from gantool.recipe.data import Features

    pairs = re.split(r",(?=(?:image|label)=)", value) if value is not None else []
    named = dict(pair.partition("=")[::2] for pair in pairs)
    if not named.keys() <= {"image", "label"} or len(named) < len(pairs) or "" in named.values():
        raise click.BadParameter(f"{value!r}: write image=NAME, label=NAME, or both")
    return Features(**named)


_SPLIT = click.option(
    "--split",
    type=click.Choice(["train", "test", "validation", "all"]),
    help="Which split of a source that has several.  [default: train]",
)
_LABELS_FROM = click.option(
    "--labels-from",
    callback=_asked,
    metavar="TABLE",
    help="A table of files and classes, as labels.csv or labels.csv:COLUMN; or attributes of"
    " CelebA's list, as Smiling,Male.",
)


_FEATURES = click.option(
    "--features",
    callback=_features,
    metavar="NAMES",
    help="What records, arrays or members of archives call the image and its label, where they"
    " have no usual names: image=NAME, label=NAME or both, with a comma between.",
)


def source_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--split`, `--labels-from` and `--features` to a command."""
    return _SPLIT(_LABELS_FROM(_FEATURES(command)))
