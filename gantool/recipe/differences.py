"""What differs between two recipes, as far as it decides what is computed."""

from typing import Any

from gantool.recipe.document import Path, dotted
from gantool.recipe.load import LoadedRecipe
from gantool.recipe.model import Recipe
from gantool.recipe.validate import validate


def differences(ours: Recipe, theirs: Recipe) -> list[tuple[str, Any, Any]]:
    """Every value that differs, as (dotted path, ours, theirs), defaults filled in."""
    return _differences(ours.model_dump(), theirs.model_dump(), ())


def changes(loaded: LoadedRecipe) -> list[tuple[str, Any, Any]]:
    """What `--set` and the like change of a recipe as it is written: (dotted path, from, to)."""
    before, _ = validate(loaded.written.data)
    if before is None:
        return []
    return _differences(before.model_dump(mode="json"), loaded.recipe.model_dump(mode="json"), ())


def _differences(ours: Any, theirs: Any, path: Path) -> list[tuple[str, Any, Any]]:
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        ours, theirs = dict(enumerate(ours)), dict(enumerate(theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return [
            found
            for key in dict.fromkeys([*ours, *theirs])
            for found in _differences(ours.get(key), theirs.get(key), (*path, key))
        ]
    return [] if ours == theirs else [(dotted(path), ours, theirs)]
