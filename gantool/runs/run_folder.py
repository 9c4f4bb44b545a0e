"""The run folder: where each thing of a run lies, and which run folders there are."""

import errno
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gantool.errors import InputError
from gantool.files import remove_unfinished

_CHECKPOINT = re.compile(r"step-(\d{8,})\.h5")
_GRID = re.compile(r"step-(\d{8,})\.png")
_NUMBERED = re.compile(r"(\d{5,})-.*")

RUNS = Path("runs")
"""Where runs go that are given no place."""

WRITTEN = (
    "recipe.yaml",
    ".recipe-folder",
    "session.json",
    "metrics.jsonl",
    "losses.png",
    "report.html",
    "tensorboard/events.*",
    "film.gif",
    "samples/reals.png",
    "samples/step-*.png",
    "checkpoints/step-*.h5",
    "checkpoints/best.h5",
)
"""The files of a run; everything else in its folder is somebody else's."""


@dataclass(frozen=True)
class RunFolder:
    """The paths of a run."""

    path: Path

    @property
    def recipe(self) -> Path:
        """The recipe as the user wrote it, `--set` values applied."""
        return self.path / "recipe.yaml"

    @property
    def recipe_folder(self) -> Path:
        """There until a checkpoint tells it: where the recipe's relative paths start from."""
        return self.path / ".recipe-folder"

    @property
    def lock(self) -> Path:
        """There while a process trains the run."""
        return self.path / ".lock"

    @property
    def metrics(self) -> Path:
        """One JSON object a line."""
        return self.path / "metrics.jsonl"

    @property
    def session(self) -> Path:
        """What a session of training knows beside its rows."""
        return self.path / "session.json"

    @property
    def reals(self) -> Path:
        """Real images, arranged as the samples are."""
        return self.path / "samples" / "reals.png"

    @property
    def losses(self) -> Path:
        """Both losses over the steps."""
        return self.path / "losses.png"

    @property
    def report(self) -> Path:
        """The page of the run."""
        return self.path / "report.html"

    @property
    def nearest(self) -> Path:
        """Samples beside the real images that are most like them."""
        return self.path / "nearest.png"

    @property
    def tensorboard(self) -> Path:
        """The folder of event files."""
        return self.path / "tensorboard"

    def grids(self) -> dict[int, Path]:
        """The grids of samples in the first layout, by their step and in its order."""
        found = {
            int(match[1]): path
            for path in (self.path / "samples").glob("step-*.png")
            if (match := _GRID.fullmatch(path.name))
        }
        return dict(sorted(found.items()))

    def samples(self, step: int, layout: str = "") -> Path:
        """The grid of samples after `step` steps, or another one of the same step."""
        ending = f"-{layout}" if layout else ""
        return self.path / "samples" / f"step-{step:08d}{ending}.png"

    def checkpoint(self, step: int) -> Path:
        """The checkpoint after `step` steps."""
        return self.path / "checkpoints" / f"step-{step:08d}.h5"

    @property
    def best(self) -> Path:
        """The checkpoint of the step with the best figure, where the recipe has one to go by."""
        return self.path / "checkpoints" / "best.h5"

    def checkpoints(self) -> list[Path]:
        """The checkpoints there are, oldest first."""
        found = {
            int(match[1]): path
            for path in (self.path / "checkpoints").glob("step-*.h5")
            if (match := _CHECKPOINT.fullmatch(path.name))
        }
        return [found[step] for step in sorted(found)]

    def keep_newest(self, count: int) -> None:
        """Remove all checkpoints but the newest so many."""
        for old in self.checkpoints()[:-count]:
            # Somebody else may have removed it; what matters is that it is gone.
            with suppress(FileNotFoundError):
                old.unlink()

    def remove_unfinished(self) -> None:
        """Remove what processes that were killed left of files of the run.

        Only for who is alone with the run.
        """
        for written in WRITTEN:
            path = self.path / written
            remove_unfinished(path.parent, path.name)

    def holds_run(self) -> bool:
        """Whether there is a run in this folder already; one that was killed at once left none."""
        return self.recipe.exists() or self.metrics.exists() or bool(self.checkpoints())

    def make(self) -> None:
        """Make the folder and its sub-folders.

        Raises:
            InputError: It cannot be made or written to.
        """
        try:
            for folder in ("samples", "checkpoints"):
                (self.path / folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"{self.path}: the run folder cannot be written ({error.strerror});"
                " name another with --out"
            ) from error


def new_run_folder(out: Path | None, name: str, runs: Path) -> RunFolder:
    """Make the folder of a new run: `out`, or the next numbered one below `runs`.

    Raises:
        InputError: `out` holds a run already, or the folder cannot be written.
    """
    if out is not None:
        folder = RunFolder(out)
        refuse_existing_run(folder)
        folder.make()
        return folder
    numbers = [
        int(match[1])
        for path in (runs.iterdir() if runs.is_dir() else ())
        if (match := _NUMBERED.fullmatch(path.name))
    ]
    number = max(numbers, default=-1) + 1
    while True:
        folder = RunFolder(runs / f"{number:05d}-{name}")
        # Another process may have taken the number since; making the folder settles it.
        if _make_alone(folder.path):
            folder.make()
            return folder
        number += 1


def refuse_existing_run(folder: RunFolder) -> None:
    """Raise InputError where the folder holds a run, with the way on."""
    if folder.holds_run():
        raise InputError(
            f"{folder.path}: holds a run already; go on with it by"
            f" `gantool train --resume {folder.path}`, or name another folder with --out"
        )


def refuse_bad_place(out: Path | None, runs: Path = RUNS) -> None:
    """Raise InputError where `new_run_folder` could not make a folder; none is made here."""
    if out is not None:
        refuse_existing_run(RunFolder(out))
    place = out or runs
    try:
        there = next((it for it in (place, *place.parents) if it.exists()), Path())
        if there.is_dir():
            failed = 0 if os.access(there, os.W_OK | os.X_OK) else errno.EACCES
        else:
            failed = errno.ENOTDIR
    except OSError as error:
        failed = error.errno or errno.EIO
    if failed == errno.ENOTDIR and out is None:
        raise InputError(f"{runs}: is a file, not a folder for runs")
    if failed:
        raise InputError(
            f"{place}: the run folder cannot be written ({os.strerror(failed)});"
            " name another with --out"
        )


def _make_alone(path: Path) -> bool:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir()
    except FileExistsError:
        if path.parent.is_dir():
            return False
        raise InputError(f"{path.parent}: is a file, not a folder for runs") from None
    except OSError as error:
        raise InputError(
            f"{path}: the run folder cannot be made ({error.strerror}); name one with --out"
        ) from error
    return True
