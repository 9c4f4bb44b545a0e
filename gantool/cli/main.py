"""The command `gantool`: its commands, and how errors become lines and exit codes."""

import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from gantool import __version__
from gantool.cli.bench import bench
from gantool.cli.check import check
from gantool.cli.components import components
from gantool.cli.convert import convert
from gantool.cli.download import download
from gantool.cli.inspect import inspect
from gantool.cli.recipes import recipes
from gantool.cli.sample import sample
from gantool.cli.schema import schema
from gantool.cli.signals import INTERRUPTED, TERMINATED, Terminated, terminates_like_ctrl_c
from gantool.cli.train import train
from gantool.errors import GantoolError, printable


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gantool", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an error; may stand anywhere.")
def cli(debug: bool) -> None:
    """Train and sample GANs from a YAML recipe.

    \b
    gantool train quickstart         train; pictures appear in runs/
    gantool sample --ckpt runs/00000-quickstart
    gantool recipes dcgan-mnist > mine.yaml
    gantool check mine.yaml          everything wrong with it, or its layers
    gantool components loss          what a recipe can name
    gantool bench mine.yaml          how fast it trains here
    """


for command in (
    train,
    sample,
    check,
    bench,
    recipes,
    components,
    download,
    inspect,
    convert,
    schema,
):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and end the process with the exit code of the design."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    sys.exit(_run([argument for argument in given if argument != "--debug"], debug))


def _run(arguments: list[str], debug: bool) -> int:
    try:
        with terminates_like_ctrl_c():
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
