"""Going on with a run: its recipe, and the state of its newest whole checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gantool.data.sources import ImageSource, PointSource
from gantool.data.sources.classes import as_setting, listed
from gantool.data.sources.files import FileSource
from gantool.device import machine
from gantool.errors import InputError
from gantool.recipe.differences import differences
from gantool.recipe.load import LoadedRecipe, RecipeText
from gantool.runs.checkpoint import Checkpoint, DamagedError
from gantool.runs.metrics_file import keep_rows
from gantool.runs.run_folder import RunFolder

if TYPE_CHECKING:
    from gantool.engine.state import TrainingState


@dataclass(frozen=True)
class ResumePoint:
    """Where a run can be gone on from.

    Attributes:
        checkpoint: The newest whole one; None where none was written yet.
        damaged: Newer ones, each with what is wrong with it, in a line.
    """

    checkpoint: Checkpoint | None
    damaged: dict[Path, str] = field(default_factory=dict)

    def warnings(self, doing: str = "going on") -> list[str]:
        """What a user is to be told of newer checkpoints, in lines, and of what is done instead."""
        if not self.damaged or self.checkpoint is None:
            return []
        return [*self.damaged.values(), f"{doing} from {self.checkpoint.path}, which is whole"]


def other_machine(point: ResumePoint) -> list[str]:
    """A line where a run has been trained on another machine than this one; no line else."""
    if point.checkpoint is None or point.checkpoint.header.machine in ("", machine()):
        return []
    before = point.checkpoint.header.machine
    return [f"numbers may be rounded otherwise on {machine()}: until now it was {before}"]


def find_resume_point(folder: RunFolder) -> ResumePoint:
    """Look for the newest checkpoint of a run that is as it was written.

    Raises:
        InputError: There are checkpoints, but none is whole, or one is of a newer gantool.
    """
    damaged: dict[Path, str] = {}
    for path in reversed(folder.checkpoints()):
        try:
            return ResumePoint(Checkpoint(path), damaged)
        except DamagedError as error:
            damaged[path] = str(error)
    if damaged:
        lines = [*damaged.values(), f"{folder.path}: none of its checkpoints is whole; train again"]
        raise InputError("\n".join(lines))
    return ResumePoint(None)


def find_checkpoint(place: Path, warn: Callable[[str], None]) -> Checkpoint:
    """A checkpoint by its file, or the newest whole one of a run folder.

    Raises:
        InputError: There is none, or none that is whole.
    """
    if not place.is_dir():
        if not place.exists():
            raise InputError(f"{place}: no such file or run folder")
        return Checkpoint(place)
    point = find_resume_point(RunFolder(place))
    if point.checkpoint is None:
        raise InputError(f"{place}: holds no checkpoint (checkpoints/step-….h5)")
    for line in point.warnings("reading"):
        warn(line)
    return point.checkpoint


def recipe_of_run(folder: RunFolder, point: ResumePoint) -> RecipeText:
    """The recipe of a run, with the folder that its relative paths start from.

    Raises:
        InputError: There is no run in this folder.
    """
    if not folder.path.is_dir():
        raise InputError(f"{folder.path}: no such run folder")
    try:
        text = folder.recipe.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{folder.path}: no run folder (it has no recipe.yaml)") from None
    except UnicodeDecodeError:
        raise InputError(f"{folder.recipe}: not text in UTF-8, so not a recipe") from None
    return RecipeText(text, str(folder.recipe), _recipe_folder(folder, point))


def _recipe_folder(folder: RunFolder, point: ResumePoint) -> Path:
    if point.checkpoint is not None:
        return Path(point.checkpoint.header.recipe_folder)
    try:
        return Path(folder.recipe_folder.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return folder.path


def refuse_other_recipe(run: LoadedRecipe, given: LoadedRecipe) -> None:
    """Raise InputError where a recipe given beside a run differs from the run's, with a list.

    Both have the values of `--set` in them, so what was set on purpose does not differ. Nor does a
    precision that the recipe leaves to the device, or the order of classes that it leaves to the
    data: the run goes on in what it began with.
    """
    found = [
        (path, ours, theirs)
        for path, ours, theirs in differences(run.recipe, given.recipe)
        if (path, theirs) not in (("train.precision", "auto"), ("data.classes", None))
    ]
    if found:
        lines = [f"{given.written.name} differs from the run's own recipe, {run.written.name}:"]
        lines += [
            f"  {path}: {ours!r} in the run, {theirs!r} given" for path, ours, theirs in found
        ]
        lines.append("leave the recipe out to go on as before, or change a value by --set")
        raise InputError("\n".join(lines))


def refuse_reordered_classes(
    run: LoadedRecipe, point: ResumePoint, source: ImageSource | PointSource | None
) -> None:
    """Raise InputError where a run that states no classes may have had them in another order.

    Up to gantool 0.1 runs stated none, and folders of classes were in the order of characters.
    """
    is_old = point.checkpoint is not None and run.recipe.data.classes is None
    if not is_old or not isinstance(source, FileSource):
        return
    names, before = list(source.classes), sorted(source.classes)
    if names != before:
        raise InputError(
            f"{run.written.name}: the run states no data.classes, and these are ordered naturally"
            f" now ({listed(names)}), where a run of before had {listed(before)}: state their order"
            f" by {as_setting(before)}"
        )


def restore(state: TrainingState, point: ResumePoint) -> None:
    """Bring a fresh state to where a checkpoint was written; to its beginning, without one.

    Where the recipe has begun to keep an average, it starts from the weights; an augmentation that
    learns begins anew where the run had none. What the optimizer
    keeps of weights that are trained no more is dropped; of those that were not, it begins anew.

    Raises:
        InputError: The checkpoint is of other networks or optimizers.
    """
    if point.checkpoint is None:
        return
    variables, stored = state.variables(), point.checkpoint.index
    average = variables.pop("generator_average", {})
    if "augmentation" not in stored.groups:
        for variable in variables.pop("augmentation", {}).values():
            variable.assign(0.0)
    if "generator_average" in stored.groups and average:
        variables["generator_average"] = average
    left: set[str] = set()
    for group, trained in state.trained_weights().items():
        kept = {key.removeprefix(f"{group}/") for key in stored.variables if _in(group, key)}
        left |= {f"{group}/{key}" for key in kept if trained.get(_weight(key)) is False}
        weights, slots = {_weight(key) for key in kept}, {_slot(key) for key in kept if "/" in key}
        variables[group] = {
            key: variable
            for key, variable in variables[group].items()
            if _weight(key) in weights or _slot(key) not in slots
        }
    point.checkpoint.read(variables, left)
    if "generator_average" not in stored.groups:
        for key, variable in average.items():
            variable.assign(variables["generator"][key].value)
    header = point.checkpoint.header
    state.step, state.images = header.step, header.images
    state.seconds, state.retries = header.seconds, header.retries
    state.ways.resume(header.ways if header.machine == machine() else {})


def _in(group: str, key: str) -> bool:
    return key.startswith(f"{group}/")


def _weight(key: str) -> str:
    """Of `00_Dense/kernel/momentum`, the weight; empty for what is of no single weight."""
    return key.rpartition("/")[0]


def _slot(key: str) -> str:
    return key.rpartition("/")[2]


def tidy(folder: RunFolder, point: ResumePoint, keep: int) -> None:
    """Bring a run folder to where a run goes on from, as its checkpoint left it.

    Only for who is alone with the run. Damaged checkpoints are kept by another name; of the others
    the newest `keep` stay.
    """
    for path in point.damaged:
        path.replace(path.with_name(f"{path.name}.damaged"))
    folder.remove_unfinished()
    folder.keep_newest(keep)
    keep_rows(folder.metrics, 0 if point.checkpoint is None else point.checkpoint.header.step)
