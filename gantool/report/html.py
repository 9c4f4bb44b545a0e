"""What pages that fetch nothing are made of: styles and scripts by their digests, templates."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

REPORT = "gantool.report"
"""The package of the style and the template that all pages begin with."""


@cache
def static(package: str, name: str) -> str:
    """A style or a script of a package."""
    return files(package).joinpath("static", name).read_text(encoding="utf-8")


def policy(style: str, script: str, allowed: str = "img-src data:") -> str:
    """What a browser does for a page: runs this script, obeys this style, shows pictures within it.

    What is not one of these two, by its digest, is neither run nor obeyed, and nothing is fetched:
    not even what would get past the escaping.

    Args:
        style: Of the page.
        script: Of the page.
        allowed: What else it does, as directives of a Content-Security-Policy.
    """
    return (
        f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none';"
        f" style-src {_digest(style)}; script-src {_digest(script)}"
    )


def environment(*packages: str) -> Environment:
    """What fills in the templates of packages, and those of reports."""
    return Environment(
        loader=ChoiceLoader([PackageLoader(it) for it in (*packages, REPORT)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
