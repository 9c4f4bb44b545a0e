"""The page: one HTML file whose script asks the server for pictures, and nothing else."""

from __future__ import annotations

from typing import NamedTuple

from gantool import __version__
from gantool.explore.explorer import COLUMNS, Explorer
from gantool.explore.wish import REACH
from gantool.report.html import REPORT, environment, policy, static
from gantool.report.page import GENERATOR
from gantool.sampling.sampler import BLOCK

_HERE = "gantool.explore"


class Page(NamedTuple):
    """A page, and the Content-Security-Policy that it is sent with."""

    html: str
    policy: str


def page_of(explorer: Explorer) -> Page:
    """The page of a generator."""
    style = static(REPORT, "base.css") + static(_HERE, "explore.css")
    script = static(_HERE, "explore.js")
    allowed = policy(style, script, "img-src data:; connect-src 'self'")
    sampler = explorer.sampler
    height, width, _ = sampler.recipe.data.shape
    html = (
        environment(_HERE)
        .get_template("explore.html.j2")
        .render(
            generator=f'{GENERATOR} {__version__}">',
            policy=allowed,
            style=style,
            script=script,
            title=f"{sampler.recipe.name}, step {sampler.header.step:,}",
            checkpoint=explorer.checkpoint.path,
            weights=sampler.weights,
            directions=len(explorer.directions),
            reach=REACH,
            names=explorer.names,
            is_small=max(height, width) < 400,
            data={"block": BLOCK, "columns": COLUMNS, "height": height, "width": width},
        )
    )
    # A page cannot say by itself that no other may show it in a frame.
    return Page(html, f"{allowed}; frame-ancestors 'none'")
