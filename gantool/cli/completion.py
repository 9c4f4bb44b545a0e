"""What a shell completes: names of recipes, data sets and components, beside files."""

from __future__ import annotations

from collections.abc import Iterable

import click
from click.shell_completion import CompletionItem


def recipes(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Built-in recipes, and files."""
    return [*recipe_names(context, parameter, begun), CompletionItem(begun, type="file")]


def recipe_names(
    _context: click.Context, _parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Built-in recipes, each with what it says of itself."""
    from gantool.recipe.builtin import builtin_recipes, summary

    known = builtin_recipes().items()
    return [CompletionItem(name, help=summary(path)) for name, path in known if _fits(name, begun)]


def data_sets(
    _context: click.Context, _parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Data sets of the catalogue."""
    from gantool.data.catalogue import CATALOGUE

    return _items(CATALOGUE, begun)


def downloads(
    context: click.Context, parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Data sets of the catalogue, and networks."""
    from gantool.data.catalogue import NETWORKS

    return [*data_sets(context, parameter, begun), *_items(NETWORKS, begun)]


def sources(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Data sets of the catalogue, and files."""
    return [*data_sets(context, parameter, begun), CompletionItem(begun, type="file")]


def kinds(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Kinds of components."""
    from gantool.recipe.signatures import KINDS

    return _items(KINDS, begun)


def components(
    context: click.Context, _parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Components of the kind that stands before."""
    from gantool.recipe.signatures import KINDS, names

    kind = context.params.get("kind")
    return _items(names(kind), begun) if kind in KINDS else []


def _items(names: Iterable[str], begun: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if _fits(name, begun)]


def _fits(name: str, begun: str) -> bool:
    return name.lower().startswith(begun.lower())
