"""`gantool arithmetic`: sums and differences of latents."""

from __future__ import annotations

from pathlib import Path

import click

from gantool.cli.seed_numbers import parse_numbers
from gantool.cli.steering import (
    build,
    latent_options,
    numbers_of,
    open_checkpoint,
    out_option,
    refuse_unwritable,
    write_rows,
    write_vectors,
)


@click.command()
@latent_options
@click.option(
    "--plus", required=True, callback=parse_numbers, metavar="SEEDS", help="Whose mean is added."
)
@click.option(
    "--minus",
    required=True,
    callback=parse_numbers,
    metavar="SEEDS",
    help="Whose mean is taken away.",
)
@click.option(
    "--to",
    required=True,
    callback=parse_numbers,
    metavar="SEEDS",
    help="To whose mean the difference is added.",
)
@click.option("--label", "asked", metavar="CLASS", help="What to show, where there are classes.")
@out_option
def arithmetic(
    place: Path,
    file: Path | None,
    kept: Path | None,
    plus: tuple[range, ...],
    minus: tuple[range, ...],
    to: tuple[range, ...],
    asked: str | None,
    out: Path,
) -> None:
    """Draw mean(plus) − mean(minus) + mean(to) of latents.

    As in the DCGAN paper. The picture has a row for each term, its mean before its seeds, and one
    of the result and neighbours of it. Means of normal latents are as long as the latents are.
    """
    terms = {
        "plus": numbers_of(plus, "--plus"),
        "minus": numbers_of(minus, "--minus"),
        "to": numbers_of(to, "--to"),
    }
    opened = open_checkpoint(place, file)
    opened.refuse_points("arithmetic shows")
    for numbers in terms.values():
        opened.refuse_absent(numbers)
    label = opened.label_of(asked)
    refuse_unwritable(out, kept)
    sampler = build(opened, asked)
    if label is None:
        opened.refuse_unlabelled(sampler)
    import numpy as np

    vectors = {name: opened.vectors(sampler, numbers) for name, numbers in terms.items()}
    from gantool.steering.arithmetic import mean_of, neighbours_of, result_of

    latent = opened.recipe.latent
    rows = [np.stack([mean_of(term, latent), *term]) for term in vectors.values()]
    result, columns = result_of(**vectors, latent=latent), max(map(len, rows))
    rows.append(np.stack([result, *neighbours_of(result, columns - 1, latent)]))
    write_rows(sampler, rows, [*terms, "result"], label, out)
    write_vectors(kept, result[None])
    click.echo(f"{out}: three terms and their result, step {sampler.header.step}")
