"""report.html: the page of a run while it trains."""

import time

from gantool.engine.hook import Hook, Moment, Outcome
from gantool.files import write_text
from gantool.recipe.types import Interval
from gantool.report.page import page_of_run
from gantool.report.pictures import Pictures
from gantool.report.run import RunReader, State
from gantool.runs.run_folder import RunFolder

_SHARE = 0.05
"""Of the time that passes, what writing the page takes at most."""


class ReportHook(Hook):
    """Writes the page wherever a checkpoint is due, unless it has only just been written.

    Grids that were encoded for the last page are kept, and rows that were read. Where a page took a
    second nevertheless, the next one is written after twenty at the earliest; but always at the
    end. A page that cannot be made is told of, and ends no run.
    """

    at_stop = True

    def __init__(self, every: Interval, folder: RunFolder) -> None:
        self.every = every
        self._folder = folder
        self._reader: RunReader | None = None
        self._pictures = Pictures()
        self._rested_at = 0.0
        self._failed = ""

    def __call__(self, moment: Moment) -> Outcome:
        progress = moment.progress
        state: State = "running"
        if progress.ends:
            state = "stopped" if progress.stopped else "done"
        warnings = [self._failed] if self._failed else []
        self._failed = ""
        return Outcome(job=lambda: self._write(state), warnings=warnings)

    def _write(self, state: State) -> None:
        began = time.monotonic()
        if state == "running" and began < self._rested_at:
            return
        if self._reader is None:
            self._reader = RunReader(self._folder.path)
        try:
            page = page_of_run(self._reader.read(state), self._pictures)
        except Exception as error:
            self._failed = f"report.html could not be made: {type(error).__name__}: {error}"
            return
        write_text(self._folder.report, page)
        ended = time.monotonic()
        self._rested_at = ended + (ended - began) / _SHARE


def write_diverged_report(folder: RunFolder) -> None:
    """Write the page of a run that has just diverged."""
    write_text(folder.report, page_of_run(RunReader(folder.path).read("diverged"), Pictures()))
