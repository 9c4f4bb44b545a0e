"""What a session knows from its start, for those who look at the run folder."""

from gantool.engine.plan import Plan
from gantool.engine.timetable import timetable_of
from gantool.networks.build import BuiltNetwork
from gantool.networks.table import layer_rows, parameter_count
from gantool.runs.session_file import NetworkTable, Session


def session_of(plan: Plan, images: int) -> Session:
    """The facts of a session that trains by a plan with so many images."""
    recipe, state = plan.recipe, plan.state
    return Session(
        computing=plan.computing,
        images=images,
        last_step=timetable_of(recipe.train, images).last_step(recipe.train),
        networks={
            "generator": _table(state.generator, (recipe.latent.size,)),
            "discriminator": _table(state.discriminator, recipe.data.shape),
        },
    )


def _table(network: BuiltNetwork, input_shape: tuple[int, ...]) -> NetworkTable:
    rows = [tuple(row) for row in layer_rows(network, input_shape)]
    return NetworkTable(rows=rows, parameters=parameter_count(network))
