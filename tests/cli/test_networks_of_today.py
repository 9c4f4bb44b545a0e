"""Recipes of packs, spectral normalisation, residual blocks and frozen layers, as they are run."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

GENERATOR = "generator.layers=[Dense: {units: 784}, Reshape: {target_shape: [28, 28, 1]}]"
SHORT = (
    *("--set", "train={steps: 4, batch_size: 8, precision: float32, jit_compile: false}"),
    *("--set", "data.labels=false", "--set", GENERATOR),
    *("--set", "output={log_every: 2, grid: {every: 4, rows: 1, columns: 2}}"),
    *("--set", "output.checkpoint={every: 2}"),
)


def weights_of(run: Path, step: int) -> dict[str, np.ndarray]:
    """Every weight of both networks in a checkpoint."""
    found = {}
    with h5py.File(run / "checkpoints" / f"step-{step:08d}.h5") as file:
        for network in ("generator", "discriminator"):
            file[network].visititems(
                lambda key, item, network=network: (
                    found.__setitem__(f"{network}/{key}", item[()])
                    if isinstance(item, h5py.Dataset)
                    else None
                )
            )
    return found


@pytest.mark.slow
def test_packs_train_and_the_trace_has_fewer_logits(
    command: Any, tiny: Path, tmp_path: Path
) -> None:
    layers = (
        "discriminator.layers=[Flatten, Pack, Maxout: {units: 3, pieces: 2}, Dense: {units: 1}]"
    )
    ended = command("check", tiny, *SHORT, "--set", layers)
    assert ended.code == 0, ended.err
    assert re.search(r"Pack +1568", ended.out)
    assert "logits 2×1" in ended.out
    run = tmp_path / "run"
    paired = ("--set", "loss=RelativisticPaired", "--set", layers)
    assert command("train", tiny, *SHORT, *paired, "--out", run).code == 0
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [2, 4]
    losses = [[row["generator_loss"], row["discriminator_loss"]] for row in rows]
    assert np.isfinite(losses).all()


def test_spectral_normalization_of_a_network_is_that_of_its_layers(
    command: Any, tiny: Path
) -> None:
    one, shortcut = (
        f"Conv2D: {{filters: 4, kernel_size: {size}, padding: same}}" for size in (3, 1)
    )
    plain = f"[Residual: {{body: [{one}], shortcut: [{shortcut}]}}, Flatten, Dense: {{units: 1}}]"
    by_hand = (
        f"[Residual: {{body: [SpectralNormalization: {{layer: {{{one}}}}}],"
        f" shortcut: [SpectralNormalization: {{layer: {{{shortcut}}}}}]}}, Flatten,"
        " SpectralNormalization: {layer: {Dense: {units: 1}}}]"
    )
    tables = [
        command("check", tiny, *SHORT, "--set", f"discriminator.layers={layers}", *switch)
        for layers, switch in (
            (plain, ("--set", "spectral_normalization=discriminator")),
            (by_hand, ()),
            (by_hand, ("--set", "spectral_normalization=both")),
            (plain, ()),
        )
    ]
    assert [ended.code for ended in tables] == [0] * 4
    shown = [ended.out.partition("discriminator\n")[2].partition("memory")[0] for ended in tables]
    assert "SpectralNormalization(Conv2D)" in shown[0]
    assert shown[0] == shown[1] == shown[2]  # nothing twice
    assert shown[3] != shown[0]
    in_generator = [ended.out.partition("discriminator\n")[0] for ended in tables]
    assert "SpectralNormalization(Dense)" in in_generator[2]
    assert "SpectralNormalization" not in in_generator[0] + in_generator[1]


@pytest.mark.slow
def test_a_frozen_layer_stays_in_training_and_after_resuming(
    command: Any, tiny: Path, tmp_path: Path
) -> None:
    """Beside layers with labels, noise and spectral normalisation, to the last bit."""
    layers = "[Flatten, Dense: {units: 4, trainable: false}, LeakyReLU, Projection]"
    conditional = GENERATOR.replace("]}]", "]}, ConditionalBatchNormalization, NoiseInjection]")
    whole, run = tmp_path / "whole", tmp_path / "run"
    recipe = (
        *(tiny, *SHORT, "--set", f"discriminator.layers={layers}", "--set", conditional),
        *("--set", "data.labels=true", "--set", "spectral_normalization=generator"),
    )
    assert command("train", *recipe, "--out", whole).code == 0
    shutil.copytree(whole, run)
    (run / "checkpoints" / "step-00000004.h5").unlink()
    ended = command("train", "--resume", run)
    assert ended.code == 0, ended.err
    before, straight, resumed = (
        weights_of(folder, step) for folder, step in ((whole, 2), (whole, 4), (run, 4))
    )
    assert straight.keys() == resumed.keys()
    for key, value in resumed.items():
        np.testing.assert_array_equal(value, straight[key])
        stays = "01_Dense" in key or key.endswith("/noise")
        assert np.array_equal(value, before[key]) == stays, key
