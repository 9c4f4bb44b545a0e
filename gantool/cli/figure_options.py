"""Options of commands that compare samples with the images that a run was trained on."""

import click

features_option = click.option(
    "--features",
    type=click.Choice(["classifier", "random", "pixels", "inception"]),
    metavar="NETWORK",
    help="What looks at the images: classifier, random, pixels or inception."
    "  [default: a classifier where there are labels, else random]",
)
reals_option = click.option(
    "--set",
    "settings",
    metavar="KEY.PATH=VALUE",
    multiple=True,
    help="Change the recipe, as in --set data.source=faces.zip where the images lie elsewhere now.",
)
