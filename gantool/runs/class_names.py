"""Names of the classes of a checkpoint. Knows no TensorFlow."""

from pathlib import Path

from gantool.recipe.load import RecipeText, load
from gantool.runs.checkpoint_format import Header


def class_names(header: Header) -> tuple[str, ...]:
    """Names of the classes by their numbers; empty where it was trained without labels.

    Raises:
        RecipeError: Its recipe cannot be read.
    """
    if not header.classes:
        return ()
    recipe = load(RecipeText(header.recipe, "the checkpoint's recipe", Path())).recipe
    return recipe.data.class_names(header.classes)
