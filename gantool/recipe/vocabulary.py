"""gantool's own names: what a recipe may use beside the classes of Keras, and with what.

Kept apart from the code behind the names so that a recipe is checked, and its schema printed,
without importing TensorFlow.
"""

from __future__ import annotations

from gantool.recipe.signatures import Keyword, Signature


def _own(name: str, summary: str, *keywords: Keyword) -> Signature:
    return Signature(
        name=name,
        keywords={keyword.name: keyword for keyword in keywords},
        takes_any=False,
        summary=summary,
    )


OWN_LAYERS: dict[str, Signature] = {
    signature.name: signature
    for signature in (
        _own(
            "ConcatLabel",
            "The label beside the input: one-hot after a vector, one plane a class after an image.",
        ),
        _own(
            "Residual",
            "The sum of what `body` and `shortcut` make of the input; no shortcut is the input.",
            Keyword("body", required=True, default=None),
            Keyword("shortcut", required=False, default=()),
        ),
        _own(
            "Repeat",
            "The layers, one after the other, so many times, each time with weights of its own.",
            Keyword("times", required=True, default=None),
            Keyword("layers", required=True, default=None),
        ),
    )
}
"""Layers and blocks that `gantool.networks` makes."""

LAYER_LIST_KEYWORDS = ("body", "shortcut", "layers", "cells")
"""The keywords, of our blocks and of Keras's, that hold lists of layers."""

FORMER_KEYWORDS = {"alpha": "negative_slope", "lr": "learning_rate"}
"""What older articles write, and what Keras 3 calls it, where a class takes only the latter."""
