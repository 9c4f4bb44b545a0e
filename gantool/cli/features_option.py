"""`--features`: what looks at images for figures."""

import click

features_option = click.option(
    "--features",
    type=click.Choice(["classifier", "random", "pixels", "inception"]),
    metavar="NETWORK",
    help="What looks at the images: classifier, random, pixels or inception."
    "  [default: a classifier where there are labels, else random]",
)
