"""The source of the installed Keras and of gantool, read and never run: importing takes seconds."""

from __future__ import annotations

import ast
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gantool.errors import GantoolError

_PACKAGES = ("keras", "gantool")


@dataclass(frozen=True)
class ClassSource:
    """A class statement and the module that it stands in."""

    module: str
    tree: ast.ClassDef

    def method(self, name: str) -> ast.FunctionDef | None:
        """Return the method that the class itself defines."""
        for statement in self.tree.body:
            if isinstance(statement, ast.FunctionDef) and statement.name == name:
                return statement
        return None

    def bases(self) -> list[ClassSource]:
        """Return those base classes that are Keras's or gantool's own."""
        found = (find_class(self.module, ast.unparse(base)) for base in self.tree.bases)
        return [base for base in found if base is not None]

    def attributes(self) -> dict[str, Any]:
        """Return the plain values that the class and its bases give to names in their bodies."""
        found: dict[str, Any] = {}
        for base in reversed(self.bases()):
            found |= base.attributes()
        for statement in self.tree.body:
            match statement:
                case ast.Assign([ast.Name(name)], value) | ast.AnnAssign(ast.Name(name), _, value):
                    with suppress(ValueError):
                        found[name] = ast.literal_eval(value or "")
        return found


@cache
def exports(module: str) -> dict[str, tuple[str, str]]:
    """Return what a module imports: for each name, the module it is from and its name there."""
    return {
        alias.asname or alias.name: (statement.module, alias.name)
        for statement in reversed(_definitions(module))
        if isinstance(statement, ast.ImportFrom) and statement.module
        for alias in statement.names
    }


@cache
def find_class(module: str, name: str) -> ClassSource | None:
    """Find a class by the name it has in a module, through imports and `module.Class`.

    None where the name is no class, or not one of Keras or gantool.
    """
    first, _, rest = name.partition(".")
    if first == "keras":
        module, _, name = name.rpartition(".")
        return find_class(module, name)
    for statement in _definitions(module):
        if isinstance(statement, ast.ClassDef) and statement.name == name:
            return ClassSource(module, statement)
    if first not in exports(module):
        return None
    origin, there = exports(module)[first]
    return find_class(f"{origin}.{there}", rest) if rest else find_class(origin, there)


@cache
def _definitions(module: str) -> list[ast.stmt]:
    """List a module's classes and imports, also those that depend on the backend.

    Where one name is defined for each backend, Keras begins with TensorFlow's.
    """
    body = module_tree(module).body
    found: list[ast.stmt] = []
    while body:
        statement, *body = body
        if isinstance(statement, ast.If):
            body = [*statement.body, *statement.orelse, *body]
        elif isinstance(statement, (ast.ClassDef, ast.ImportFrom)):
            found.append(statement)
    return found


@cache
def module_tree(module: str) -> ast.Module:
    """Parse a module of Keras or gantool; one of another package, or a missing one, is empty."""
    top, *parts = module.split(".")
    if top not in _PACKAGES:
        return ast.Module(body=[], type_ignores=[])
    path = _folder(top).joinpath(*parts)
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return ast.parse(file.read_text(encoding="utf-8"))
    return ast.Module(body=[], type_ignores=[])


def modules_in(package: str) -> list[str]:
    """Return the names of the modules in a package of gantool."""
    top, *parts = package.split(".")
    return sorted(path.stem for path in _folder(top).joinpath(*parts).glob("[!_]*.py"))


@cache
def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise GantoolError("Keras is not installed; `pip install keras` mends that")
    return Path(spec.submodule_search_locations[0])
