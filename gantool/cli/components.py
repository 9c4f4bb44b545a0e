"""`gantool components`: what can stand in a recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gantool.cli import completion

if TYPE_CHECKING:
    from gantool.recipe.signatures import Keyword, Kind, Signature

_PLACES: dict[Kind, str] = {
    "layer": "generator.layers, discriminator.layers",
    "loss": "loss",
    "term": "regularizers",
    "augmentation": "augment",
    "optimizer": "optimizers",
    "schedule": "numbers of optimizers, terms and augmentations, train.average.half_life",
    "initializer": "initializer, and …_initializer of a layer",
    "regularizer": "…_regularizer of a layer",
    "constraint": "…_constraint of a layer",
    "metric": "output.metrics",
    "hook": "output.hooks",
}
"""Where the components of a kind stand in a recipe."""
_WIDTH = 100


@click.command()
@click.argument("kind", required=False, shell_complete=completion.kinds)
@click.argument("name", required=False, shell_complete=completion.components)
def components(kind: str | None, name: str | None) -> None:
    """List what can stand in a recipe: its KINDs, those of a KIND, or one by its NAME.

    \b
    gantool components
      the kinds, and where they stand
    gantool components loss
      every loss, with a line of help
    gantool components loss Hinge
      one of them, with its keywords
    """
    from gantool.recipe.signatures import names

    if kind is None:
        width = max(map(len, _PLACES))
        for known, place in _PLACES.items():
            click.echo(f"{known:<{width}}  {len(names(known)):>4}  {place}")
        return
    if kind not in _PLACES:
        raise _unknown_kind(kind)
    if name is None:
        _print_kind(kind)
    else:
        _print_component(kind, name)


def _print_kind(kind: Kind) -> None:
    from gantool.recipe.signatures import names, signature

    width = max(map(len, names(kind)), default=0)
    for name in names(kind):
        known = signature(kind, name)
        assert known is not None
        click.echo(_hanging(f"{name:<{width}}  ", known.summary))


def _print_component(kind: Kind, name: str) -> None:
    from gantool.errors import InputError
    from gantool.recipe.other_names import bare, suggestion
    from gantool.recipe.signatures import aliases, refusal, signature

    known = signature(kind, name)
    if known is None:
        reason = refusal(bare(name))
        if reason is not None:
            raise InputError(reason)
        raise InputError(
            f"unknown {kind} {name!r}{suggestion(kind, name)}"
            f" (`gantool components {kind}` lists them)"
        )
    click.echo(f"{known.name} ({_PLACES[kind]})\n")
    text = known.text.split("\nArgs:\n")[0].strip() if known.is_own else known.summary
    click.echo(click.wrap_text(text, _WIDTH, "  ", "  ", preserve_paragraphs=True))
    words = [keyword for keyword in known.keywords.values() if keyword.name != "name"]
    if words:
        click.echo("\nkeywords")
        width = max(len(_written(keyword)) for keyword in words)
        for keyword in words:
            click.echo(_hanging(f"  {_written(keyword):<{width}}  ", keyword.description))
    others = [alias for alias, full in aliases(kind).items() if full == known.name]
    if others:
        click.echo(f"\nalso written {', '.join(others)}")
    click.echo(f"\nas in\n  {_example(known)}")


def _written(keyword: Keyword) -> str:
    """A keyword with its default, as in YAML."""
    import json

    from gantool.recipe.signatures import NO_LITERAL

    if keyword.required:
        return f"{keyword.name} (required)"
    if keyword.default is NO_LITERAL:
        return keyword.name
    default = list(keyword.default) if isinstance(keyword.default, tuple) else keyword.default
    return f"{keyword.name}: {json.dumps(default)}"


def _example(known: Signature) -> str:
    required = [keyword.name for keyword in known.keywords.values() if keyword.required]
    if not required:
        return known.name
    return f"{known.name}: {{{', '.join(f'{word}: …' for word in required)}}}"


def _hanging(start: str, text: str) -> str:
    """A line that begins with `start`, its text wrapped beside it."""
    wrapped = click.wrap_text(text, max(_WIDTH, len(start) + 40), start, " " * len(start))
    return wrapped.rstrip() or start.rstrip()


def _unknown_kind(kind: str) -> Exception:
    from gantool.errors import InputError
    from gantool.recipe.suggest import did_you_mean

    guess = did_you_mean(kind, _PLACES)
    return InputError(
        f"unknown kind of component {kind!r}{guess} (`gantool components` lists them)"
    )
