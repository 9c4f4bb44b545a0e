"""Going on with a run: its recipe, and the state of its newest checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gantool.errors import InputError
from gantool.recipe.differences import differences
from gantool.recipe.load import LoadedRecipe, RecipeText
from gantool.training.checkpoint import read_header, read_variables
from gantool.training.metrics import keep_rows
from gantool.training.run_folder import RunFolder

if TYPE_CHECKING:
    from gantool.training.state import TrainingState


def recipe_of_run(folder: RunFolder) -> RecipeText:
    """The recipe of a run, with the folder that its relative paths start from.

    Raises:
        InputError: There is no run in this folder, or its newest checkpoint cannot be read.
    """
    if not folder.path.is_dir():
        raise InputError(f"{folder.path}: no such run folder")
    try:
        text = folder.recipe.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{folder.path}: no run folder (it has no recipe.yaml)") from None
    except UnicodeDecodeError:
        raise InputError(f"{folder.recipe}: not text in UTF-8, so not a recipe") from None
    checkpoints = folder.checkpoints()
    start = Path(read_header(checkpoints[-1]).recipe_folder) if checkpoints else folder.path
    return RecipeText(text, str(folder.recipe), start)


def refuse_other_recipe(run: LoadedRecipe, given: LoadedRecipe) -> None:
    """Raise InputError where a recipe given beside a run differs from the run's, with a list.

    Both have the values of `--set` in them, so what was set on purpose does not differ. Nor does a
    precision that the recipe leaves to the device: the run goes on in the one that it began with.
    """
    found = [
        (path, ours, theirs)
        for path, ours, theirs in differences(run.recipe, given.recipe)
        if (path, theirs) != ("train.precision", "auto")
    ]
    if found:
        lines = [f"{given.name} differs from the run's own recipe, {run.name}:"]
        lines += [
            f"  {path}: {ours!r} in the run, {theirs!r} given" for path, ours, theirs in found
        ]
        lines.append("leave the recipe out to go on as before, or change a value by --set")
        raise InputError("\n".join(lines))


def restore(state: TrainingState, folder: RunFolder, *, writes: bool = True) -> None:
    """Bring a fresh state and the run's metrics to where the newest checkpoint was written.

    Without a checkpoint the run starts from its beginning.

    Args:
        state: Is moved.
        folder: Of the run.
        writes: Whether this process is the one that writes the run, and so its metrics.

    Raises:
        InputError: The checkpoint is damaged, or of other networks.
    """
    checkpoints = folder.checkpoints()
    if checkpoints:
        header = read_header(checkpoints[-1])
        read_variables(checkpoints[-1], state.variables())
        state.step, state.seconds = header.step, header.seconds
    if writes:
        keep_rows(folder.metrics, state.step)
