"""The hooks of a recipe, in the order in which they look at a pause."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from gantool.data.loading import Images
from gantool.engine.hook import Hook
from gantool.engine.plan import Plan
from gantool.networks.components import make
from gantool.outputs.checkpoints import CheckpointHook
from gantool.outputs.figures import MetricHook
from gantool.outputs.grid import GridHook
from gantool.outputs.loss_plot import LossPlotHook
from gantool.outputs.reals import real_images
from gantool.outputs.report import ReportHook
from gantool.outputs.rows import RowHook
from gantool.outputs.samples import Samples
from gantool.outputs.tensorboard import EventFiles, TensorBoardGrids, TensorBoardRows
from gantool.recipe.component import Component
from gantool.recipe.model import Recipe
from gantool.recipe.signatures import attributes
from gantool.recipe.specs import spec_of
from gantool.runs.header import header_of
from gantool.runs.metrics_file import MetricsFile
from gantool.runs.run_folder import RunFolder
from gantool.sampling.grid import Cell, grid_cells
from gantool.sampling.metric import Metric
from gantool.sampling.sampler import make_sampler


def hooks_of(plan: Plan, images: Images, folder: RunFolder, metrics: MetricsFile) -> list[Hook]:
    """Grid, metrics and the hooks that the recipe names, then what keeps the run.

    Args:
        plan: Of the run.
        images: Of its source.
        folder: Of the run.
        metrics: Its rows.
    """
    recipe, state = plan.recipe, plan.state
    output, grid = recipe.output, recipe.output.grid
    cells = grid_cells(grid.layouts[0], grid.rows, grid.columns, plan.classes)
    samples = Samples(make_sampler(state.best_generator, recipe, plan.classes), images.example)

    @cache
    def reals_for(cells: tuple[Cell, ...]) -> Sequence[np.ndarray]:
        return real_images(images, cells, plan.classes, recipe.seed)

    events = EventFiles(folder.tensorboard, state.step)
    hooks: list[Hook] = [
        GridHook(grid, folder, samples, recipe.data.class_names(plan.classes)),
        *(
            MetricHook(
                _metric(item, recipe),
                cells,
                samples,
                lambda cells: reals_for(tuple(cells)),
            )
            for item in output.metrics
        ),
        *(make(spec_of(item, "hook")) for item in output.hooks),
        RowHook(
            output.log_every,
            metrics,
            attributes("loss", recipe.losses.discriminator.name)["saturates"],
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
            lambda it: header_of(plan, it.step, it.images, it.seconds),
            metrics,
        ),
    ]
    for hook in hooks:
        hook.every = hook.every or grid.every
    return hooks


def _metric(component: Component, recipe: Recipe) -> Metric:
    metric: Metric = make(spec_of(component, "metric"))
    metric.source = recipe.data.source
    return metric
