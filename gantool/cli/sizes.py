"""Sizes of pictures on the command line."""

from __future__ import annotations

import re

import click

_MAX_SIDE = 65_500
"""Of what libjpeg writes."""


def parse_size(
    _context: click.Context, _option: click.Parameter, value: str | None
) -> tuple[int, int] | None:
    """Height and width of `64`, or of `64x96`; None where no size is given."""
    if value is None:
        return None
    found = re.fullmatch(r"([1-9]\d{0,4})(?:[x×]([1-9]\d{0,4}))?", value)
    if found is None:
        raise click.BadParameter(f"{value!r} is no size; write 64, or height x width as in 64x96")
    from gantool.data.decoding import MAX_PIXELS

    height, width = int(found[1]), int(found[2] or found[1])
    if height * width > MAX_PIXELS:
        raise click.BadParameter(
            f"{height}x{width} is {height * width:,} pixels, and an image may have {MAX_PIXELS:,}"
        )
    if max(height, width) > _MAX_SIDE:
        raise click.BadParameter(f"{height}x{width}: a side may have {_MAX_SIDE:,} pixels, in JPEG")
    return height, width
