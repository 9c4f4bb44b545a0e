"""`gantool check`: what a recipe is made of."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from gantool import memory
from gantool.engine import opened, plan
from gantool.networks import devices
from gantool.networks.devices import Device

# Parameters by hand: 18·196 = 3528; 4·196 = 784; 4·4·4·4 + 4 = 260; 4·4 = 16; 4·4·4·1 + 1 = 65.
# 4·4·11·4 = 704; 14·14·4 = 784, 784·1 + 1 = 785.
TABLES = """\
generator
    layer            output     parameters
    input            8 + label
 1  ConcatLabel      18
 2  Dense            196             3,528
 3  BatchNormalization  196        784
 4  ReLU             196
 5  Reshape          7×7×4
 6  Conv2DTranspose  14×14×4           260
 7  BatchNormalization  14×14×4     16
 8  ReLU             14×14×4
 9  Conv2DTranspose  28×28×1            65
4,653 parameters

discriminator
    layer            output      parameters
    input            28×28×1 + label
 1  ConcatLabel      28×28×11
 2  Conv2D           14×14×4        704
 3  BatchNormalization  14×14×4      16
 4  LeakyReLU        14×14×4
 5  Flatten          784
 6  Dense            1              785
1,505 parameters

device  2 cores of Some CPU, float32, without XLA (auto)
memory  weights 0.0 MB, optimizers 0.0 MB
trace   latents 2×8 → images 2×28×28×1 (LOW to HIGH) → logits 2×1 (LOW to HIGH)
data    300 images of 10 classes from digits, in batches of 8
epoch   296 images, 37 steps
run     200 steps, 5.41 epochs
"""


def words(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_a_recipe_in_tables(command: Any, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device("2 cores of Some CPU", False, "float32", "")
    monkeypatch.setattr(plan, "find_device", lambda: device)
    ended = command("check", tiny)
    assert (ended.code, ended.err) == (0, "")
    spans = re.findall(r"\((\S+) to (\S+)\)", ended.out)
    assert words(re.sub(r"\(\S+ to \S+\)", "(LOW to HIGH)", ended.out)) == words(TABLES)
    (low, high), (lower, higher) = [(float(low), float(high)) for low, high in spans]
    assert -1 < low < high < 1  # tanh of an untrained network
    assert lower < higher


@pytest.mark.slow
def test_the_memory_counts_networks_average_and_optimizers(command: Any, tiny: Path) -> None:
    wide = (
        "generator.layers=[Dense: {units: 7840}, Dense: {units: 784},"
        " Reshape: {target_shape: [28, 28, 1]}]"
    )
    ended = command("check", tiny, "--set", wide, "--set", "train.average=0.9")
    generator = 8 * 7840 + 7840 + 7840 * 784 + 784
    weights = (2 * generator + 1505) * 4 / 1e6
    slots = (2 * generator + 2 * (704 + 8 + 785)) * 4 / 1e6
    assert f"memory  weights {weights:,.1f} MB, optimizers {slots:,.1f} MB\n" in ended.out
    ended = command("check", tiny, "--set", wide, "--set", "train.average=null")
    weights -= generator * 4 / 1e6
    assert f"memory  weights {weights:,.1f} MB, optimizers {slots:,.1f} MB\n" in ended.out


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        (
            ["--set", "train.updates.discriminator=5"],
            ["epoch   296 images, 7.4 steps", "run     200 steps, 27 epochs"],
        ),
        (["--steps", "37"], ["epoch   296 images, 37 steps", "run     37 steps, 1 epochs"]),
        (
            ["--set", "train={epochs: 2, batch_size: 100}"],
            ["epoch   300 images, 3 steps", "run     6 steps, 2 epochs"],
        ),
        (
            ["--set", "train={epochs: 2, batch_size: 8, accumulate: 4}"],
            ["epoch   288 images, 9 steps", "run     18 steps, 2 epochs"],
        ),
        (
            ["--set", "train={epochs: 9223372036854775807, batch_size: 100}"],
            [
                "epoch   300 images, 3 steps",
                "run     27,670,116,110,564,327,421 steps, 9.22e+18 epochs",
            ],
        ),
    ],
)
def test_the_length_of_a_run(
    settings: list[str], lines: list[str], command: Any, tiny: Path
) -> None:
    assert command("check", tiny, *settings).out.splitlines()[-2:] == lines


def test_the_batches_of_an_update(command: Any, tiny: Path) -> None:
    ended = command("check", tiny, "--set", "train.accumulate=4")
    line = "data    300 images of 10 classes from digits, in batches of 8, 4 an update"
    assert line in ended.out.splitlines()


def test_the_course_of_what_follows_a_schedule(command: Any, tiny: Path) -> None:
    """In 200 steps of 8 images, 37 an epoch: halfway is after 100 steps, the last after 199."""
    settings = (
        "optimizers.generator={Adam: {learning_rate:"
        " {Linear: {from: 0.001, to: 0, over: 800 images}}, beta_2:"
        " {Steps: {from: 0.9, to: [0.99], at: [5 epochs]}}}}",
        "regularizers=[R1: {weight: {Cosine: {from: 2, to: 1, over: 200}}}]",
    )
    ended = command("check", tiny, *(word for it in settings for word in ("--set", it)))
    assert ended.out.splitlines()[-4:] == [
        "run     200 steps, 5.41 epochs",
        "change  optimizers.generator.Adam.learning_rate: Linear from 0.001 by 0, halfway, to 0",
        "change  optimizers.generator.Adam.beta_2: Steps from 0.9 by 0.9, halfway, to 0.99",
        "change  regularizers.0.R1.weight: Cosine from 2 by 1.5, halfway, to 1",
    ]
    huge = command(
        "check",
        tiny,
        "--set",
        "train={epochs: 9223372036854775807, batch_size: 8}",
        "--set",
        settings[1],
    )
    assert huge.out.splitlines()[-1].endswith("Cosine from 2 by 1, halfway, to 1")


@pytest.mark.parametrize(
    ("option", "place"),
    [("--steps", "train.steps"), ("--seed", "seed"), ("--set", "output.grid.every")],
)
def test_numbers_beyond_the_largest(option: str, place: str, command: Any, tiny: Path) -> None:
    for number in (2**63, 10**30):
        given = f"{place}={number}"
        ended = command("check", tiny, option, given if option == "--set" else number)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith(f"--set {given}: ")
        assert "at most 9223372036854775807" in ended.err


LAYERS = """\
discriminator.layers=[
  SpectralNormalization: {layer: {Conv2D: {filters: 4, kernel_size: 4, strides: 4}}},
  Residual: {body: [Conv2D: {filters: 8, kernel_size: 1}, ReLU],
             shortcut: [Conv2D: {filters: 8, kernel_size: 1}]},
  Repeat: {times: 2, layers: [Residual: {body: [TimeDistributed: {layer: {Dense: {units: 8}}}]}]},
  Residual: {body: [ReLU]},
  Flatten, Dense: {units: 1}]
"""
# Of the first, 4·4·4 + 4 and a vector of 4 that estimates the norm.
SHOWN = """\
    input                           28×28×1
 1  SpectralNormalization(Conv2D)   7×7×4      72
    Residual
      body
 2      Conv2D                      7×7×8      40
 3      ReLU                        7×7×8
      shortcut
 4      Conv2D                      7×7×8      40
 5    sum                           7×7×8
    Repeat
      time 1
        Residual
          body
 6          TimeDistributed(Dense)  7×7×8      72
 7        sum                       7×7×8
      time 2
        Residual
          body
 8          TimeDistributed(Dense)  7×7×8      72
 9        sum                       7×7×8
    Residual
      body
10      ReLU                        7×7×8
11    sum                           7×7×8
12  Flatten                         392
13  Dense                           1          393
""".splitlines()


def test_blocks_and_wrappers_show_what_they_hold(command: Any, tiny: Path) -> None:
    ended = command("check", tiny, "--set", LAYERS)
    table = ended.out.partition("discriminator\n")[2].splitlines()[1 : len(SHOWN) + 1]
    # Columns are as wide as they must be; how far names are indented is part of what is shown.
    names = [line[:4] + line[4:30].rstrip() for line in table]
    assert names == [line[:4] + line[4:30].rstrip() for line in SHOWN]
    assert words("\n".join(line[34:] for line in table)) == words(
        "\n".join(line[34:] for line in SHOWN)
    )


HANDFUL = (
    *("--set", "train={epochs: 25, batch_size: 48}", "--set", "train.updates.discriminator=5"),
)


@pytest.mark.slow
def test_a_run_of_a_handful_of_steps_is_told(command: Any, tiny: Path) -> None:
    line = (
        "warning: the whole run is 30 steps: 25 epochs of 300 images in batches of 48, 5 of them a"
        " step; GANs take thousands of steps: set train.steps, or more train.epochs\n"
    )
    ended = command("check", tiny, *HANDFUL)
    assert (ended.code, ended.err) == (0, line)
    assert ended.out.splitlines()[-1] == "run     30 steps, 25 epochs"
    ended = command("train", tiny, *HANDFUL, "--dry-run")
    assert (ended.code, ended.err) == (0, line)
    # Who asks for so many steps knows it.
    assert command("check", tiny, "--steps", "30").err == ""


def test_blocks_are_shown_layer_by_layer(command: Any, tiny: Path) -> None:
    block = "discriminator.layers.4=Residual: {body: [Conv2D: {filters: 4, kernel_size: 1}]}"
    ended = command("check", tiny, "--set", block, "--set", "discriminator.layers.5=Flatten")
    assert ended.code == 2  # a Flatten is no logit, and the table is not shown
    assert ended.out == ""


WARNINGS = {
    "cgan-mnist": "warning: cgan-mnist:33:7: generator makes values of -1 to 1, the data is -0.5 to"
    " 0.5: end in tanh and Rescaling: {scale: 0.5, offset: 0}, or set data.range to [-1, 1]\n"
}
"""Of recipes that are as they were published."""


@pytest.mark.slow
def test_every_built_in_recipe_is_right_and_fits_a_small_machine(
    command: Any, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes more in truth: the smallest of them peaks at 983 MB in all."""
    for module in (memory, devices, opened):
        monkeypatch.setattr(module, "machine_memory", lambda: 900_000_000)
    recipes = sorted((repository / "recipes").glob("*.yaml"))
    assert recipes
    for path in recipes:
        ended = command("check", path.stem)
        assert (ended.code, ended.err) == (0, WARNINGS.get(path.stem, "")), path.name


def test_the_largest_built_in_recipe_is_checked_without_a_word_of_tensorflow(gantool: Any) -> None:
    began = time.monotonic()
    ended = gantool("check", "dcgan-faces-96")
    assert (ended.code, ended.err) == (0, "")
    assert time.monotonic() - began < 30  # about 4 s on two cores with nothing else to do


@pytest.mark.slow
def test_a_catalogue_set_that_is_not_here_is_a_note(
    command: Any, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "data"
    for module in ("gantool.data.catalogue", "gantool.data.sources.opening"):
        monkeypatch.setattr(f"{module}.data_set_places", lambda: [place])
    ended = command("check", tiny, "--set", "data.source=mnist")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[-1] == (
        "data    the data set mnist is not here yet: run `gantool download mnist`"
        f" (looked in {place})"
    )
    assert "18" in ended.out  # ConcatLabel takes ten classes to be there
    ended = command("train", tiny, "--set", "data.source=mnist", "--out", tmp_path / "run")
    assert ended == (
        2,
        "",
        f"the data set mnist is not here yet: run `gantool download mnist` (looked in {place})\n",
    )
    assert not (tmp_path / "run").exists()


def test_problems_of_a_recipe_and_of_set_are_told_with_their_places(
    command: Any, tiny: Path
) -> None:
    ended = command("check", tiny, "--set", "train.batch_size=0", "--set", "loss=hing")
    assert ended.code == 2
    assert len(ended.err.splitlines()) == 2
    assert ended.err.startswith("--set loss=hing: ")
    assert "\n--set train.batch_size=0: " in ended.err


@pytest.mark.parametrize("name", ["check", "train"])
def test_a_layer_that_a_penalty_cannot_be_trained_through_is_told(
    command: Any, tiny: Path, tmp_path: Path, name: str
) -> None:
    layer = "discriminator.layers.3=UpSampling2D: {interpolation: bilinear}"
    to = ["--out", tmp_path / "run"] if name == "train" else []
    ended = command(name, tiny, "--set", "regularizers=[R1]", "--set", layer, *to)
    assert ended == (
        2,
        "",
        f"--set {layer}: UpSampling2D has no second derivative in TensorFlow, and R1 is a penalty"
        " on the gradient: set interpolation to nearest, or remove one of them\n",
    )
