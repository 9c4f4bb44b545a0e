"""`gantool report`: a page of a run, or of several beside each other."""

from __future__ import annotations

from pathlib import Path

import click

from gantool.errors import InputError


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN…")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE.html",
    help="The page.  [default: report.html, in the run folder; of several runs, here]",
)
def report(runs: tuple[Path, ...], out: Path | None) -> None:
    """Make a page of RUN: curves, pictures, figures, recipe and layers, in one file.

    Of several runs it shows their curves over each other, how their recipes differ and what they
    reached; runs that differ only in their seeds are summed up. A run writes its own page at each
    checkpoint, as report.html in its folder.
    """
    from gantool.files import write_text
    from gantool.report.page import page_of_run, page_of_runs
    from gantool.report.pictures import Pictures
    from gantool.report.run import RunReader

    readers = [RunReader(path) for path in dict.fromkeys(runs)]
    if out is None:
        out = readers[0].folder.report if len(readers) == 1 else Path("report.html")
    _refuse_bad_place(out)
    found = [reader.read() for reader in readers]
    pictures = Pictures()
    one = len(found) == 1
    write_text(out, page_of_run(found[0], pictures) if one else page_of_runs(found, pictures))
    click.echo(out)


def _refuse_bad_place(out: Path) -> None:
    """Raise InputError where a page cannot be written, or would take the place of another file."""
    from gantool.report.page import is_page

    if out.is_dir():
        raise InputError(f"{out}: is a folder; name a file, as in --out {out / 'report.html'}")
    if not out.parent.is_dir():
        raise InputError(f"{out.parent}: no such folder")
    if out.exists() and not (out.is_file() and is_page(out)):
        raise InputError(f"{out}: is there already, and is no page of gantool's; name another file")
