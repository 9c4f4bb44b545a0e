"""`gantool components`: what can stand in a recipe, read from the source of Keras and gantool."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gantool.recipe.signatures import KINDS, names


def test_the_kinds_are_told_with_the_places_where_they_stand(
    command: Callable[..., Any],
) -> None:
    done = command("components")
    assert done.code == 0
    lines = [line.split(maxsplit=2) for line in done.out.splitlines()]
    assert [(kind, int(count)) for kind, count, _ in lines] == [
        (kind, len(names(kind))) for kind, _, _ in lines
    ]
    assert {kind for kind, _, _ in lines} == set(KINDS)
    assert ["term", str(len(names("term"))), "regularizers"] in lines


def test_a_kind_has_a_line_of_help_for_each_of_its_names(command: Callable[..., Any]) -> None:
    done = command("components", "loss")
    assert [line.split()[0] for line in done.out.splitlines() if line[0] != " "] == list(
        names("loss")
    )
    told = (
        "Softmax Cross-entropy of a softmax over two logits: class 0 is generated, class 1 is real."
    )
    assert told in " ".join(done.out.split())


def test_a_component_is_told_with_its_keywords_defaults_and_paper(
    command: Callable[..., Any],
) -> None:
    done = command("components", "term", "WeightClip")
    assert done.out == (
        "WeightClip (regularizers)\n\n"
        "  Every weight of the discriminator to ±limit after each update (Arjovsky et al. 2017,"
        " WGAN).\n\n"
        "  Algorithm 1, line 7.\n\n"
        "keywords\n"
        "  limit (required)                Largest absolute value of a weight.\n"
        '  batch_normalization: "weights"  weights: scale and offset of BatchNormalization are'
        " clipped like\n"
        "                                  other weights; all: its moving statistics too; none:"
        " nothing of\n"
        "                                  it.\n\n"
        "as in\n"
        "  WeightClip: {limit: …}\n"
    )


def test_a_name_that_a_recipe_may_write_another_way_says_so(command: Callable[..., Any]) -> None:
    done = command("components", "loss", "non-saturating")
    assert done.out.startswith("NonSaturating (loss)\n")
    assert "\nalso written non-saturating\n" in done.out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["los"],
            "unknown kind of component 'los'; did you mean 'loss'? (`gantool components` lists"
            " them)",
        ),
        (
            ["loss", "hinges"],
            "unknown loss 'hinges'; did you mean 'hinge'? (`gantool components loss` lists them)",
        ),
        (["layer", "Lambda"], "Lambda runs Python code, which a recipe may not"),
    ],
)
def test_what_is_not_there_is_told_with_what_may_have_been_meant(
    arguments: list[str], line: str, command: Callable[..., Any]
) -> None:
    done = command("components", *arguments)
    assert (done.code, done.out, done.err.strip()) == (2, "", line)
