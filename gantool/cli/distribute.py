"""`train --distribute`: the replicas that are asked for, and what is said of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from gantool.cli.loading import plan_of, start_tensorflow

if TYPE_CHECKING:
    from gantool.distribute.replicas import Replicas
    from gantool.engine.plan import Plan
    from gantool.recipe.load import LoadedRecipe


distribute_option = click.option(
    "--distribute",
    type=click.Choice(["mirrored", "workers"]),
    help="Share each batch equally; mirrored: among all GPUs of this machine; workers: among those"
    " of several, on each of which the same command is started with its own TF_CONFIG.",
)


def plan_and_replicas(loaded: LoadedRecipe, distribute: str | None) -> tuple[Plan, Replicas]:
    """Start TensorFlow, on several devices or workers if they are asked for, and build the plan."""
    if distribute is None:
        plan = plan_of(loaded)
        from gantool.distribute.replicas import ALONE

        return plan, ALONE
    loaded.raise_problems()  # before TensorFlow is started for the replicas
    replicas = _among_workers() if distribute == "workers" else _mirrored()
    from gantool.training.session import refuse_uneven_shares

    plan = plan_of(loaded, replicas.count)
    refuse_uneven_shares(plan, replicas)
    size = plan.recipe.train.batch_size
    if replicas.count == 1:
        click.echo("one device: one replica")
    elif replicas.worker == 0:
        click.echo(f"{replicas.count} replicas: {size // replicas.count} of each {size} images")
    return plan, replicas


def _mirrored() -> Replicas:
    start_tensorflow()
    from gantool.distribute.distribution import mirrored

    return mirrored()


def _among_workers() -> Replicas:
    from gantool.distribute.cluster import read_cluster

    cluster = read_cluster(os.environ.get("TF_CONFIG"))
    start_tensorflow()
    from gantool.distribute.distribution import among

    own, count = cluster.workers[cluster.own], len(cluster.workers)
    click.echo(f"{own} of {count}: waiting for all of them")
    return among(cluster)
