"""The page of a run, or of several: one HTML file that needs no network, nor a script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment

from gantool import __version__
from gantool.quantities import duration
from gantool.report.chart import COLOURS, HEIGHT, WIDTH, Chart, Curve, plots_of
from gantool.report.comparison import groups_of, recipe_differences
from gantool.report.figures import (
    LOSSES,
    SPEED,
    figure_names,
    shown,
    values_of,
)
from gantool.report.html import REPORT, environment, policy, static
from gantool.report.pictures import PICTURE_BYTES, Pictures
from gantool.report.run import Run
from gantool.report.table import reached

GENERATOR = '<meta name="generator" content="gantool'
"""What a page has near its beginning, by which it is known for one of ours."""

_HEAD = 200
"""Bytes within which that stands."""


def page_of_run(run: Run, pictures: Pictures) -> str:
    """The page of one run.

    Args:
        run: To be shown.
        pictures: Keeps what it has encoded for the next page of the run.
    """
    film = pictures.film(run)
    newest = pictures.of(run.folder.samples(film[-1].step)) if film else None
    losses = [Curve(name.removesuffix("_loss"), values_of(run.rows, name)) for name in LOSSES]
    others = (*figure_names(run.rows), SPEED)
    charts = [
        Chart("losses", losses),
        *(Chart(name, [Curve(name, values_of(run.rows, name))]) for name in others),
    ]
    html = _page(
        "run.html.j2",
        charts,
        title=run.name,
        run=run,
        film=film,
        newest=newest,
        reals=pictures.of(run.folder.reals),
        nearest=pictures.of(run.folder.nearest),
        figures=reached(run),
    )
    pictures.forget_unused()
    return html


def page_of_runs(runs: Sequence[Run], pictures: Pictures) -> str:
    """The page that compares several runs.

    Args:
        runs: In the order in which they are shown.
        pictures: Encodes their newest grids.
    """
    if len({run.name for run in runs}) < len(runs):
        runs = [replace(run, name=str(run.folder.path)) for run in runs]
    names = list(dict.fromkeys(name for run in runs for name in figure_names(run.rows)))
    charts = [
        Chart(name, [Curve(run.name, values_of(run.rows, name)) for run in runs])
        for name in (*LOSSES, *names, SPEED)
    ]
    most = min(PICTURE_BYTES, 2_000_000 // len(runs))
    newest = []
    for run in runs:
        grids = [path for step, path in run.folder.grids().items() if step <= run.step]
        newest.append(pictures.of(grids[-1], most) if grids else None)
    return _page(
        "runs.html.j2",
        charts,
        title=f"{len(runs)} runs",
        runs=runs,
        newest=newest,
        differences=recipe_differences(runs),
        groups=groups_of(runs),
    )


def _page(template: str, charts: Sequence[Chart], **given: Any) -> str:
    plots = plots_of(charts)
    style = "".join(static(REPORT, name) for name in ("uPlot.min.css", "base.css", "page.css"))
    script = _script()
    return (
        _environment()
        .get_template(template)
        .render(
            generator=f'{GENERATOR} {__version__}">',
            policy=policy(style, script),
            style=style,
            script=script,
            plots=plots,
            data={
                "plots": [plot.data for plot in plots],
                "labels": [plot.labels for plot in plots],
                "film": [
                    {"step": frame.step, "source": frame.picture.source}
                    for frame in given.get("film", ())
                ],
            },
            written=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
            width=WIDTH,
            height=HEIGHT,
            **given,
        )
    )


def _script() -> str:
    licence, plots, page = (
        static(REPORT, name) for name in ("uPlot-LICENSE", "uPlot.iife.min.js", "page.js")
    )
    return f"/*! {licence} */\n{plots}\n{page}"


@cache
def _environment() -> Environment:
    found = environment()
    found.filters |= {"shown": shown, "duration": duration, "colour": _colour}
    return found


def _colour(index: int) -> str:
    """The classes of a curve, by its place."""
    return f"c{index % COLOURS}" + (" dashed" if index // COLOURS % 2 else "")


def is_page(path: Path) -> bool:
    """Whether a file is a page that gantool has made."""
    with path.open("rb") as file:
        return GENERATOR.encode() in file.read(_HEAD)
