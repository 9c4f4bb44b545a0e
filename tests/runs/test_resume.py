"""200 steps are 100 and 100, whatever happens in between."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from gantool.data.loading import load_images
from gantool.data.pipeline import batches
from gantool.engine.build import build_gan
from gantool.engine.plan import Plan, make_plan
from gantool.engine.step import TrainingStep
from gantool.engine.timetable import batches_before
from gantool.recipe.signatures import names
from gantool.runs.checkpoint import Checkpoint
from gantool.runs.checkpoint_format import Header
from gantool.runs.checkpoint_writing import values_of, write_checkpoint

from .run_contents import contents, rows


@pytest.fixture(scope="module")
def halves(tiny: Path, tmp_path_factory: pytest.TempPathFactory, forked: Any) -> Path:
    """A run of tiny.yaml that was trained for 100 steps, and 100 more by another process."""
    folder = tmp_path_factory.mktemp("halves") / "run"
    first = forked("train", tiny, "--out", folder, "--steps", "100")
    assert first.code == 0, first.err
    assert not (folder / "checkpoints" / "step-00000150.h5").exists()
    second = forked("train", "--resume", folder, "--steps", "200")
    assert second.code == 0, second.err
    assert second.out.startswith(f"{folder}: 300 images, steps 101 to 200\n")
    return folder


def test_two_halves_leave_the_bytes_of_one_run(trained: Path, halves: Path) -> None:
    whole, resumed = (
        contents(run / "checkpoints" / "step-00000200.h5") for run in (trained, halves)
    )
    assert resumed.keys() == whole.keys()
    assert [key for key in whole if resumed[key] != whole[key]] == []


SMALL = (
    "generator.layers=[Dense: {units: 784}, Reshape: {target_shape: [28, 28, 1]}]",
    "discriminator.layers=[Flatten, Dense: {units: 4}, LeakyReLU, Dense: {units: 1}]",
    "train.average=null",
)
SCHEDULED = (
    *SMALL,
    "optimizers.generator={Adam: {beta_1: 0.5,"
    " learning_rate: {Linear: {from: 2e-3, to: 1e-3, over: 6}},"
    " beta_2: {Cosine: {from: 0.9, to: 0.99, over: 2 epochs}}}}",
    "optimizers.discriminator={Adam: {beta_2: {Steps: {from: 0.9, to: [0.99], at: [5]}},"
    " learning_rate: {Cosine: {from: 2e-3, to: 1e-3, over: 400 images}}}}",
    "regularizers=[R1: {weight: {Cosine: {from: 2, to: 1, over: 500 images}}, every: 2}]",
    "train.average={half_life: {Linear: {from: 0, to: 200, over: 300 images}}, ramp_up: 0.9}",
    "train.accumulate=3",
    "train.updates.discriminator=2",
    "output.checkpoint.every=200 images",
)


@pytest.mark.slow
def test_what_follows_schedules_goes_on_as_if_nothing_had_been(
    tiny: Path, tmp_path: Path, forked: Any
) -> None:
    """In steps of 2 · 3 · 8 images: some schedules are at their ends by step 10, none by step 4."""
    settings = [word for text in SCHEDULED for word in ("--set", text)]
    for name, steps in (("whole", "10"), ("halves", "4")):
        ended = forked("train", tiny, "--out", tmp_path / name, "--steps", steps, *settings)
        assert ended.code == 0, ended.err
    ended = forked("train", "--resume", tmp_path / "halves", "--steps", "10")
    assert ended.code == 0, ended.err
    # 5 · 48 are the first steps' images that hold 200, 9 · 48 the first that hold 400.
    names = [path.name for path in sorted((tmp_path / "whole" / "checkpoints").iterdir())]
    assert names == ["step-00000009.h5", "step-00000010.h5"]
    whole, resumed = (
        contents(tmp_path / name / "checkpoints" / names[-1]) for name in ("whole", "halves")
    )
    assert resumed == whole
    steady = forked(
        *("train", tiny, "--out", tmp_path / "steady", "--steps", "10", *settings),
        *("--set", "optimizers.generator.Adam.beta_2=0.9"),
    )
    assert steady.code == 0, steady.err
    assert contents(tmp_path / "steady" / "checkpoints" / names[-1]) != whole


def test_the_compared_run_has_all_that_could_differ(trained: Path) -> None:
    at_150, at_200 = (
        contents(trained / "checkpoints" / f"step-00000{step}.h5") for step in (150, 200)
    )
    for key in (
        "generator/02_BatchNormalization/moving_mean",
        "generator_average/01_Dense/kernel",
        "discriminator/02_BatchNormalization/moving_variance",
        "optimizers/generator/01_Dense/kernel/momentum",
        "optimizers/discriminator/01_Conv2D/kernel/velocity",
    ):
        assert at_150[key] != at_200[key], f"{key} does not move"


def test_two_halves_leave_the_pictures_of_one_run(trained: Path, halves: Path) -> None:
    names_of = [
        sorted(path.name for path in (run / "samples").iterdir()) for run in (trained, halves)
    ]
    assert names_of[0] == names_of[1] == ["reals.png", "step-00000100.png", "step-00000200.png"]
    for name in names_of[0]:
        assert (trained / "samples" / name).read_bytes() == (halves / "samples" / name).read_bytes()


def test_two_halves_leave_the_metrics_of_one_run(trained: Path, halves: Path) -> None:
    assert [row["step"] for row in rows(trained)] == list(range(20, 201, 20))
    assert rows(halves) == rows(trained)


def test_pauses_at_other_steps_change_nothing(
    trained: Path, tiny: Path, tmp_path: Path, command: Any
) -> None:
    ended = command(
        *("train", tiny, "--out", tmp_path / "run", "--set", "output.log_every=7"),
        *("--set", "output.checkpoint.every=37", "--set", "output.grid.every=31"),
        *("--steps", "150"),
    )
    assert ended.code == 0, ended.err
    assert contents(tmp_path / "run" / "checkpoints" / "step-00000150.h5") == contents(
        trained / "checkpoints" / "step-00000150.h5"
    )


def test_a_resume_drops_what_was_logged_after_its_checkpoint(
    trained: Path, tmp_path: Path, command: Any
) -> None:
    """As after a power cut: the newest checkpoint is at 150, the log and the pictures at 200."""
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    (run / "checkpoints" / "step-00000200.h5").unlink()
    with (run / "metrics.jsonl").open("a") as file:
        file.write('{"step": 220, "gener')
    ended = command("train", "--resume", run)
    assert ended.code == 0, ended.err
    assert rows(run) == rows(trained)
    assert contents(run / "checkpoints" / "step-00000200.h5") == contents(
        trained / "checkpoints" / "step-00000200.h5"
    )


def trainer(loaded: Any, checkpoint: Path | None = None) -> tuple[Plan, Callable[[int], None]]:
    """A plan, fresh or as a checkpoint left it, and a function that trains it."""
    plan = make_plan(loaded)
    settings = plan.recipe.train
    if checkpoint is not None:
        opened = Checkpoint(checkpoint)
        opened.read(plan.state.variables())
        plan.state.step = opened.header.step
    step = TrainingStep(plan.state, plan.recipe)
    feed = batches(
        load_images(plan.source, plan.recipe.data),
        plan.recipe.data,
        batch_size=settings.batch_size,
        seed=plan.recipe.seed,
        first_batch=batches_before(settings.updates, plan.state.step),
    )
    iterator = iter(feed)
    return plan, lambda count: step.run(iterator, count)


def save(plan: Plan, path: Path) -> dict[str, bytes]:
    header = Header("", "", plan.state.step, 0, 0.0, 0, 0)
    write_checkpoint(path, header, values_of(plan.state.variables()))
    return contents(path)


def assert_halves_are_a_whole(loaded: Any, folder: Path, half: int) -> None:
    plan, train = trainer(loaded)
    train(half)
    middle = save(plan, folder / "half.h5")
    train(half)
    whole = save(plan, folder / "whole.h5")
    plan, train = trainer(loaded, folder / "half.h5")
    train(half)
    halves = save(plan, folder / "halves.h5")
    assert halves.keys() == whole.keys()
    assert [key for key in whole if halves[key] != whole[key]] == []
    assert middle != whole


# With labels, statistics, noise and an average, and as few layers as these need.
WITH_ALL = (
    "generator.layers=[ConcatLabel, Dense: {units: 784}, BatchNormalization,"
    " Reshape: {target_shape: [28, 28, 1]}]",
    "discriminator.layers=[ConcatLabel, Flatten, Dense: {units: 4}, Dropout: {rate: 0.4},"
    " LeakyReLU, Dense: {units: 1}]",
)


# Each holds as much as goes together, because a step takes seconds to trace.
@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(
            ["train.updates.discriminator=2", "train.precision=mixed_float16"],
            id="several updates in mixed_float16",
        ),
        pytest.param(
            [
                "loss=wasserstein",
                "regularizers=[GradientPenalty: {weight: 10}]",
                "discriminator.layers.3=LayerNormalization",
                "train.updates={burst: {discriminator: 3, first: 4, every: 11}}",
            ],
            id="gradient penalty and bursts",
        ),
        pytest.param(
            [
                "train.precision=mixed_bfloat16",
                "train.updates={order: generator-first, generator: 2, latents: shared,"
                " real_and_generated: separate}",
                "regularizers=[WeightClip: {limit: 0.01}]",
                "loss=wasserstein",
            ],
            id="generator first, shared latents, separate and clipped in mixed_bfloat16",
        ),
        pytest.param(
            [
                "train.updates.order=simultaneous",
                "loss=softmax",
                "discriminator.layers.5=Dense: {units: 2}",
                "regularizers=[WeightDecay: {weight: 0.001}]",
                "generator.statistics=batch",
            ],
            id="simultaneous",
        ),
    ],
)
def test_halves_are_a_whole_with(
    settings: list[str], load_tiny: Callable[..., Any], tmp_path: Path
) -> None:
    assert_halves_are_a_whole(load_tiny(*WITH_ALL, *settings), tmp_path, 20)


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "mixed_float16"])
@pytest.mark.parametrize("optimizer", sorted(names("optimizer")))
def test_every_variable_that_an_optimizer_moves_is_saved(
    optimizer: str, precision: str, load_tiny: Callable[..., Any]
) -> None:
    settings = [*SMALL, f"optimizers.generator={optimizer}", f"train.precision={precision}"]
    state = make_plan(load_tiny(*settings)).state
    saved = state.variables()["optimizers/generator"]
    inner = getattr(state.generator_optimizer, "inner_optimizer", state.generator_optimizer)
    moved = [variable for variable in inner.variables if variable.name != "learning_rate"]
    assert {id(variable) for variable in moved} <= {id(variable) for variable in saved.values()}
    # Nothing of what else the process has built is in the keys.
    again = make_plan(load_tiny(*settings)).state.variables()["optimizers/generator"]
    assert list(again) == list(saved)
    build_gan(state, load_tiny(*settings).recipe)
    kept = state.variables()["optimizers/generator"]
    assert all(kept[key] is saved[key] for key in saved)


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        ["optimizers.generator=Nadam", "optimizers.discriminator=Adafactor"],
        pytest.param(
            ["optimizers.generator=Muon", "optimizers.discriminator={SGD: {momentum: 0.9}}"],
            marks=pytest.mark.skipif(
                version("keras").startswith("3.12."),
                reason="Keras 3.12's own Muon asks TensorFlow's variables for a path",
            ),
        ),
        ["optimizers.generator=Nadam", "train.precision=mixed_float16"],
        [
            "optimizers.generator={Adam: {use_ema: true, ema_overwrite_frequency: 3}}",
            "optimizers.discriminator={Adam: {gradient_accumulation_steps: 3}}",
        ],
        [
            "optimizers.generator={Adam: {learning_rate: {CosineDecay:"
            " {initial_learning_rate: 0.1, decay_steps: 9}}}}",
        ],
    ],
    ids=lambda settings: settings[0].removeprefix("optimizers.generator="),
)
def test_halves_are_a_whole_with_an_optimizer_that_keeps_more(
    settings: list[str], load_tiny: Callable[..., Any], tmp_path: Path
) -> None:
    assert_halves_are_a_whole(load_tiny(*SMALL, *settings), tmp_path, 4)
