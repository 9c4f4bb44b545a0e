"""Numbers of seeds, or of rows of a file, as options of commands name them."""

import click


def parse_numbers(
    _context: click.Context, _option: click.Parameter, value: str | None
) -> tuple[range, ...] | None:
    """Read `0-63`, `7`, or several of them with commas between."""
    if value is None:
        return None
    from gantool.sampling.seeds import ranges_of

    try:
        return ranges_of(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
