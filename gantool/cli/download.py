"""`gantool download`: brings a known data set to where recipes look for it."""

from __future__ import annotations

import click


@click.command()
@click.argument("name")
@click.option("--mirror", metavar="URL", help="Download from this address instead.")
def download(name: str, mirror: str | None) -> None:
    """Place the data set NAME where recipes find it.

    Data sets are looked for in the folder named by GANTOOL_DATA, in ./data and in your own data
    folder; this fills the first of them that exists. A copy that lies in another one, or in the
    repository of gantool, serves without a network.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    from gantool.data.download import place

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    # Elsewhere than on a terminal an unused bar would leave an empty line.
    hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task(name, visible=False)

        def show(done: int, total: int | None, file: str) -> None:
            bar.update(task, completed=done, total=total, description=file, visible=True)

        placed = place(name, mirror, show)
    if placed.how == "present":
        click.echo(f"{name} is in {placed.path} already")
    else:
        click.echo(f"{name} is in {placed.path} ({placed.how} from {placed.origin})")
