"""The data of a recipe, opened before anything is built: that takes no TensorFlow."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gantool.data import order
from gantool.data.sources import ImageSource, NotDownloadedError, PointSource, open_source
from gantool.errors import InputError
from gantool.memory import machine_memory
from gantool.recipe.document import Problem
from gantool.recipe.load import LoadedRecipe
from gantool.recipe.sizes import size_problems

if TYPE_CHECKING:
    from gantool.data.loading import Images

_UNKNOWN_CLASSES = 10
"""Stands in for the number of labels of a set that is not there, so that shapes can be shown."""


class OpenedData(NamedTuple):
    """What a recipe's data are.

    Attributes:
        source: Its images; None where a catalogue set is not on this machine yet.
        classes: How many labels there are; 0 without labels.
        note: How a set that is not here gets there.
    """

    source: ImageSource | PointSource | None
    classes: int
    note: str = ""


def open_data(loaded: LoadedRecipe, problems: list[Problem]) -> OpenedData:
    """Open the data of a recipe; what is wrong with them is added to `problems`."""
    unknown = _UNKNOWN_CLASSES if loaded.recipe.data.labels else 0
    try:
        source = open_source(loaded.recipe.data, loaded.folder)
        classes = len(source.classes)
    except NotDownloadedError as error:
        return OpenedData(None, unknown, str(error))
    except InputError as error:
        problems.append(Problem(("data", "source"), str(error)))
        return OpenedData(None, unknown)
    train = loaded.recipe.train
    if train.update_size > len(source) and not loaded.recipe.data.repeat:
        message = order.batch_too_large(len(source), train.batch_size, train.accumulate)
        problems.append(Problem(("train", "batch_size"), message))
    return OpenedData(source, classes)


def open_checked(loaded: LoadedRecipe, replicas: int = 1) -> OpenedData:
    """Open the data of a recipe, before TensorFlow is started, which takes seconds.

    Raises:
        RecipeError: With everything that is wrong and known without TensorFlow: of components,
            sizes and data. What the layers make of shapes is told where they are built.
    """
    problems = list(size_problems(loaded.recipe, machine_memory(), replicas))
    opened = open_data(loaded, problems)
    loaded.raise_problems(problems)
    return opened


def lines_on(images: Images, loaded: LoadedRecipe) -> list[str]:
    """What was found out about images when they were opened, and what that leaves of them."""
    train = loaded.recipe.train
    left = order.left_out(len(images), train.batch_size, train.accumulate)
    skips = loaded.recipe.data.skip_unreadable
    return [*images.notes, *([left] if left and skips else [])]
