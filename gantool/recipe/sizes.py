"""What a recipe's numbers alone say of the memory that it takes, before anything is built.

Only what a run certainly has in memory at a time is counted, so that no recipe that fits is
refused. What its layers take is counted where they are built: `gantool.networks.memory_check`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from gantool.memory import amount
from gantool.recipe.document import Problem
from gantool.recipe.model import Recipe

_NUMBER = 4
"""Bytes of a number for the networks: batches and latents are float32."""


def size_problems(recipe: Recipe, memory: int, replicas: int = 1) -> Iterator[Problem]:
    """Tell which sizes ask for more than a machine has, each with the sum.

    Args:
        recipe: With the sizes.
        memory: Of this machine, in bytes.
        replicas: How many share each batch; each may be on a machine of its own.
    """
    sides = "×".join(map(str, recipe.data.shape))
    pixels = math.prod(recipe.data.shape)
    has = f", and this machine has {amount(memory)}: make"
    share = -(-recipe.train.batch_size // replicas)
    shared = f"{recipe.train.batch_size:,} / {replicas}" if replicas > 1 else f"{share:,}"
    if _NUMBER * pixels > memory:
        yield Problem(
            ("data", "size"),
            f"an image of {sides} numbers of {_NUMBER} bytes is {amount(_NUMBER * pixels)}{has} it"
            " smaller",
        )
    elif _NUMBER * pixels * share > memory:
        yield Problem(
            ("train", "batch_size"),
            f"a batch of {shared} images of {sides} numbers of {_NUMBER} bytes is"
            f" {amount(_NUMBER * pixels * share)}{has} it or data.size smaller",
        )
    if _NUMBER * recipe.latent.size * share > memory:
        yield Problem(
            ("latent", "size"),
            f"a batch of {shared} latents of {recipe.latent.size:,} numbers of {_NUMBER} bytes is"
            f" {amount(_NUMBER * recipe.latent.size * share)}{has} it or train.batch_size smaller",
        )
    rows, columns = recipe.output.grid.rows, recipe.output.grid.columns
    if _NUMBER * pixels <= memory < _NUMBER * rows * columns * pixels:
        yield Problem(
            ("output", "grid", "rows" if rows >= columns else "columns"),
            f"a grid of {rows:,} × {columns:,} images of {sides} numbers of {_NUMBER} bytes is"
            f" {amount(_NUMBER * rows * columns * pixels)}{has} it smaller",
        )
