"""The networks of a recipe."""

from collections.abc import Sequence

from gantool.memory import gpu_memory, machine_memory
from gantool.networks.build import BuiltNetwork, LayerError, build_network
from gantool.networks.devices import Device
from gantool.networks.memory_check import Budget
from gantool.recipe.document import Problem
from gantool.recipe.load import LoadedRecipe


def available_memory(device: Device) -> int:
    """Bytes that networks could have at most: of the machine, or of a larger GPU."""
    return max(machine_memory(), (gpu_memory() or 0) if device.is_gpu else 0)


def network_of(
    network: str,
    loaded: LoadedRecipe,
    classes: int,
    problems: list[Problem],
    budget: Budget | None = None,
) -> BuiltNetwork | None:
    """One network of a recipe that states its precision; None where it cannot be built.

    Args:
        network: "generator" or "discriminator".
        loaded: The recipe.
        classes: Number of labels; 0 without labels.
        problems: Gets what is wrong.
        budget: See `build_network`.
    """
    recipe = loaded.recipe
    is_generator = network == "generator"
    parts = loaded.parts.generator if is_generator else loaded.parts.discriminator
    input_shape: Sequence[int] = (recipe.latent.size,) if is_generator else recipe.data.shape
    if parts is None:
        return None
    try:
        return build_network(
            network,
            parts,
            input_shape,
            classes=classes,
            seed=recipe.seed,
            precision=recipe.train.precision,
            value_range=recipe.data.range,
            budget=budget,
        )
    except LayerError as error:
        problems.append(error.problem)
        return None
