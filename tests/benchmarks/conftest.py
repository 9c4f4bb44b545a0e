from __future__ import annotations

from ..recipes.conftest import real_batches

__all__ = ["real_batches"]
