"""The fixture by which layers are built as a recipe builds them."""

from ..networks.conftest import build

__all__ = ["build"]
