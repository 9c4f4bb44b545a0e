"""`gantool train`: what it writes, where, and what it says."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from gantool.networks import devices

from ..png_text import without_text

PLAIN = re.compile(
    r"step (\d+)/(\d+)  [\d,]+ images/s  (?:\d+:\d\d:\d\d|-:--:--) left"
    r"  generator -?\d+\.\d{4}  discriminator -?\d+\.\d{4}"
)
THREE = (
    *("--set", "train.steps=3", "--set", "train.average=null"),
    *("--set", "generator.layers=[Dense: {units: 784}, Reshape: {target_shape: [28, 28, 1]}]"),
    *("--set", "discriminator.layers=[Flatten, Dense: {units: 1}]"),
    *("--set", "data.labels=false"),
)
"""Makes of the tiny recipe one of three steps that compiles quickly."""


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def test_a_run_folder_holds_what_the_design_says(trained: Path) -> None:
    assert files(trained) == [
        "checkpoints/step-00000150.h5",  # the newest two, as `keep` asks
        "checkpoints/step-00000200.h5",
        "losses.png",
        "metrics.jsonl",
        "recipe.yaml",
        "report.html",
        "samples/reals.png",
        "samples/step-00000100.png",
        "samples/step-00000200.png",
        "session.json",
    ]


def test_the_recipe_is_kept_as_it_was_written(trained: Path, tiny: Path) -> None:
    """With the names of its classes, which it leaves to the data."""
    names = ", ".join(f"'{digit}'" for digit in range(10))
    stated = f"  flip: true\n  classes: [{names}]\n"
    written = tiny.read_text().replace("  flip: true\n", stated)
    assert (trained / "recipe.yaml").read_text() == written


def test_losses_are_drawn_at_every_checkpoint(trained: Path, tmp_path: Path) -> None:
    """What lies there in the end is the picture of all rows."""
    from gantool.outputs.loss_plot import write_loss_plot
    from gantool.runs.metrics_file import read_rows

    rows = read_rows(trained / "metrics.jsonl")
    write_loss_plot(tmp_path / "all.png", rows, "tiny")
    write_loss_plot(tmp_path / "some.png", rows[:-1], "tiny")
    drawn = (trained / "losses.png").read_bytes()
    assert drawn == (tmp_path / "all.png").read_bytes() != (tmp_path / "some.png").read_bytes()


@pytest.mark.slow
def test_intervals_may_be_epochs_and_grids_have_several_layouts(command: Any, tiny: Path) -> None:
    """300 digits in batches of 128: two steps an epoch."""
    ended = command(
        *("train", tiny, "--out", "run", "--set", "train={epochs: 3, batch_size: 128}"),
        *("--set", "optimizers={generator: SGD, discriminator: SGD}"),
        *("--set", "output.log_every=2 epochs", "--set", "output.checkpoint={every: 1 epoch}"),
        *("--set", "output.grid.every=2 epochs"),
        *("--set", "output.grid.layouts=[by-label, by-label-free]"),
        *("--set", "output.grid.rows=10", "--set", "output.grid.columns=3"),
    )
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert lines[0] == "run: 300 images, steps 1 to 6"
    steps = [line.split("  ")[0] for line in lines[2:-1] if not line.startswith("ways ")]
    assert steps == ["step 4/6", "step 6/6"]
    assert files(Path("run")) == [
        *(f"checkpoints/step-0000000{step}.h5" for step in (2, 4, 6)),
        *("losses.png", "metrics.jsonl", "recipe.yaml", "report.html", "samples/reals.png"),
        *("samples/step-00000004-by-label-free.png", "samples/step-00000004.png"),
        *("samples/step-00000006-by-label-free.png", "samples/step-00000006.png", "session.json"),
    ]
    for layout, name in (("by-label", ""), ("by-label-free", "-by-label-free")):
        seeds = "0-2" if layout == "by-label" else "0-29"
        drawn = command(
            *("sample", "--ckpt", "run", "--label", "0-9", "--grid", layout),
            *("--seeds", seeds, "--out", f"{layout}.png"),
        )
        assert drawn == (0, f"{layout}.png: seeds in 10 rows of 3, step 6\n", "")
        trained = Path(f"run/samples/step-00000006{name}.png").read_bytes()
        assert without_text(Path(f"{layout}.png").read_bytes()) == trained


def test_metrics_are_rows_of_json(trained: Path) -> None:
    rows = [json.loads(line) for line in (trained / "metrics.jsonl").read_text().splitlines()]
    usual = [
        *("step", "images", "seconds", "images_per_second"),
        *("generator_loss", "discriminator_loss"),
    ]
    # Where a grid was drawn, its diversity.
    with_grid = [*usual, "diversity"]
    assert [list(row) for row in rows] == [*4 * [usual], with_grid, *4 * [usual], with_grid]
    assert [row["step"] for row in rows] == list(range(20, 201, 20))
    assert [row["images"] for row in rows] == list(range(160, 1601, 160))
    assert sorted(row["seconds"] for row in rows) == [row["seconds"] for row in rows]
    assert all(row["images_per_second"] > 0 for row in rows)
    assert all(0 < row["discriminator_loss"] < 10 for row in rows)


def test_a_pipe_gets_plain_lines(trained: Path) -> None:
    first, device, *lines, last = (trained.parent / "stdout").read_text().splitlines()
    assert first == f"{trained}: 300 images, steps 1 to 200"
    assert re.fullmatch(r"computing on .+, float32, (without XLA|.+ by XLA) \(auto\)", device)
    matches = [PLAIN.fullmatch(line) for line in lines]
    assert all(matches), lines
    found = [(int(match[1]), int(match[2])) for match in matches if match]
    assert found == [(step, 200) for step in range(20, 201, 20)]
    assert last == f"done: {trained}/samples/step-00000200.png"


@pytest.mark.slow
def test_the_precision_of_the_device_is_stated_and_kept(
    command: Any, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "has_bfloat16", lambda: True)
    Path("tiny.yaml").write_text(
        tiny.read_text().replace("precision: float32 ", "precision: auto ")
    )
    short = *THREE, "--set", f"data.source={tiny.parent}/digits", "--steps"
    ended = command("train", "tiny.yaml", "--out", "run", *short, "1")
    assert ended.code == 0, ended.err
    told = ended.out.splitlines()[1]
    assert told.endswith(", mixed_bfloat16 (auto: the processor has bfloat16), without XLA (auto)")
    assert "  precision: mixed_bfloat16 " in Path("run/recipe.yaml").read_text()
    monkeypatch.setattr(devices, "has_bfloat16", lambda: False)
    ended = command("train", "tiny.yaml", "--resume", "run", *short, "2")
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[1].endswith(", mixed_bfloat16, without XLA (auto)")


def test_the_lines_tell_the_losses_of_the_log(trained: Path) -> None:
    rows = [json.loads(line) for line in (trained / "metrics.jsonl").read_text().splitlines()]
    lines = (trained.parent / "stdout").read_text().splitlines()[2:-1]
    for row, line in zip(rows, lines, strict=True):
        assert f"generator {row['generator_loss']:.4f}" in line
        assert f"discriminator {row['discriminator_loss']:.4f}" in line


def test_an_existing_run_is_refused_with_the_way_on(
    command: Any, trained: Path, tiny: Path
) -> None:
    before = {name: (trained / name).read_bytes() for name in files(trained)}
    assert command("train", tiny, "--out", trained) == (
        2,
        "",
        f"{trained}: holds a run already; go on with it by `gantool train --resume {trained}`,"
        " or name another folder with --out\n",
    )
    assert {name: (trained / name).read_bytes() for name in files(trained)} == before


@pytest.mark.slow
def test_runs_are_numbered_and_the_options_are_in_the_recipe(command: Any, tiny: Path) -> None:
    for number in (0, 1):
        ended = command("train", tiny, *THREE, "--steps", "2", "--seed", "77")
        assert ended.code == 0, ended.err
        assert ended.out.startswith(f"runs/0000{number}-tiny: 300 images, steps 1 to 2\n")
        assert ended.out.endswith(f"done: runs/0000{number}-tiny/samples/step-00000002.png\n")
    assert sorted(path.name for path in Path("runs").iterdir()) == ["00000-tiny", "00001-tiny"]
    text = Path("runs/00001-tiny/recipe.yaml").read_text()
    for line in ("seed: 77", "  steps: 2            # in all", "  labels: false"):
        assert line in text.splitlines()
    assert text.startswith("# A network small enough for tests.\nname: tiny\n")
    assert files(Path("runs/00000-tiny")) == [
        *("checkpoints/step-00000002.h5", "losses.png", "metrics.jsonl", "recipe.yaml"),
        *("report.html", "samples/reals.png", "samples/step-00000002.png", "session.json"),
    ]
    checkpoints = [Path(f"runs/0000{n}-tiny/checkpoints/step-00000002.h5") for n in (0, 1)]
    assert all(path.stat().st_size > 10_000 for path in checkpoints)


@pytest.mark.slow
def test_a_dry_run_trains_a_few_steps_and_writes_nothing(
    command: Any, tiny: Path, workshop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gantool.measuring import report

    monkeypatch.setattr(report, "_OF_ESTIMATE", 0.05)
    before = files(workshop)
    ended = command(
        "train", tiny, *THREE, "--set", "train.steps=9000000000", "--dry-run", "--out", "run"
    )
    assert ended.code == 0, ended.err
    runs, estimate = ended.out.splitlines()[-2:]
    assert re.fullmatch(
        r"one step runs: generator \d\.\d{4}, discriminator \d\.\d{4}; nothing was written", runs
    )
    told = re.fullmatch(
        r"about (\d+) d (\d+) h on this machine \(([\d.]+) (ms|s) a step\),"
        r" [\d.,]+ [MG]B of memory",
        estimate,
    )
    assert told, estimate
    seconds = float(told[3]) / (1000 if told[4] == "ms" else 1)
    days = int(told[1]) + int(told[2]) / 24
    assert days == pytest.approx(9e9 * seconds / 86400, rel=0.02)  # of "0.69 ms" the last digit
    assert list(Path().iterdir()) == []
    assert files(workshop) == before


def test_a_dry_run_of_a_run_estimates_what_is_left(
    command: Any, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gantool.measuring import report

    monkeypatch.setattr(report, "_OF_ESTIMATE", 0.05)
    before = {name: (trained / name).read_bytes() for name in files(trained)}
    ended = command("train", "--resume", trained, "--dry-run")
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[-1].startswith("about 0 s on this machine (")
    assert {name: (trained / name).read_bytes() for name in files(trained)} == before


def test_a_finished_run_has_nothing_to_do(command: Any, trained: Path) -> None:
    before = {name: (trained / name).read_bytes() for name in files(trained)}
    assert command("train", "--resume", trained) == (
        0,
        f"{trained}: step 200 of 200 is done; --steps N goes on to step N\n",
        "",
    )
    assert {name: (trained / name).read_bytes() for name in files(trained)} == before


def test_another_recipe_beside_a_run_is_refused_with_the_differences(
    command: Any, trained: Path, tiny: Path, workshop: Path
) -> None:
    other = Path("other.yaml")
    text = tiny.read_text().replace("source: digits", f"source: {workshop}/digits")
    text = text.replace("batch_size: 8", "batch_size: 16").replace("units: 196", "units: 98")
    other.write_text(text.replace("  average: 0.99\n", ""))
    ended = command("train", other, "--resume", trained)
    assert ended.code == 2
    assert ended.err.splitlines() == [
        f"other.yaml differs from the run's own recipe, {trained}/recipe.yaml:",
        f"  data.source: 'digits' in the run, '{workshop}/digits' given",
        "  generator.layers.1.keywords.units: 196 in the run, 98 given",
        "  train.batch_size: 8 in the run, 16 given",
        "  train.average: 0.99 in the run, None given",
        "leave the recipe out to go on as before, or change a value by --set",
    ]


def test_set_allows_a_difference_and_the_same_recipe_is_no_difference(
    command: Any, trained: Path, tiny: Path
) -> None:
    other = Path("other.yaml")
    other.write_text(tiny.read_text().replace("log_every: 20", "log_every: 50"))
    for recipe, settings in (
        (tiny, ()),
        (other, ("--set", "output.log_every=50")),
        (other, ("--set", "output={log_every: 30}")),
    ):
        ended = command("train", recipe, "--resume", trained, *settings)
        assert ended.code == 0, ended.err
        assert "step 200 of 200 is done" in ended.out
    assert command("train", other, "--resume", trained).code == 2


def test_steps_moves_the_end_of_a_run_and_set_changes_it(command: Any, trained: Path) -> None:
    run = Path("run")
    shutil.copytree(trained, run)
    ended = command(
        *("train", "--resume", run, "--steps", "203"),
        *("--set", "optimizers.generator.Adam.learning_rate=0.5"),
    )
    assert ended.code == 0, ended.err
    assert ended.out.startswith(
        "optimizers.generator.Adam.learning_rate: 0.001 until now, 0.5 from here on\n"
        "run: 300 images, steps 201 to 203\n"
    )
    text = (run / "recipe.yaml").read_text()
    assert "  steps: 203            # in all" in text.splitlines()
    assert "learning_rate: 0.5" in text
    assert [path.name for path in sorted((run / "checkpoints").iterdir())] == [
        *("step-00000200.h5", "step-00000203.h5"),
    ]
    assert (run / "samples" / "step-00000203.png").exists()


@pytest.mark.slow
def test_a_run_without_a_checkpoint_begins_at_its_beginning(command: Any, workshop: Path) -> None:
    run = Path("run")
    run.mkdir()
    text = (workshop / "tiny.yaml").read_text()
    (run / "recipe.yaml").write_text(text.replace("digits ", f"{workshop}/digits "))
    (run / "metrics.jsonl").write_text('{"step": 20}\n')
    (run / "samples").mkdir()
    (run / "checkpoints").mkdir()
    ended = command("train", "--resume", run, *THREE)
    assert ended.code == 0, ended.err
    assert "\nrun: 300 images, steps 1 to 3\n" in ended.out
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [3]


def test_options_that_do_not_go_together(command: Any, trained: Path) -> None:
    for arguments, complaint in (
        (
            ["--resume", trained, "--out", "x"],
            "Error: --out has no meaning with --resume: the run stays in its folder",
        ),
        (
            ["--resume", trained, "--batch", "16"],
            "Error: --batch has no meaning with --resume: the run keeps its batch, unless --set"
            " train.batch_size=N changes it on purpose",
        ),
        (
            ["x.yaml", "--batch", "many"],
            "Error: Invalid value for '--batch': 'many' is neither auto nor a whole number",
        ),
        ([], "Error: name a RECIPE, or a run to go on with by --resume RUN"),
        (["x.yaml", "--steps", "0"], "Error: Invalid value for '--steps': 0 is not in the range"),
    ):
        ended = command("train", *arguments)
        assert ended.code == 2
        assert ended.err.splitlines()[-1].startswith(complaint)


def test_what_is_no_run_cannot_be_resumed(command: Any) -> None:
    Path("empty").mkdir()
    for place, complaint in (
        ("gone", "gone: no such run folder"),
        ("empty", "empty: no run folder (it has no recipe.yaml)"),
    ):
        assert command("train", "--resume", place) == (2, "", f"{complaint}\n")


def test_a_diverged_run_ends_with_3_and_keeps_the_checkpoint_from_before(
    command: Any, trained: Path
) -> None:
    run = Path("run")
    shutil.copytree(trained, run)
    ended = command(
        *("train", "--resume", run, "--steps", "400", "--set", "output.checkpoint.every=1"),
        *("--set", "optimizers.discriminator={SGD: {learning_rate: 1.0e+30}}"),
    )
    assert ended.code == 2  # another optimizer has other variables
    for path in (run / "checkpoints").iterdir():
        assert path.read_bytes() == (trained / "checkpoints" / path.name).read_bytes()
    ended = command(
        *("train", "--resume", run, "--steps", "400", "--set", "output.checkpoint.every=100"),
        *("--set", "optimizers.discriminator.Adam.learning_rate=1.0e+30"),
    )
    assert ended.code == 3
    assert re.fullmatch(
        r"training diverged at step 20\d: the (generator|discriminator)'s loss is (nan|inf);"
        r" first not finite: the outputs of discriminator/\w+\n"
        r"run/checkpoints/step-00000200\.h5 is from before; go on from there with lower learning"
        r" rates: gantool train --resume run --set optimizers\.…, or let it try other random"
        r" numbers: --set train\.retries=3\n",
        ended.err,
    )
    for name in ("step-00000150.h5", "step-00000200.h5"):
        kept = (run / "checkpoints" / name).read_bytes()
        assert kept == (trained / "checkpoints" / name).read_bytes()
    assert len(list((run / "checkpoints").iterdir())) == 2


@pytest.mark.slow
def test_what_may_not_be_meant_is_a_warning_on_stderr(command: Any, tiny: Path) -> None:
    last = "discriminator.layers.1.Dense.activation=tanh"
    ended = command("train", tiny, "--out", "run", *THREE, "--set", last)
    assert ended.code == 0
    assert ended.err == (
        "warning: --set discriminator.layers=[Flatten, Dense: {units: 1}]: discriminator gives"
        " numbers of -1 to 1, and NonSaturating takes logits, which may be any number: remove the"
        " tanh\n"
    )


@pytest.mark.slow
def test_a_run_that_diverges_before_its_first_checkpoint_says_how_to_go_on(
    command: Any, tiny: Path
) -> None:
    ended = command(
        *("train", tiny, "--out", "run"),
        *("--set", "optimizers.discriminator.Adam.learning_rate=1.0e+30"),
    )
    assert ended.code == 3
    assert ended.err.splitlines()[1:] == [
        "no checkpoint had been written yet; start again with lower learning rates"
    ]
    assert list(Path("run/checkpoints").iterdir()) == []


def test_a_file_that_cannot_be_written_ends_with_1(command: Any, trained: Path) -> None:
    run = Path("run")
    shutil.copytree(trained, run)
    (run / "losses.png").unlink()
    (run / "losses.png").mkdir()
    ended = command("train", "--resume", run, "--steps", "201")
    assert ended.code == 1
    assert ended.err == (
        "run/losses.png: cannot be written (Is a directory)\n"
        "run/checkpoints/step-00000200.h5 is saved; mend that, then go on from there:"
        " gantool train --resume run\n"
    )
    assert "done" not in ended.out
    assert list(run.glob(".*")) == []
