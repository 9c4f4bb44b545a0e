from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from gantool.networks.build import BuiltNetwork, build_network
from gantool.networks.memory_check import Budget
from gantool.recipe.resolve import resolve


@pytest.fixture(scope="session")
def build() -> Callable[..., BuiltNetwork]:
    """Build layers written as in a recipe's YAML: names, or mappings of a name to keywords."""

    def build(
        layers: Sequence[Any],
        input_shape: Sequence[int],
        *,
        network: str = "generator",
        classes: int = 0,
        seed: int = 0,
        precision: str = "float32",
        initializer: Any = None,
        value_range: tuple[float, float] = (-1.0, 1.0),
        budget: Budget | None = None,
    ) -> BuiltNetwork:
        data = {network: {"layers": list(layers)}}
        if initializer is not None:
            data["initializer"] = initializer
        parts, problems = resolve(data)
        assert problems == []
        return build_network(
            network,
            getattr(parts, network),
            input_shape,
            classes=classes,
            seed=seed,
            precision=precision,
            value_range=value_range,
            budget=budget,
        )

    return build
