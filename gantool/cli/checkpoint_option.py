"""`--ckpt`: the checkpoint that a command draws from."""

from pathlib import Path

import click

checkpoint_option = click.option(
    "--ckpt",
    "place",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE_OR_RUN",
    help="A checkpoint, or a run folder for its newest whole one.",
)
