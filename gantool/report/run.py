"""A run as its folder tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from gantool.errors import InputError
from gantool.recipe.document import read_document
from gantool.recipe.load import MAX_CHARACTERS
from gantool.recipe.model import Recipe
from gantool.recipe.validate import validate
from gantool.report.figures import SPEED, Row, number
from gantool.runs.metrics_file import RowReader
from gantool.runs.run_folder import RunFolder
from gantool.runs.run_lock import is_trained
from gantool.runs.session_file import Session, read_session

State = Literal["running", "stopped", "diverged", "done"]

_RECENT = 10
"""Rows that the present speed goes by."""


@dataclass(frozen=True)
class Run:
    """A run, as far as it can be read.

    Attributes:
        folder: Its paths.
        name: What it is called: as its folder.
        text: Its recipe as text; empty where that cannot be read.
        recipe: The same as typed data; None where it is not one of this gantool's.
        problems: What cannot be read, in lines.
        rows: Of metrics.jsonl.
        session: What its latest session knew; None for a run of gantool 0.1.
        is_trained: Whether a process trained it when it was read.
        told: Its state, where that was known better than by its files.
    """

    folder: RunFolder
    name: str
    text: str
    recipe: Recipe | None
    problems: Sequence[str]
    rows: Sequence[Row]
    session: Session | None
    is_trained: bool
    told: State | None = None

    @property
    def state(self) -> State:
        """Whether it is trained now, has been stopped or killed, has diverged or is through."""
        if self.told is not None:
            return self.told
        if self.is_trained:
            return "running"
        if self.diverged is not None:
            return "diverged"
        return "done" if self.last_step is not None and self.step >= self.last_step else "stopped"

    @property
    def diverged(self) -> str | None:
        """How it diverged, if it did."""
        return None if self.session is None else self.session.diverged

    @cached_property
    def step(self) -> int:
        """The last one that its rows or checkpoints tell of; 0 before the first."""
        of_checkpoint = [int(path.stem.split("-")[1]) for path in self.folder.checkpoints()[-1:]]
        of_row: list[int] = [row["step"] for row in self.rows[-1:]]
        return max([0, *of_checkpoint, *of_row])

    @property
    def last_step(self) -> int | None:
        """Steps in all, where that is known."""
        if self.session is not None:
            return self.session.last_step
        return None if self.recipe is None else self.recipe.train.steps

    @property
    def images_per_second(self) -> float | None:
        """Of the latest rows."""
        if not self.rows:
            return None
        pace = self._pace("images")
        return pace if pace is not None else number(self.rows[-1].get(SPEED))

    @property
    def seconds_trained(self) -> float | None:
        """How long it has been trained, as its latest row tells."""
        return number(self.rows[-1].get("seconds")) if self.rows else None

    @property
    def seconds_left(self) -> float | None:
        """How long it goes on at the pace of its latest rows; None unless it is running."""
        pace, last = self._pace("step"), self.last_step
        if self.state != "running" or not pace or last is None:
            return None
        return max(0.0, (last - self.step) / pace)

    @property
    def warnings(self) -> list[tuple[int, str]]:
        """Those of its rows, each with its step."""
        found = ((row["step"], row.get("warnings")) for row in self.rows)
        return [
            (step, text)
            for step, texts in found
            if isinstance(texts, list)
            for text in texts
            if isinstance(text, str)
        ]

    def _pace(self, name: str) -> float | None:
        """How many of something a second of training brought, of late."""
        if len(self.rows) < 2:
            return None
        first, latest = self.rows[-_RECENT:][0], self.rows[-1]
        done, seconds = (
            (number(latest.get(it)) or 0.0) - (number(first.get(it)) or 0.0)
            for it in (name, "seconds")
        )
        return done / seconds if done > 0 and seconds > 0 else None


class RunReader:
    """Reads a run again and again, and only what has come since.

    Args:
        path: Of its folder.

    Raises:
        InputError: There is no run.
    """

    def __init__(self, path: Path) -> None:
        self.folder = RunFolder(path)
        if not path.is_dir():
            raise InputError(f"{path}: no such run folder")
        if not self.folder.holds_run():
            raise InputError(f"{path}: no run folder (it has no recipe.yaml)")
        self._rows = RowReader(self.folder.metrics)
        self._bytes: bytes | None = None
        self._recipe: tuple[str, Recipe | None, list[str]] = ("", None, [])

    def read(self, told: State | None = None) -> Run:
        """The run as it is now.

        Args:
            told: Its state, where that is known better than by its files.
        """
        problems = []
        try:
            self._rows.read()
        except OSError as error:
            problems.append(f"metrics.jsonl cannot be read ({error.strerror})")
        if self._rows.unreadable:
            problems.append(f"metrics.jsonl: lines that are no rows: {self._rows.unreadable:,}")
        text, recipe, wrong = self._read_recipe()
        return Run(
            folder=self.folder,
            name=self.folder.path.resolve().name,
            text=text,
            recipe=recipe,
            problems=[*wrong, *problems],
            rows=list(self._rows.rows),
            session=read_session(self.folder),
            is_trained=is_trained(self.folder),
            told=told,
        )

    def _read_recipe(self) -> tuple[str, Recipe | None, list[str]]:
        try:
            with self.folder.recipe.open("rb") as file:
                read = file.read(4 * MAX_CHARACTERS + 1)
        except OSError as error:
            return "", None, [f"recipe.yaml cannot be read ({error.strerror})"]
        if read != self._bytes:
            self._bytes, self._recipe = read, _recipe_of(read)
        return self._recipe


def _recipe_of(read: bytes) -> tuple[str, Recipe | None, list[str]]:
    text = read.decode("utf-8-sig", errors="replace")
    if len(text) > MAX_CHARACTERS:
        return "", None, [f"recipe.yaml has more than {MAX_CHARACTERS:,} characters"]
    document, found = read_document(text, "recipe.yaml")
    recipe = None
    if document is not None and not found:
        recipe, _ = validate(document.data)
    problem = [] if recipe else ["recipe.yaml is no recipe that this gantool reads"]
    return text, recipe, problem
