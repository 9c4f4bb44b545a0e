"""The folder of a new run, which one process alone trains."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gantool.engine.plan import Plan
from gantool.runs.initial import write_beginning
from gantool.runs.resume import find_resume_point, tidy
from gantool.runs.run_folder import RUNS, RunFolder, new_run_folder, refuse_existing_run
from gantool.runs.run_lock import alone_with


@contextmanager
def new_run(plan: Plan, out: Path | None, has_beginning: bool = False) -> Iterator[RunFolder]:
    """Make the folder of a run that is about to begin; within, no other process trains it.

    Args:
        plan: What is to be trained.
        out: The folder; None for the next numbered one below `RUNS`.
        has_beginning: Whether the run begins with weights that are to be saved.

    Raises:
        InputError: The folder holds a run already, or cannot be written.
    """
    folder = new_run_folder(out, plan.recipe.name, RUNS)
    with alone_with(folder):
        refuse_existing_run(folder)  # another process may have been faster, and be through
        tidy(folder, find_resume_point(folder), plan.recipe.output.checkpoint.keep)
        if has_beginning:
            write_beginning(plan, folder)
        yield folder
