"""Back to the last checkpoint after a divergence."""

from gantool.engine.plan import Plan, make_state
from gantool.engine.state import TrainingState
from gantool.runs.resume import find_resume_point, restore, tidy
from gantool.runs.run_folder import RunFolder


def go_back(plan: Plan, folder: RunFolder, *, writes: bool) -> None:
    """Bring a run's state and folder to its newest checkpoint, or to its start without one.

    The state counts one retry more than it did, so that other numbers are drawn from there on.

    Args:
        plan: Its state is moved.
        folder: Of the run.
        writes: Whether this process is the one that writes the run.
    """
    state, retries = plan.state, plan.state.retries + 1
    point = find_resume_point(folder)
    if point.checkpoint is None:
        _begin_again(state, plan)
    restore(state, point)
    if writes:
        tidy(folder, point, plan.recipe.output.checkpoint.keep)
    state.retries = retries


def _begin_again(state: TrainingState, plan: Plan) -> None:
    fresh = make_state(plan.loaded, plan.classes).variables()
    for group, members in state.variables().items():
        for key, variable in members.items():
            variable.assign(fresh[group][key].value)
    state.step = 0
