"""What `--set` changes of a run that goes on."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .run_contents import PLAIN_OPTIONS, contents, rows, values


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
