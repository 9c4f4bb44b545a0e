"""Which sizes of a recipe ask for more than a machine has, by hand."""

from __future__ import annotations

import pytest

from gantool.recipe.sizes import size_problems

IMAGE = 28 * 28 * 4
"""Bytes of an image of tiny.yaml in float32."""


def found(load_tiny, memory, *settings, replicas=1):
    """The path and the message of each problem."""
    recipe = load_tiny(*settings).recipe
    return [(p.path, p.message) for p in size_problems(recipe, memory, replicas)]


@pytest.mark.parametrize(
    ("settings", "needed", "path", "message"),
    [
        (
            ["train.batch_size=1", "output.grid.rows=1", "output.grid.columns=1"],
            IMAGE,
            ("data", "size"),
            "an image of 28×28×1 numbers of 4 bytes is 0 MB, and this machine has 0 MB: make it"
            " smaller",
        ),
        (
            ["train.batch_size=3000"],
            3000 * IMAGE,
            ("train", "batch_size"),
            "a batch of 3,000 images of 28×28×1 numbers of 4 bytes is 9 MB, and this machine has"
            " 9 MB: make it or data.size smaller",
        ),
        (
            ["latent.size=5000000"],
            5_000_000 * 8 * 4,
            ("latent", "size"),
            "a batch of 8 latents of 5,000,000 numbers of 4 bytes is 160 MB, and this machine has"
            " 160 MB: make it or train.batch_size smaller",
        ),
        (
            ["output.grid.rows=2000"],
            2000 * 5 * IMAGE,
            ("output", "grid", "rows"),
            "a grid of 2,000 × 5 images of 28×28×1 numbers of 4 bytes is 31 MB, and this machine"
            " has 31 MB: make it smaller",
        ),
        (
            ["output.grid.columns=2000"],
            2 * 2000 * IMAGE,
            ("output", "grid", "columns"),
            "a grid of 2 × 2,000 images of 28×28×1 numbers of 4 bytes is 13 MB, and this machine"
            " has 13 MB: make it smaller",
        ),
    ],
)
def test_what_fits_exactly_is_no_problem_and_a_byte_more_is(
    load_tiny, settings, needed, path, message
):
    assert found(load_tiny, needed, *settings) == []
    assert found(load_tiny, needed - 1, *settings) == [(path, message)]


def test_replicas_share_a_batch_but_no_grid(load_tiny):
    settings = ("train.batch_size=3001", "output.grid.rows=300")
    assert found(load_tiny, 1501 * IMAGE, *settings, replicas=2) == []
    [(path, message)] = found(load_tiny, 1501 * IMAGE - 1, *settings, replicas=2)
    assert path == ("train", "batch_size")
    assert message.startswith("a batch of 3,001 / 2 images of 28×28×1 numbers of 4 bytes is 5 MB,")
    [(path, _)] = found(load_tiny, 1501 * IMAGE, "output.grid.rows=301", replicas=2)
    assert path == ("output", "grid", "rows")


def test_all_of_them_are_told(load_tiny):
    settings = (
        "latent.size=1000000000000",
        "train.batch_size=1000000000",
        "output.grid.rows=9999999",
    )
    paths = [path for path, _ in found(load_tiny, 10**9, *settings)]
    assert paths == [("train", "batch_size"), ("output", "grid", "rows"), ("latent", "size")]
