"""A run that begins with weights of another one."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from gantool.engine.plan import Plan
from gantool.errors import InputError, printable
from gantool.runs.checkpoint import Checkpoint
from gantool.runs.checkpoint_format import Place
from gantool.runs.checkpoint_writing import values_of, write_checkpoint
from gantool.runs.class_names import class_names
from gantool.runs.header import header_of
from gantool.runs.run_folder import RunFolder

_SHOWN = 3
"""Weights that do not fit, in a line."""


def take_weights(plan: Plan, checkpoint: Checkpoint) -> list[str]:
    """Give both networks the weights of a checkpoint that fit: of one place, name and shape.

    The moving average gets that of the checkpoint, or the generator's weights where it has none;
    optimizers stay as they are.

    Returns:
        A line for each network: what was taken, and what was not.

    Raises:
        InputError: No weight fits.
    """
    variables, stored = plan.state.variables(), checkpoint.index.variables
    groups = {"generator": "generator", "discriminator": "discriminator"}
    if "generator_average" in variables:
        has_average = "generator_average" in checkpoint.index.groups
        groups["generator_average"] = "generator_average" if has_average else "generator"
    lines, count = [], 0
    for group, source in groups.items():
        taken = 0
        for key, variable in variables[group].items():
            place = stored.get(f"{source}/{key}")
            if place is not None and place.shape == tuple(variable.shape):
                variable.assign(checkpoint.numbers(place))
                taken += 1
        count += taken
        if group != "generator_average":
            others = list(_others(group, variables[group], stored))
            told = f"{group}: {taken} of {len(variables[group])} variables from {checkpoint.path}"
            lines.append(told + (f"; not {_listed(others)}" if others else ""))
    theirs, ours = class_names(checkpoint.header), plan.recipe.data.class_names(plan.classes)
    if plan.classes and theirs and theirs != ours:
        lines.append(
            f"classes: weights of labels are by number, and {checkpoint.path} numbers other ones:"
            f" {_listed(_differing(theirs, ours))}"
        )
    if not count:
        raise InputError(
            f"{checkpoint.path}: none of its weights has the place, name and shape of one of the"
            " recipe's networks"
        )
    return lines


def write_beginning(plan: Plan, folder: RunFolder) -> None:
    """Save a run before its first step, so that it can be gone on with, or back to, from there."""
    path = folder.checkpoint(0)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_checkpoint(path, header_of(plan, 0, 0, 0.0), values_of(plan.state.variables()))


def _others(group: str, wanted: Mapping[str, Any], stored: Mapping[str, Place]) -> Iterator[str]:
    """Of each variable that the checkpoint has not, and of each of its own, why."""
    for key, variable in wanted.items():
        place, shape = stored.get(f"{group}/{key}"), tuple(variable.shape)
        if place is None:
            yield f"{key} (not there)"
        elif place.shape != shape:
            yield f"{key} ({_times(place.shape)} there, {_times(shape)} here)"
    for name in stored:
        key = name.removeprefix(f"{group}/")
        if key != name and key not in wanted:
            yield f"{key} (not here)"


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "one number"


def _differing(theirs: Sequence[str], ours: Sequence[str]) -> list[str]:
    """Of each number that means different classes, which."""
    pairs = enumerate(zip_longest(theirs, ours, fillvalue="none"))
    return [
        f"{number} ({printable(there)} there, {printable(here)} here)"
        for number, (there, here) in pairs
        if there != here
    ]


def _listed(others: list[str]) -> str:
    more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
    return ", ".join(others[:_SHOWN]) + more
