"""The networks of a state brought together with the loss and the terms of a recipe."""

from gantool.engine.state import TrainingState
from gantool.gan.latents import Rows, whole
from gantool.gan.network import TrainableNetwork
from gantool.gan.objective import Constraint, LossOfEach, Term
from gantool.gan.updates import GAN
from gantool.networks.components import make
from gantool.recipe.model import Losses, Recipe
from gantool.recipe.resolve import spec_of


def build_gan(
    state: TrainingState,
    recipe: Recipe,
    rows: Rows = whole,
    kind: type[TrainableNetwork] = TrainableNetwork,
) -> GAN:
    """Build what learns by a recipe.

    Args:
        state: Has the networks and their optimizers.
        recipe: Names loss and terms.
        rows: Draws the numbers of a batch.
        kind: Class of each network.
    """
    found = [make(spec_of(item, "term")) for item in recipe.regularizers]
    constraints = [item for item in found if isinstance(item, Constraint)]
    generator, discriminator = (
        kind(
            network.model,
            optimizer,
            network.takes_label,
            rows,
            [item for item in constraints if name in item.networks],
        )
        for name, network, optimizer in (
            ("generator", state.generator, state.generator_optimizer),
            ("discriminator", state.discriminator, state.discriminator_optimizer),
        )
    )
    losses = {
        name: make(spec_of(getattr(recipe.losses, name), "loss"))
        for name in ("generator", "discriminator")
    }
    return GAN(
        generator,
        discriminator,
        loss=LossOfEach(**losses) if isinstance(recipe.loss, Losses) else losses["discriminator"],
        terms=tuple(item for item in found if isinstance(item, Term)),
        seed=recipe.seed,
        rows=rows,
        augmentation=state.augmentation,
    )
