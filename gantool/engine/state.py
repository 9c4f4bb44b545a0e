"""All that training moves: two networks, the moving average, two optimizers, and the step."""

import re
from dataclasses import dataclass, field

import keras

from gantool.gan.augmentation import Augmentation
from gantool.kernels.ways import Ways
from gantool.networks.build import BuiltNetwork, unused_key

_AUTOMATIC_NAME = re.compile(r"^(variable)_\d+$")
"""What Keras calls a variable without a name (Nadam has one) counts all that a process built."""


@dataclass
class TrainingState:
    """The variables of a run, and how far it has come.

    Attributes:
        average: The moving average of the generator, or None where the recipe has none.
        generator_optimizer: Built for the generator's trainable variables, as the other is.
        augmentation: Of what the discriminator sees, or None where the recipe has none.
        step: How many steps have been done.
        images: Real images seen so far.
        seconds: Spent in training so far, earlier processes included.
        retries: How often it has gone back after a divergence.
        ways: In which its steps are computed.
    """

    generator: BuiltNetwork
    discriminator: BuiltNetwork
    average: BuiltNetwork | None
    generator_optimizer: keras.optimizers.Optimizer
    discriminator_optimizer: keras.optimizers.Optimizer
    augmentation: Augmentation | None = None
    step: int = 0
    images: int = 0
    seconds: float = 0.0
    retries: int = 0
    ways: Ways = field(default_factory=Ways)

    @property
    def best_generator(self) -> BuiltNetwork:
        """The one that pictures are drawn from: the moving average where there is one."""
        return self.average or self.generator

    def variables(self) -> dict[str, dict[str, keras.Variable]]:
        """Every variable by the group and the key it has in a checkpoint."""
        groups = {"generator": self.generator.weights()}
        if self.average is not None:
            groups["generator_average"] = self.average.weights()
        groups["discriminator"] = self.discriminator.weights()
        groups["optimizers/generator"] = optimizer_variables(
            self.generator_optimizer, self.generator
        )
        groups["optimizers/discriminator"] = optimizer_variables(
            self.discriminator_optimizer, self.discriminator
        )
        learned = {} if self.augmentation is None else self.augmentation.variables()
        if learned:
            groups["augmentation"] = dict(learned)
        return groups

    def trained_weights(self) -> dict[str, dict[str, bool]]:
        """Of the weights of each network, by key, which its optimizer moves."""
        return {
            f"optimizers/{name}": {
                key: variable.trainable for key, variable in network.weights().items()
            }
            for name, network in (
                ("generator", self.generator),
                ("discriminator", self.discriminator),
            )
        }


def optimizer_variables(
    optimizer: keras.optimizers.Optimizer, network: BuiltNetwork
) -> dict[str, keras.Variable]:
    """An optimizer's variables by `place/variable/slot`: `00_Dense/kernel/momentum`.

    The learning rate is left out: it is the recipe's, so that a recipe that changes it is obeyed.
    """
    # Keras names a slot by the path of its weight with underscores, then the slot's own name.
    weights = {
        variable.path.replace("/", "_") + "_": key for key, variable in network.weights().items()
    }
    found: dict[str, keras.Variable] = {}
    for variable in _moving_variables(optimizer):
        owner = max(
            (prefix for prefix in weights if variable.name.startswith(prefix)), key=len, default=""
        )
        slot = _AUTOMATIC_NAME.sub(r"\1", variable.name[len(owner) :])
        # Adafactor gives the slots of all kernels one name: they are numbered in their order.
        found[unused_key(f"{weights[owner]}/{slot}" if owner else slot, found)] = variable
    return found


def _moving_variables(optimizer: keras.optimizers.Optimizer) -> list[keras.Variable]:
    """All variables of an optimizer but its learning rate."""
    variables = optimizer.variables
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        # Its own iteration never moves, and would hide that of the optimizer inside.
        scale = [optimizer.step_counter, optimizer.dynamic_scale]
        variables = [*scale, *optimizer.inner_optimizer.variables]
    return [variable for variable in variables if variable.name != "learning_rate"]
