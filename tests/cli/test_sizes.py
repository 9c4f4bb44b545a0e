"""Sizes that would ask for terabytes: a line with the sum, at once, and no memory taken."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from gantool import memory
from gantool.cli.loading import start_tensorflow
from gantool.engine import opened, plan
from gantool.memory import memory_status, peak_memory
from gantool.networks import devices
from gantool.networks.devices import Device
from gantool.recipe.load import RecipeError

MACHINE = 25 * 10**9
TEN_SECONDS, TWO_GIB = 10.0, 2**31

DENSE, RESHAPE = "Dense: {units: 196, use_bias: false}", "Reshape: {target_shape: [7, 7, 4]}"
CONV = "Conv2D: {filters: 4, kernel_size: 4, strides: 2, padding: same, use_bias: false}"
HAS = "and this machine has 25.0 GB: make"
WEIGHTS = f"{HAS} its units or filters, or its input, smaller"
OUTPUT = f"{HAS} its output or train.batch_size smaller"

# What of tiny.yaml becomes what, and the line. Bytes by hand: 4 a number; a weight of the generator
# is kept four times (Adam's two, the average's), one of the discriminator three times.
HOSTILE = [
    (
        (DENSE, "Dense: {units: 1000000000}"),
        "14:7: Dense needs 304.0 GB for 19,000,000,000 weights of 4 bytes, times 4 with the"
        f" optimizer's and the moving average's, {WEIGHTS}",
    ),
    (
        (DENSE, "Dense: {units: 1000000000000000000000000000000}"),
        "14:22: units of Dense takes no number beyond 9,223,372,036,854,775,807",
    ),
    (
        (DENSE, "Embedding: {input_dim: 10000000000, output_dim: 1000}"),
        "14:7: Embedding needs 160.0 TB for 10,000,000,000,000 weights of 4 bytes, times 4 with the"
        f" optimizer's and the moving average's, {WEIGHTS}",
    ),
    (
        (DENSE, "RepeatVector: {n: 1000000000000}"),
        f"14:7: RepeatVector makes 1000000000000×18 of a batch of 8, 576.0 TB in float32, {OUTPUT}",
    ),
    (
        (RESHAPE, "Repeat: {times: 1000000000, layers: [ReLU]}"),
        "17:7: with this Repeat the generator has 1,000,000,004 layers, more than the 10,000 that a"
        " network may have",
    ),
    (
        (CONV, "Conv2D: {filters: 1000000000000, kernel_size: 3}"),
        "25:7: Conv2D needs 1,200.0 TB for 100,000,000,000,000 weights of 4 bytes, times 3 with the"
        f" optimizer's, {WEIGHTS}",
    ),
    (
        (CONV, "Conv2D: {filters: 4, kernel_size: 100000, padding: same}"),
        "25:7: Conv2D needs 5.3 TB for 440,000,000,004 weights of 4 bytes, times 3 with the"
        f" optimizer's, {WEIGHTS}",
    ),
    (
        (CONV, "Conv2D: {filters: 4, kernel_size: 3, strides: 1000000000000, padding: same}"),
        "25:53: strides of Conv2D takes no number beyond 1,048,576",
    ),
    (
        (CONV, "SpectralNormalization: {layer: {Conv2D: {filters: 1000000000, kernel_size: 3}}}"),
        "25:7: SpectralNormalization needs 1.2 TB for 101,000,000,000 weights of 4 bytes, times 3"
        f" with the optimizer's, {WEIGHTS}",
    ),
    (
        (CONV, "UpSampling2D: {size: 10000}"),
        f"25:7: UpSampling2D makes 280000×280000×11 of a batch of 8, 27.6 TB in float32, {OUTPUT}",
    ),
    (
        (CONV, "ZeroPadding2D: {padding: 1000000000}"),
        "25:7: ZeroPadding2D makes 2000000028×2000000028×11 of a batch of 8, 1,408,000,039.4 TB in"
        f" float32, {OUTPUT}",
    ),
    (
        (CONV, "Resizing: {height: 1000000000, width: 1000000000}"),
        "25:7: Resizing makes 1000000000×1000000000×11 of a batch of 8, 352,000,000.0 TB in"
        f" float32, {OUTPUT}",
    ),
    (
        (CONV, "CategoryEncoding: {num_tokens: 1000000000000}"),
        "25:7: CategoryEncoding makes 28×28×1000000000000 of a batch of 8, 25,088.0 TB in float32,"
        f" {OUTPUT}",
    ),
    (
        (
            CONV,
            "TimeDistributed: {layer: {TimeDistributed: {layer: {Dense: {units: 10000000000}}}}}",
        ),
        "25:7: TimeDistributed needs 1.4 TB for 120,000,000,000 weights of 4 bytes, times 3 with"
        f" the optimizer's, {WEIGHTS}",
    ),
    (
        ("latent: {size: 8}", "latent: {size: 1000000000000}"),
        "10:16: a batch of 8 latents of 1,000,000,000,000 numbers of 4 bytes is 32.0 TB,"
        f" {HAS} it or train.batch_size smaller",
    ),
    (
        ("size: [28, 28]", "size: [200000, 200000]"),
        f"6:9: an image of 200000×200000×1 numbers of 4 bytes is 160.0 GB, {HAS} it smaller",
    ),
    (
        ("batch_size: 8", "batch_size: 1000000000"),
        "10:16: a batch of 1,000,000,000 latents of 8 numbers of 4 bytes is 32.0 GB,"
        f" {HAS} it or train.batch_size smaller\n"
        "mine.yaml:36:15: a batch of 1,000,000,000 images of 28×28×1 numbers of 4 bytes is 3.1 TB,"
        f" {HAS} it or data.size smaller\n"
        "mine.yaml:36:15: batch_size 1000000000 is larger than the set of 300 images; the"
        " largest batch is 300, or data.repeat: true goes through the images again",
    ),
    (
        ("rows: 2", "rows: 10000000"),
        "41:28: a grid of 10,000,000 × 5 images of 28×28×1 numbers of 4 bytes is 156.8 GB,"
        f" {HAS} it smaller",
    ),
]


@pytest.fixture
def mine(workshop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Write tiny.yaml with a change as mine.yaml in the working folder."""

    def write(old: str, new: str) -> str:
        text = (workshop / "tiny.yaml").read_text()
        assert old in text
        text = text.replace("source: digits ", f"source: {workshop}/digits ")
        (tmp_path / "mine.yaml").write_text(text.replace(old, new, 1))
        return "mine.yaml"

    monkeypatch.chdir(tmp_path)
    return write


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Say that this machine has so many bytes."""

    def say(size: int) -> None:
        for module in (memory, devices, opened):
            monkeypatch.setattr(module, "machine_memory", lambda: size)

    return say


@pytest.mark.parametrize(("change", "line"), HOSTILE, ids=[new[:40] for (_, new), _ in HOSTILE])
def test_a_hostile_recipe_is_refused_at_once_and_takes_no_memory(
    change: tuple[str, str], line: str, command: Any, mine: Any, machine: Any
) -> None:
    machine(MACHINE)
    name = mine(*change)
    start_tensorflow()
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak; see proc_pid_clear_refs(5)
    before, began = memory_status("VmRSS"), time.monotonic()
    ended = command("check", name)
    assert ended == (2, "", f"mine.yaml:{line}\n")
    assert time.monotonic() - began < TEN_SECONDS
    assert peak_memory() - before < TWO_GIB


def test_arithmetic_is_told_without_tensorflow(gantool: Any, tiny: Path) -> None:
    ended = gantool(
        *("check", tiny, "--set", "latent.size=1000000000000000"),
        PYTHONPROFILEIMPORTTIME="1",
    )
    assert ended.code == 2
    assert "a batch of 8 latents of 1,000,000,000,000,000 numbers of 4 bytes is 32,000.0 TB" in (
        ended.err
    )
    assert "gantool.recipe.sizes" in ended.err
    assert "tensorflow" not in ended.err


# By hand, of tiny.yaml: what each trained layer of the discriminator is given for 8 images.
KEPT = 8 * 4 * (28 * 28 * 11 + 14 * 14 * 4 + 14 * 14 * 4)
# And four, or three, times its trained weights, with the moving statistics and their average.
TAKEN = 4 * (4 * (3528 + 2 * 196 + 260 + 2 * 4 + 65) + 2 * (2 * 196 + 2 * 4)) + 4 * (
    3 * (704 + 2 * 4 + 785) + 2 * 4
)


@pytest.mark.slow
def test_a_recipe_just_below_the_bound_is_accepted(
    command: Any, tiny: Path, machine: Any, tmp_path: Path
) -> None:
    assert TAKEN < KEPT
    machine(KEPT)
    assert command("check", tiny).code == 0
    ended = command("train", tiny, "--steps", "1", "--out", tmp_path / "run")
    assert (ended.code, ended.err) == (0, "")
    machine(KEPT - 1)
    for arguments in (("check", tiny), ("train", tiny, "--out", tmp_path / "other")):
        ended = command(*arguments)
        assert ended.code == 2
        assert ended.err == (
            f"{tiny}:29:7: Dense brings what training keeps of a batch of 8 to 0 MB, what each"
            " trained layer so far was given, and this machine has 0 MB: make that or"
            " train.batch_size smaller\n"
        )
    assert not (tmp_path / "other").exists()


def test_replicas_share_what_a_batch_takes(load_tiny: Any, machine: Any) -> None:
    machine(KEPT // 2)
    assert plan.make_plan(load_tiny(), replicas=2).classes == 10
    with pytest.raises(RecipeError, match="of a batch of 8, 0 MB in float32"):
        plan.make_plan(load_tiny())


def test_a_gpu_that_is_larger_than_its_machine_is_the_bound(
    load_tiny: Any, machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(KEPT - 1)
    monkeypatch.setattr(devices, "gpu_memory", lambda: KEPT)
    device = Device("Some GPU", True, "float32", "")
    monkeypatch.setattr(plan, "find_device", lambda: device)
    assert plan.make_plan(load_tiny()).classes == 10
    for told in (KEPT - 1, None):
        monkeypatch.setattr(devices, "gpu_memory", lambda told=told: told)
        with pytest.raises(RecipeError, match="this machine has 0 MB"):
            plan.make_plan(load_tiny())


def test_weights_just_below_the_bound_are_accepted(command: Any, tiny: Path, machine: Any) -> None:
    small = ("--set", "train.batch_size=1", "--set", "output.grid.rows=1")
    machine(TAKEN)
    assert command("check", tiny, *small).code == 0
    machine(TAKEN - 1)
    ended = command("check", tiny, *small)
    assert ended.code == 2
    assert ended.err.startswith(f"{tiny}:29:7: Dense needs 0 MB for 785 weights of 4 bytes,")


def test_a_checkpoint_is_drawn_from_where_its_training_would_not_fit(
    command: Any, trained: Path, machine: Any, tmp_path: Path
) -> None:
    # 32 images at a time are drawn: 14·14·4 numbers each after the first transposed convolution.
    machine(32 * 4 * 14 * 14 * 4)
    picture = tmp_path / "a.png"
    grid = ("--seeds", "0-3", "--out", picture)
    assert command("sample", "--ckpt", trained, *grid).code == 0
    picture.unlink()
    machine(32 * 4 * 14 * 14 * 4 - 1)
    ended = command("sample", "--ckpt", trained, *grid)
    assert ended.code == 2
    assert "Conv2DTranspose makes 14×14×4 of a batch of 32, 0 MB in float32, and" in ended.err
    assert not picture.exists()


def test_a_grid_of_samples_that_no_machine_holds(
    command: Any, trained: Path, machine: Any, tmp_path: Path
) -> None:
    machine(28 * 28 * 9999)
    ended = command(
        *("sample", "--ckpt", trained, "--seeds", "0", "--grid", "100x100"),
        *("--out", tmp_path / "a.png"),
    )
    assert ended == (
        2,
        "",
        "a grid of 100 × 100 images of 28×28×1 bytes is 8 MB, and this machine has 8 MB: draw"
        " fewer, or name a folder with --out\n",
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--seeds", "9" * 5000), "is no seed or range of seeds such as 0-9"),
        (("--seeds", "9" * 30), "seeds go up to 4611686018427387904"),
        (("--seeds", "0-4611686018427387904"), "images are too many for one grid"),
        (("--grid", "9" * 5000 + "x1"), "is no grid; write ROWSxCOLUMNS"),
        (("--grid", "1000000000000x1000000000000"), "a grid has at most 10,000 places"),
        (("--label", "0-1000000000000"), "there is no class '0-1000000000000'"),
    ],
)
def test_numbers_of_sample(
    arguments: tuple[str, ...], said: str, command: Any, trained: Path
) -> None:
    ended = command("sample", "--ckpt", trained, *arguments)
    assert ended.code == 2
    assert said in ended.err


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ("10001", "10001x10001 is 100,020,001 pixels, and an image may have 100,000,000"),
        ("99999", "99999x99999 is 9,999,800,001 pixels, and an image may have 100,000,000"),
        ("1x65501", "1x65501: a side may have 65,500 pixels, in JPEG"),
        ("100000", "'100000' is no size; write 64, or height x width as in 64x96"),
    ],
)
@pytest.mark.parametrize("option", ["--size", "--crop"])
def test_sizes_of_convert(
    option: str, size: str, said: str, command: Any, workshop: Path, tmp_path: Path
) -> None:
    more = ("--size", "8") if option == "--crop" else ()
    ended = command("convert", workshop / "digits", tmp_path / "set", option, size, *more)
    assert ended.code == 2
    assert ended.err.endswith(f"Error: Invalid value for '{option}': {said}\n")
    assert not (tmp_path / "set").exists()


def test_a_batch_on_the_command_line(command: Any, tiny: Path, machine: Any) -> None:
    machine(MACHINE)
    ended = command("bench", tiny, "--batch", "1000000000000")
    assert ended.code == 2
    assert ended.err.splitlines()[0] == (
        "--set train.batch_size=1000000000000: a batch of 1,000,000,000,000 images of 28×28×1"
        f" numbers of 4 bytes is 3,136.0 TB, {HAS} it or data.size smaller"
    )
    ended = command("train", tiny, "--batch", "9" * 5000)
    assert ended.code == 2
    assert ended.err.endswith("in the value, a number of 5000 digits is too long\n")


def test_a_crop_that_no_image_has(command: Any, tiny: Path, tmp_path: Path) -> None:
    Path("/proc/self/clear_refs").write_text("5")
    before = memory_status("VmRSS")
    run = tmp_path / "run"
    crop = "data.crop=[1000000000, 1000000000]"
    ended = command("train", tiny, "--set", crop, "--out", run)
    assert ended.code == 2
    assert "a crop of 1000000000×1000000000 (height×width) is larger than the image" in ended.err
    assert peak_memory() - before < TWO_GIB
    assert not run.exists()
