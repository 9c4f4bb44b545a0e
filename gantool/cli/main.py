"""The command `gantool`: its commands, and how errors become lines and exit codes."""

import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import NoReturn

import click

from gantool import __version__
from gantool.cli.arithmetic import arithmetic
from gantool.cli.bench import bench
from gantool.cli.check import check
from gantool.cli.components import components
from gantool.cli.convert import convert
from gantool.cli.directions import directions
from gantool.cli.download import download
from gantool.cli.evaluate import evaluate
from gantool.cli.explore import explore
from gantool.cli.export import export
from gantool.cli.export_images import export_images
from gantool.cli.help_text import Context
from gantool.cli.inspect import inspect
from gantool.cli.interpolate import interpolate
from gantool.cli.nearest import nearest
from gantool.cli.new import new
from gantool.cli.project import project
from gantool.cli.recipes import recipes
from gantool.cli.report import report
from gantool.cli.runs import runs
from gantool.cli.sample import sample
from gantool.cli.schema import schema
from gantool.cli.signals import INTERRUPTED, TERMINATED, Terminated
from gantool.cli.train import train
from gantool.cli.version import version
from gantool.errors import GantoolError, printable


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(
    __version__,
    prog_name="gantool",
    message="%(prog)s %(version)s",
    help="Show the version and exit; `gantool version` shows more.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error; may stand anywhere.")
def cli(debug: bool) -> None:
    """Train and sample GANs from a YAML recipe.

    \b
    gantool new my/pictures
      a recipe that suits your pictures
    gantool train quickstart
      train; pictures appear in runs/
    gantool sample --ckpt RUN
      draw images from a run
    gantool runs
      how your runs stand
    gantool recipes cgan-mnist > mine.yaml
      a recipe to make your own of
    gantool check mine.yaml
      what is wrong with it, or its layers
    gantool components loss
      what a recipe can name
    """


cli.context_class = Context
for command, short_help in (
    (new, "Write a recipe that suits your pictures."),
    (train, "Train a recipe."),
    (sample, "Draw images from a checkpoint."),
    (evaluate, "Take figures of checkpoints."),
    (nearest, "Show samples beside the training images most like them."),
    (interpolate, "Make a film of the way between seeds."),
    (arithmetic, "Draw sums and differences of latents."),
    (directions, "Draw walks along directions of latents."),
    (project, "Find the latent of a picture."),
    (explore, "Look through a generator in a browser."),
    (export, "Write a generator for other programs."),
    (runs, "List runs, or follow one."),
    (report, "Make a page of a run, or of several."),
    (check, "Tell what is wrong with a recipe, or show its layers."),
    (bench, "Measure how fast a recipe trains."),
    (recipes, "List the built-in recipes, or print one."),
    (components, "List what can stand in a recipe."),
    (download, "Get a data set."),
    (inspect, "Tell what images, a checkpoint or a run hold."),
    (convert, "Prepare a large set of images."),
    (export_images, "Write the real images that networks see."),
    (schema, "Print what a recipe may hold, for editors."),
    (version, "Show versions and the device."),
):
    command.context_class, command.short_help = Context, short_help
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and end the process with the exit code of the design."""
    if isinstance(sys.stdout, TextIOWrapper):  # a name may hold what the terminal's encoding lacks
        sys.stdout.reconfigure(errors="backslashreplace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    sys.exit(_run([argument for argument in given if argument != "--debug"], debug))


def _run(arguments: list[str], debug: bool) -> int:
    try:
        code = cli.main(arguments, prog_name="gantool", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt) as error:
        click.echo("stopped", err=True)
        # Click makes an Abort of each KeyboardInterrupt.
        return TERMINATED if isinstance(error.__cause__ or error, Terminated) else INTERRUPTED
    except Exception as error:
        if debug:
            raise
        # A name in a recipe or an archive may hold what a terminal would obey.
        click.echo("\n".join(map(printable, _message(error).split("\n"))), err=True)
        return error.exit_code if isinstance(error, GantoolError) else 1


def _message(error: Exception) -> str:
    if isinstance(error, GantoolError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}"
    first = (str(error).strip() or "no further words").splitlines()[0]
    return f"unexpected error: {type(error).__name__}: {first} (--debug shows where)"
