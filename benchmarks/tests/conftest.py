from __future__ import annotations

from tests.conftest import mnist, repository
from tests.reference.conftest import real_batches

__all__ = ["mnist", "real_batches", "repository"]
