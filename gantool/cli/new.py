"""`gantool new`: from pictures to a recipe that suits them."""

from __future__ import annotations

import glob
import re
import unicodedata
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from gantool.cli import completion
from gantool.cli.loading import say, start_tensorflow, warn
from gantool.cli.progress import telling_images
from gantool.cli.sizes import parse_size
from gantool.cli.source_options import source_options
from gantool.cli.writing import errors_of_writing
from gantool.errors import printable
from gantool.files import write_text
from gantool.memory import amount
from gantool.quantities import duration, step_time

if TYPE_CHECKING:
    from gantool.data.sources.choice import Asked, Split
    from gantool.drafting.means import Means
    from gantool.engine.plan import Plan
    from gantool.recipe.data import Features

_SECONDS = 15.0
"""For a look at pictures: some thousand are decoded in it."""

_LONGEST = 60
"""Characters of a recipe's name."""


@click.command()
@click.argument("source", metavar="FOLDER", shell_complete=completion.sources)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The recipe.  [default: FOLDER's name with .yaml, in the working folder]",
)
@click.option(
    "--size",
    callback=parse_size,
    metavar="SIZE",
    help="Of every picture: 64, or height x width as in 64x96.  [default: what suits pictures and"
    " machine]",
)
@click.option(
    "--labels/--no-labels",
    default=None,
    help="Whether networks are told the classes.  [default: if each has ten pictures or more]",
)
@source_options
def new(
    source: str,
    out: Path | None,
    size: tuple[int, int] | None,
    labels: bool | None,
    labels_from: Asked | None,
    split: Split | None,
    features: Features,
) -> None:
    """Write a recipe that suits the pictures in FOLDER.

    FOLDER may also be an archive, a pattern of paths, a file of records or arrays, or a data set
    of the catalogue. The recipe says beside each choice why it was made, and is ready to train.
    Nothing that is there already is written over.
    """
    from gantool.data.inspection.survey import survey
    from gantool.drafting.frame import checked_size
    from gantool.drafting.recipe import draft, refuse_unusable
    from gantool.drafting.wishes import Wishes

    if labels is False and labels_from is not None:
        raise click.UsageError("--no-labels and --labels-from are opposites: leave one out")
    _refuse_undecodable(source)
    name = _name_of(source)
    path = out or Path(f"{name}.yaml")
    _refuse_place(path)
    if size is not None:
        checked_size(size)
    asked = labels_from or labels
    with telling_images() as tell:
        found = survey(source, tell, asked, split, features, _SECONDS)
    wishes = Wishes(name, _from(path, source), size, _labels_from(path, asked), split, features)
    say(f"{printable(found.name)}: looked at {found.looked_at:,} of {_pictures(found.images)}")
    refuse_unusable(found, wishes)
    start_tensorflow()
    drafted = draft(found, wishes, _means())
    plan = _plan_of(drafted.text, path)
    with errors_of_writing(path):
        write_text(path, drafted.text)
    click.echo(f"{printable(str(path))}: {drafted.summary}")
    click.echo(f"its comments say why; train it with: gantool train {printable(quote(str(path)))}")
    say("a few steps are measured; Ctrl-C leaves that out")
    click.echo(_estimated(plan))


def _pictures(count: int) -> str:
    return f"{count:,} picture{'' if count == 1 else 's'}"


def _name_of(source: str) -> str:
    """A recipe's name: that of the folder or file, in letters that it may have."""
    try:
        path = Path(source).resolve()
    except (RuntimeError, OSError):  # which of them depends on Python's version
        raise click.UsageError(f"{printable(source)}: a link that leads to itself") from None
    if not path.exists():  # a pattern, or a data set of the catalogue
        path = Path(*(part for part in path.parts if not glob.has_magic(part)))
    plain = unicodedata.normalize("NFKD", path.name if path.is_dir() else path.name.split(".")[0])
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", plain.encode("ascii", "ignore").decode())
    return name.strip("-_.")[:_LONGEST] or "pictures"


def _refuse_undecodable(source: str) -> None:
    """Raise UsageError where a name has bytes that no recipe can hold."""
    try:
        f"{source}{Path.cwd()}".encode()
    except UnicodeEncodeError:
        raise click.UsageError(
            f"{printable(source)}: a recipe is text in UTF-8, and this name is not: rename it"
        ) from None


def _refuse_place(path: Path) -> None:
    """Raise UsageError where a recipe cannot be written."""
    shown = printable(str(path))
    if path.exists() or path.is_symlink():
        raise click.UsageError(f"{shown} is there already: name another file with --out")
    if not path.parent.is_dir():
        raise click.UsageError(f"--out {shown}: there is no folder {printable(str(path.parent))}")
    if path.suffix not in (".yaml", ".yml"):
        raise click.UsageError(f"--out {shown}: a recipe's name ends in .yaml")


def _from(path: Path, source: str) -> str:
    """What a recipe at a path calls a source that is named in the working folder."""
    from gantool.data.catalogue import CATALOGUE, STACKED

    here = Path().resolve()
    if source in (*CATALOGUE, STACKED) or path.parent.resolve() == here or source[:1] in "/~":
        return source
    is_pattern = glob.has_magic(source) and not Path(source).exists()
    return f"{glob.escape(str(here)) if is_pattern else here}/{source}"


def _labels_from(path: Path, asked: Asked | None) -> Asked | None:
    """What says the classes, as a recipe at a path calls it."""
    from gantool.recipe.data import LabelFile

    if isinstance(asked, LabelFile) and Path(asked.file).exists():
        return asked.model_copy(update={"file": _from(path, asked.file)})
    return asked


def _means() -> Means:
    """What this machine trains with."""
    from gantool.drafting.means import Means
    from gantool.memory import free_gpu_memory, free_memory
    from gantool.networks.devices import find_device

    device = find_device()
    memory = free_gpu_memory() if device.is_gpu else free_memory()
    return Means(device.name, device.is_gpu, memory)


def _plan_of(text: str, path: Path) -> Plan:
    """What a recipe is, before it is written.

    Raises:
        InputError: Something is wrong with it after all, as that memory is not enough.
    """
    from gantool.engine.opened import open_checked
    from gantool.engine.plan import make_plan
    from gantool.recipe.load import RecipeText, load

    loaded = load(RecipeText(text, str(path), path.resolve().parent))
    plan = make_plan(loaded, opened=open_checked(loaded))
    warn(*plan.warnings)
    return plan


def _estimated(plan: Plan) -> str:
    """A line on what the training of a plan takes; nothing of it is kept."""
    from gantool.data.loading import MAX_BYTES_IN_MEMORY
    from gantool.measuring.blank import blank_images
    from gantool.measuring.report import estimate

    images = blank_images(plan)
    found = estimate(plan, images)
    memory = f"{amount(found.memory)} of memory"
    if found.gpu_memory is not None:
        memory += f", {amount(found.gpu_memory)} of the GPU's"
    line = f"about {duration(found.seconds)} here ({step_time(found.seconds_per_step)} a step)"
    pixels = images.pixels
    assert pixels is not None
    if pixels.nbytes > MAX_BYTES_IN_MEMORY:
        line += ", and what reading takes: `gantool convert` makes that fast"
    return f"{line}, {memory}"
