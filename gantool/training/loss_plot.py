"""losses.png: both losses over the steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gantool.files import complete_or_absent

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_loss_plot(path: Path, rows: Sequence[Mapping[str, Any]], title: str) -> None:
    """Write `loss_figure` as a PNG, whole or not at all."""
    with complete_or_absent(path) as temporary:
        loss_figure(rows, title).savefig(temporary, format="png")


def loss_figure(rows: Sequence[Mapping[str, Any]], title: str) -> Figure:
    """Draw the losses of rows of metrics.jsonl over their steps.

    Args:
        rows: Each with `step`, `generator_loss` and `discriminator_loss`.
        title: Of the picture.
    """
    # Takes half a second to import, which no run has to wait for before its first checkpoint. The
    # figure is made without pyplot, which keeps a list of figures and looks for a display.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    steps = [row["step"] for row in rows]
    # A single point makes no line.
    marker = "o" if len(rows) == 1 else ""
    for name in ("generator", "discriminator"):
        axes.plot(steps, [row[f"{name}_loss"] for row in rows], label=name, marker=marker, lw=1)
    axes.set(title=title, xlabel="step", ylabel="loss")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure
