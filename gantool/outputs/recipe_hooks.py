"""The hooks of a recipe, in the order in which they look at a pause."""

from collections.abc import Callable

from gantool.data.loading import Images
from gantool.engine.hook import Hook
from gantool.engine.loop import TrainingProgress
from gantool.engine.plan import Plan
from gantool.evaluation.metric import metric_of
from gantool.evaluation.reals import Reals
from gantool.networks.components import make
from gantool.outputs.best import BestHook
from gantool.outputs.checkpoints import CheckpointHook
from gantool.outputs.figures import MetricHook
from gantool.outputs.grid import GridHook
from gantool.outputs.judge import judge_of
from gantool.outputs.loss_plot import LossPlotHook
from gantool.outputs.report import ReportHook
from gantool.outputs.rows import RowHook
from gantool.outputs.samples import SamplesOfStep
from gantool.outputs.tensorboard import EventFiles, TensorBoardGrids, TensorBoardRows
from gantool.recipe.resolve import spec_of
from gantool.recipe.signatures import attributes
from gantool.runs.checkpoint_format import Header
from gantool.runs.header import header_of
from gantool.runs.metrics_file import MetricsFile
from gantool.runs.run_folder import RunFolder
from gantool.sampling.grid import grid_cells
from gantool.sampling.sampler import make_sampler


def hooks_of(
    plan: Plan,
    images: Images,
    folder: RunFolder,
    metrics: MetricsFile,
    say: Callable[[str], None] = lambda _: None,
) -> list[Hook]:
    """Grid, metrics and the hooks that the recipe names, then what keeps the run.

    Args:
        plan: Of the run.
        images: Of its source.
        folder: Of the run.
        metrics: Its rows.
        say: Is told what the training has to wait for.
    """
    recipe, state = plan.recipe, plan.state
    output, grid = recipe.output, recipe.output.grid
    cells = grid_cells(grid.layouts[0], grid.rows, grid.columns, plan.classes)
    sampler = make_sampler(state.best_generator, recipe, plan.classes)
    samples = SamplesOfStep(sampler, plan.classes, images.example)
    reals = Reals(images, plan.classes, recipe.seed, plan.loaded.folder, say)

    figures = [metric_of(item, recipe.data) for item in output.metrics]
    judge = judge_of(figures)

    def header(progress: TrainingProgress) -> Header:
        return header_of(plan, progress.step, progress.images, progress.seconds)

    events = EventFiles(folder.tensorboard, state.step)
    hooks: list[Hook] = [
        GridHook(grid, folder, samples, recipe.data.class_names(plan.classes)),
        *(MetricHook(metric, cells, samples, reals) for metric in figures),
        *([BestHook(judge, folder, state, header)] if judge else []),
        *(make(spec_of(item, "hook")) for item in output.hooks),
        RowHook(
            output.log_every,
            metrics,
            attributes("loss", recipe.losses.discriminator.name)["saturates"],
            judge,
            images.notes,
            *([state.augmentation.figures] if state.augmentation else []),
        ),
        *(
            [TensorBoardRows(events), TensorBoardGrids(events, grid, folder)]
            if output.tensorboard
            else []
        ),
        LossPlotHook(output.checkpoint.every, folder, recipe.name),
        ReportHook(output.checkpoint.every, folder),
        CheckpointHook(
            output.checkpoint,
            folder,
            state,
            header,
            metrics,
        ),
    ]
    for hook in hooks:
        hook.every = hook.every or grid.every
    return hooks
