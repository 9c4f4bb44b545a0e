"""What a recipe's numbers alone say of the memory that it takes, before anything is built.

Only what a run certainly has in memory at a time is counted, so that no recipe that fits is
refused. What its layers take is counted where they are built: `gantool.networks.memory_check`.
"""

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
    update_size = recipe.train.update_size
    share = -(-update_size // replicas)
    shared = f"{update_size:,} / {replicas}" if replicas > 1 else f"{share:,}"
    rows, columns, latent = recipe.output.grid.rows, recipe.output.grid.columns, recipe.latent.size

    def problem(numbers: int, what: str, smaller: str, *path: str) -> Iterator[Problem]:
        if _NUMBER * numbers > memory:
            yield Problem(
                path,
                f"{what} numbers of {_NUMBER} bytes is {amount(_NUMBER * numbers)}, and this"
                f" machine has {amount(memory)}: make {smaller} smaller",
            )

    yield from problem(pixels, f"an image of {sides}", "it", "data", "size")
    if _NUMBER * pixels <= memory:
        batch = f"a batch of {shared} images of {sides}"
        yield from problem(pixels * share, batch, "it or data.size", "train", "batch_size")
        grid = f"a grid of {rows:,} × {columns:,} images of {sides}"
        side = "rows" if rows >= columns else "columns"
        yield from problem(pixels * rows * columns, grid, "it", "output", "grid", side)
    latents = f"a batch of {shared} latents of {latent:,}"
    yield from problem(latent * share, latents, "it or train.batch_size", "latent", "size")
