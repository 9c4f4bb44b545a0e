"""200 steps are 100 and 100, whatever happens in between."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pytest

from gantool.data.loading import load_images
from gantool.data.pipeline import batches
from gantool.engine.build import build_gan
from gantool.engine.plan import Plan, make_plan
from gantool.engine.step import TrainingStep
from gantool.engine.timetable import batches_before
from gantool.errors import InputError
from gantool.measuring import report
from gantool.recipe.signatures import names
from gantool.runs import checkpoint as checkpoint_module
from gantool.runs.checkpoint import Checkpoint
from gantool.runs.checkpoint_format import SEAL_SIZE, Header
from gantool.runs.checkpoint_writing import values_of, write_checkpoint
from gantool.runs.resume import ResumePoint, find_checkpoint, find_resume_point
from gantool.runs.run_folder import RunFolder

TIMES = ("seconds", "images_per_second")


def contents(checkpoint: Path) -> dict[str, bytes]:
    """Every data set of a checkpoint, its type and shape with it, as bytes."""
    found: dict[str, bytes] = {}

    def collect(key: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and key != "recipe":
            found[key] = f"{item.dtype} {item.shape} ".encode() + np.asarray(item[()]).tobytes()

    with h5py.File(checkpoint) as file:
        file.visititems(collect)
    return found


def rows(run: Path) -> list[dict[str, float]]:
    """metrics.jsonl without what a clock decides."""
    found = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{key: row[key] for key in row if key not in TIMES} for row in found]


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


@pytest.fixture(scope="module")
def resumed(
    trained: Path, tmp_path_factory: pytest.TempPathFactory, forked: Any
) -> tuple[RunFolder, Any]:
    """A run that went on when its newest checkpoint was damaged, and what it said."""
    run = RunFolder(tmp_path_factory.mktemp("damaged") / "run")
    shutil.copytree(trained, run.path)
    TestResumePoint.damage(run.checkpoint(200))
    return run, forked("train", "--resume", run.path)


class TestResumePoint:
    """The newest checkpoint that is as it was written."""

    @pytest.fixture
    def run(self, trained: Path, tmp_path: Path) -> RunFolder:
        shutil.copytree(trained, tmp_path / "run")
        return RunFolder(tmp_path / "run")

    @staticmethod
    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 4
        path.write_bytes(content)

    def test_is_the_newest_where_all_are_whole(self, run: RunFolder) -> None:
        point = find_resume_point(run)
        assert point.checkpoint is not None
        assert point.checkpoint.path == run.checkpoint(200)
        assert point.checkpoint.header.step == 200
        assert point.warnings() == []

    def test_is_an_older_one_where_newer_ones_are_damaged(
        self, resumed: tuple[RunFolder, Any]
    ) -> None:
        run, ended = resumed
        assert ended.code == 0
        assert ended.err.splitlines() == [
            f"warning: {run.checkpoint(200)}: the checkpoint is damaged: its content is not the one"
            " it was written with",
            f"warning: going on from {run.checkpoint(150)}, which is whole",
        ]
        assert ended.out.startswith(f"{run.path}: 300 images, steps 151 to 200\n")

    def test_leads_to_the_same_end(self, resumed: tuple[RunFolder, Any], trained: Path) -> None:
        run, _ = resumed
        whole = contents(trained / "checkpoints" / "step-00000200.h5")
        assert contents(run.checkpoint(200)) == whole
        assert rows(run.path) == rows(trained)
        # The damaged one is kept for who wants to know; it counts as none.
        names = sorted(path.name for path in (run.path / "checkpoints").iterdir())
        assert names == ["step-00000150.h5", "step-00000200.h5", "step-00000200.h5.damaged"]

    def test_passes_over_every_kind_of_damage(self, run: RunFolder) -> None:
        for content in (b"", b"no checkpoint", run.checkpoint(200).read_bytes()[:-1]):
            run.checkpoint(200).write_bytes(content)
            point = find_resume_point(run)
            assert point.checkpoint is not None
            assert point.checkpoint.path == run.checkpoint(150)
            assert list(point.damaged) == [run.checkpoint(200)]

    def test_is_none_before_the_first(self, tmp_path: Path) -> None:
        assert find_resume_point(RunFolder(tmp_path)) == ResumePoint(None)

    def test_a_checkpoint_of_other_networks_is_no_damage(
        self, run: RunFolder, command: Any
    ) -> None:
        before = sorted((run.path / "checkpoints").iterdir())
        ended = command(
            *("train", "--resume", run.path, "--set", "generator.layers.1.Dense.use_bias=true")
        )
        assert ended == (
            *(2, ""),
            f"{run.checkpoint(200)}: generator/01_Dense/bias is missing\n"
            "what the run has numbers for cannot change; this does:\n"
            "generator.layers.1.Dense.use_bias: false until now, true from here on\n",
        )
        assert sorted((run.path / "checkpoints").iterdir()) == before


class TestFindCheckpoint:
    """What is named to draw from: a file, or a run folder for its newest whole checkpoint."""

    @staticmethod
    def refusal(place: Path) -> str:
        with pytest.raises(InputError) as raised:
            find_checkpoint(place, print)
        return str(raised.value)

    def test_a_file_is_itself(self, trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = trained / "checkpoints" / "step-00000150.h5"
        assert find_checkpoint(path, print).path == path
        assert capsys.readouterr().out == ""

    def test_none(self, tmp_path: Path) -> None:
        assert self.refusal(tmp_path) == (
            f"{tmp_path}: holds no checkpoint (checkpoints/step-….h5)"
        )
        gone = tmp_path / "gone"
        assert self.refusal(gone) == f"{gone}: no such file or run folder"

    def test_a_damaged_newest_one(self, trained: Path, tmp_path: Path, command: Any) -> None:
        run = tmp_path / "run"
        shutil.copytree(trained, run)
        newest, older = (run / f"checkpoints/step-00000{step}.h5" for step in (200, 150))
        TestResumePoint.damage(newest)
        damage = f"{newest}: the checkpoint is damaged: its content is not the one it was written"
        ended = command("sample", "--ckpt", run, "--seeds", "0-3", "--out", tmp_path / "a.png")
        assert ended == (
            0,
            f"{tmp_path}/a.png: seeds in 2 rows of 2, step 150\n",
            f"warning: {damage} with\nwarning: reading from {older}, which is whole\n",
        )
        # Who names it means it, and none takes the place of all.
        out = ("--out", tmp_path / "b.png")
        assert command("sample", "--ckpt", newest, *out) == (2, "", f"{damage} with\n")
        older.write_bytes(b"")
        assert command("sample", "--ckpt", run, *out) == (
            2,
            "",
            f"{damage} with\n{older}: the file is empty\n"
            f"{run}: none of its checkpoints is whole; train again\n",
        )
        assert not (tmp_path / "b.png").exists()


class _Counting:
    """`hashlib`, counting the bytes that it is given."""

    def __init__(self) -> None:
        self.bytes = 0

    def sha256(self) -> Any:
        digest = hashlib.sha256()

        def update(piece: bytes) -> None:
            self.bytes += len(piece)
            digest.update(piece)

        return SimpleNamespace(update=update, hexdigest=digest.hexdigest)


@pytest.mark.parametrize(
    "arguments",
    [
        ("sample", "--ckpt", "run", "--seeds", "0", "--out", "a.png"),
        ("sample", "--ckpt", "run", "--seeds", "0", "--grid", "by-label", "--out", "a.png"),
        ("inspect", "run/checkpoints/step-00000200.h5"),
        ("inspect", "run"),
        ("train", "--resume", "run"),
    ],
    ids=lambda arguments: " ".join(arguments[:5]),
)
def test_every_byte_is_hashed_once(
    arguments: tuple[str, ...],
    trained: Path,
    tmp_path: Path,
    command: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copytree(trained, tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    counting = _Counting()
    monkeypatch.setattr(checkpoint_module, "hashlib", counting)
    ended = command(*arguments)
    assert (ended.code, ended.err) == (0, "")
    paths = sorted(Path("run/checkpoints").iterdir())
    looked_at = paths if arguments == ("inspect", "run") else paths[-1:]
    assert counting.bytes == sum(path.stat().st_size - SEAL_SIZE for path in looked_at)


PLAIN_OPTIONS = (
    *("--set", "train.average=null", "--set", "data.labels=false", "--set", "output.log_every=1"),
    *("--set", "generator.layers=[Dense: {units: 784}, Reshape: {target_shape: [28, 28, 1]}]"),
    *("--set", "discriminator.layers=[Flatten, Dense: {units: 2}, Dense: {units: 1}]"),
)


@pytest.mark.slow
def test_a_run_without_a_checkpoint_finds_its_data_again(
    tiny: Path, tmp_path: Path, command: Any
) -> None:
    """`data.source: digits` lies beside the recipe, not beside the run."""
    run = tmp_path / "run"
    assert command("train", tiny, "--out", run, "--steps", "3", *PLAIN_OPTIONS).code == 0
    # As one that was killed before its first checkpoint left it.
    (run / "checkpoints" / "step-00000003.h5").unlink()
    RunFolder(run).recipe_folder.write_text(str(tiny.parent))
    ended = command("train", "--resume", run, "--steps", "3")
    assert ended.code == 0, ended.err
    assert ended.out.startswith(f"{run}: 300 images, steps 1 to 3\n")
    with h5py.File(run / "checkpoints" / "step-00000003.h5") as file:
        assert file.attrs["recipe_folder"] == str(tiny.parent)


UNFINISHED = (
    *(".recipe.yaml.a.gantool-tmp", ".metrics.jsonl.a.gantool-tmp", ".losses.png.a.gantool-tmp"),
    *("checkpoints/.step-00000250.h5.abc.gantool-tmp", "samples/.reals.png.x.gantool-tmp"),
    "samples/.step-00000250-by-label.png.x.gantool-tmp",
)
FOREIGN = (
    *(".set.zip.part", ".film.mkv.part", "samples/.x.part", "checkpoints/.step-00000250.h5.a.part"),
    # Of a download, and of samples that are being drawn into the same folders.
    *(".a.zip.0123.gantool-tmp", "samples/.seed-00000001.png.0123.gantool-tmp"),
)


def with_files(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"half")


def test_what_a_killed_process_left_is_removed(trained: Path, tmp_path: Path, command: Any) -> None:
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    with_files(run, UNFINISHED)
    (run / ".lock").write_text("process 1 on elsewhere")
    shutil.copy(run / "checkpoints/step-00000150.h5", run / "checkpoints/step-00000100.h5")
    assert command("train", "--resume", run).code == 0
    endings = (".gantool-tmp", ".lock")
    assert [path for path in run.rglob("*") if path.name.endswith(endings)] == []
    names = sorted(path.name for path in (run / "checkpoints").iterdir())
    assert names == ["step-00000150.h5", "step-00000200.h5"]  # keep: 2


def test_what_others_are_writing_stays(trained: Path, tmp_path: Path, command: Any) -> None:
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    with_files(run, FOREIGN)
    assert command("train", "--resume", run, "--steps", "201").code == 0
    assert [name for name in FOREIGN if not (run / name).exists()] == []


@pytest.mark.slow
def test_a_new_run_in_a_folder_of_others_removes_nothing_of_theirs(
    tiny: Path, tmp_path: Path, command: Any
) -> None:
    run = tmp_path / "run"
    with_files(run, FOREIGN)
    assert command("train", tiny, "--out", run, "--steps", "2", *PLAIN_OPTIONS).code == 0
    assert [name for name in FOREIGN if not (run / name).exists()] == []


def test_a_dry_run_of_a_resume_changes_nothing(
    trained: Path, tmp_path: Path, command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "_OF_ESTIMATE", 0.05)
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    TestResumePoint.damage(run / "checkpoints" / "step-00000200.h5")
    with_files(run, UNFINISHED)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert command("train", "--resume", run, "--dry-run").code == 0
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_a_second_process_in_a_run_is_refused(
    tiny: Path, tmp_path: Path, start: Any, command: Any
) -> None:
    run = tmp_path / "run"
    first = start("train", tiny, "--out", run, "--steps", "1000000", *PLAIN_OPTIONS)
    first.wait_for("step 60/")
    ended = command("train", "--resume", run)
    first.kill()
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        f"{run}: process {first.pid} on {socket.gethostname()} trains this run; stop it, or wait"
        " for its end\n"
    )
    assert command("train", "--resume", run, "--steps", "60").code == 0


@pytest.mark.slow
def test_a_run_that_was_killed_before_it_had_a_recipe_is_begun_anew(
    tiny: Path, tmp_path: Path, command: Any
) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.make()
    folder.recipe_folder.write_text("/somewhere")
    (folder.path / ".recipe.yaml.abc.gantool-tmp").write_text("name: ti")
    ended = command("train", tiny, "--out", folder.path, "--steps", "2", *PLAIN_OPTIONS)
    assert ended.code == 0, ended.err
    assert list(folder.path.rglob("*.gantool-tmp")) == []


@pytest.fixture(scope="module")
def four_steps(tiny: Path, tmp_path_factory: pytest.TempPathFactory, forked: Any) -> Path:
    """A run of four steps in batches of 8, without an average."""
    folder = tmp_path_factory.mktemp("four-steps") / "run"
    ended = forked("train", tiny, "--out", folder, "--steps", "4", *PLAIN_OPTIONS)
    assert ended.code == 0, ended.err
    return folder


@pytest.fixture
def plain(four_steps: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(four_steps, tmp_path / "plain")
    return tmp_path / "plain"


@pytest.mark.slow
class TestChanges:
    """What `--set` changes of a run that goes on."""

    def test_images_are_those_of_the_batches_that_were_used(
        self, plain: Path, command: Any
    ) -> None:
        ended = command("train", "--resume", plain, "--set", "train.batch_size=12", "--steps", "6")
        assert (ended.code, ended.err) == (0, "")
        assert ended.out.startswith("train.batch_size: 8 until now, 12 from here on\n")
        assert [row["images"] for row in rows(plain)] == [8, 16, 24, 32, 44, 56]
        assert command("train", "--resume", plain, "--steps", "7").code == 0
        assert "step        7, 68 real images" in command("inspect", plain).out

    def test_each_is_told_in_a_line(self, plain: Path, command: Any) -> None:
        ended = command(
            *("train", "--resume", plain, "--seed", "9", "--set", "train.steps=5"),
            *("--set", "optimizers.generator.Adam.beta_1=0.25"),
        )
        assert (ended.code, ended.err) == (0, "")
        assert ended.out.splitlines()[:4] == [
            "seed: 3 until now, 9 from here on",
            "optimizers.generator.Adam.beta_1: 0.5 until now, 0.25 from here on",
            "train.steps: 4 until now, 5 from here on",
            f"{plain}: 300 images, steps 5 to 5",
        ]
        assert "until now" not in command("train", "--resume", plain, "--steps", "6").out

    def test_an_average_begins_at_the_weights(self, plain: Path, command: Any) -> None:
        before = values(plain.joinpath("checkpoints", "step-00000004.h5"), "generator")
        ended = command("train", "--resume", plain, "--set", "train.average=0.25", "--steps", "5")
        assert (ended.code, ended.err) == (0, "")
        after = plain.joinpath("checkpoints", "step-00000005.h5")
        for key, value in values(after, "generator_average").items():
            now = values(after, "generator")[key]
            np.testing.assert_allclose(value, 0.25 * before[key] + 0.75 * now, rtol=1e-4)
        assert command("train", "--resume", plain, "--steps", "6").code == 0

    def test_layers_can_be_frozen_and_freed(self, plain: Path, command: Any) -> None:
        frozen = "discriminator.layers.1.Dense.trainable"
        kernel, slot = "discriminator/01_Dense/kernel", "optimizers/discriminator/01_Dense/kernel"
        at = [contents(plain / "checkpoints" / "step-00000004.h5")]
        for step, trained in ((5, "false"), (6, "true")):
            ended = command(
                *("train", "--resume", plain, "--set", f"{frozen}={trained}"),
                *("--steps", str(step)),
            )
            assert (ended.code, ended.err) == (0, "")
            at.append(contents(plain / "checkpoints" / f"step-0000000{step}.h5"))
        assert at[0][kernel] == at[1][kernel] != at[2][kernel]
        assert [f"{slot}/momentum" in it for it in at] == [True, False, True]
        # Of weights that stayed trained, what the optimizer keeps goes on.
        other = "optimizers/discriminator/02_Dense/kernel/velocity"
        assert len({it[other] for it in at}) == 3

    def test_what_has_numbers_cannot_change(self, plain: Path, command: Any) -> None:
        ended = command(
            *("train", "--resume", plain, "--set", "optimizers.generator=SGD", "--steps", "5")
        )
        checkpoint = plain / "checkpoints" / "step-00000004.h5"
        assert ended == (
            *(2, ""),
            f"{checkpoint}: optimizers/generator/00_Dense/bias/momentum has no place in the"
            " recipe's networks, and 3 more\n"
            "what the run has numbers for cannot change; this does:\n"
            "optimizers.generator: {Adam: {learning_rate: 0.001, beta_1: 0.5}} until now, SGD from"
            " here on\n",
        )
        assert rows(plain)[-1]["step"] == 4


def values(checkpoint: Path, group: str) -> dict[str, np.ndarray]:
    """The data sets of a group, by their names in it."""
    found: dict[str, np.ndarray] = {}

    def collect(key: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[key] = item[()]

    with h5py.File(checkpoint) as file:
        file[group].visititems(collect)
    return found
