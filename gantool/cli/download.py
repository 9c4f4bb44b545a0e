"""`gantool download`: brings a known data set to where recipes look for it."""

from pathlib import Path

import click

from gantool.cli import completion


@click.command()
@click.argument("name", shell_complete=completion.downloads)
@click.option("--mirror", metavar="URL", help="Download from this address instead.")
@click.option(
    "--from-file",
    "given",
    metavar="PATH",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A file of the set that you have already; may be repeated. The others are downloaded.",
)
def download(name: str, mirror: str | None, given: tuple[Path, ...]) -> None:
    """Place the data set NAME where recipes find it, or the network inception, for FID.

    Data sets are looked for in the folder named by GANTOOL_DATA, in ./data and in your own data
    folder; this fills the first of them that exists. A copy that lies in another one, or in the
    repository of gantool, serves without a network. What broke off is gone on with by the next
    call.
    """
    from rich.console import Console

    from gantool.cli.transfer import transfer_progress
    from gantool.data.download import place

    with transfer_progress(Console(stderr=True)) as (show, say):
        placed = place(name, mirror, given, show, say)
    if placed.steps:
        click.echo(f"{name} is in {placed.path} ({', '.join(placed.steps)})")
    else:
        click.echo(f"{name} is in {placed.path} already")
