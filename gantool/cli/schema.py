"""`gantool schema`: what a recipe may hold, for editors."""

import click


@click.command()
def schema() -> None:
    """Print the JSON Schema of a recipe, for the Keras that is installed.

    An editor with YAML support completes and checks a recipe that begins, as the built-in ones do,
    with the comment # yaml-language-server: $schema=gantool.schema.json once the schema lies beside
    it:

    \b
    gantool schema > gantool.schema.json
    """
    import json

    from gantool.recipe.schema import recipe_schema

    click.echo(json.dumps(recipe_schema(), indent=2, ensure_ascii=False))
