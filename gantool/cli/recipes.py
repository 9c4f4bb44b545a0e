"""`gantool recipes`: the recipes that come with gantool."""

import click

from gantool.cli import completion


@click.command()
@click.argument("name", required=False, shell_complete=completion.recipe_names)
def recipes(name: str | None) -> None:
    """List the built-in recipes, or print one to copy.

    \b
    gantool recipes quickstart > mine.yaml
    """
    from gantool.errors import InputError
    from gantool.recipe.builtin import builtin_recipes, summary
    from gantool.recipe.suggest import did_you_mean

    known = builtin_recipes()
    if name is None:
        width = max(len(known_name) for known_name in known)
        for known_name, path in known.items():
            click.echo(f"{known_name:<{width}}  {summary(path)}")
    elif name in known:
        click.echo(known[name].read_text(encoding="utf-8"), nl=False)
    else:
        raise InputError(
            f"no built-in recipe {name!r}{did_you_mean(name, known)} (`gantool recipes` lists them)"
        )
