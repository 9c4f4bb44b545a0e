"""What a checkpoint of a run says of itself."""

from pathlib import Path

from gantool.device import machine
from gantool.engine.plan import Plan
from gantool.runs.checkpoint_format import Header


def header_of(plan: Plan, step: int, images: int, seconds: float) -> Header:
    """The header after so many steps and real images, and so many seconds of training."""
    loaded = plan.loaded
    return Header(
        recipe=loaded.text,
        recipe_folder=as_utf8(loaded.folder),
        step=step,
        images=images,
        seconds=seconds,
        seed=loaded.recipe.seed,
        classes=plan.classes,
        retries=plan.state.retries,
        machine=machine(),
        ways=dict(sorted(plan.state.ways.taken.items())),
    )


def as_utf8(folder: Path) -> str:
    """A folder's name; bytes of it that are no text are lost."""
    return str(folder).encode("utf-8", "replace").decode()
