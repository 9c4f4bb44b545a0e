from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import tensorflow as tf

from gantool.device import has_bfloat16
from gantool.networks import devices
from gantool.networks.devices import (
    Device,
    compiles,
    described,
    find_device,
    stating_precision,
    with_precision_for,
)
from gantool.recipe.load import LoadedRecipe, find_recipe, load

PROCESSOR = Device("2 cores of AMD EPYC", False, "float32", "the processor has no bfloat16")
GPU = Device("NVIDIA H100", True, "mixed_bfloat16", "the GPU has compute capability 9.0")

Load = Callable[..., LoadedRecipe]


@pytest.mark.parametrize(
    ("bfloat16", "precision", "reason"),
    [
        (True, "mixed_bfloat16", "the processor has bfloat16"),
        (False, "float32", "the processor has no bfloat16"),
    ],
)
def test_a_processor_computes_in_bfloat16_where_it_can(monkeypatch, bfloat16, precision, reason):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _kind: [])
    monkeypatch.setattr(devices, "has_bfloat16", lambda: bfloat16)
    monkeypatch.setattr(devices, "processor", lambda: "AMD EPYC")
    monkeypatch.setattr(devices, "cores", lambda: 2)
    assert find_device() == Device("2 cores of AMD EPYC", False, precision, reason)


@pytest.mark.parametrize(
    ("details", "precision"),
    [
        ({"device_name": "NVIDIA H100", "compute_capability": (9, 0)}, "mixed_bfloat16"),
        ({"device_name": "NVIDIA A100", "compute_capability": (8, 0)}, "mixed_bfloat16"),
        ({"device_name": "Tesla T4", "compute_capability": (7, 5)}, "mixed_float16"),
        ({"device_name": "Tesla P100", "compute_capability": (6, 0)}, "float32"),
        ({}, "float32"),
    ],
)
def test_a_gpu_computes_in_what_its_tensor_cores_take(monkeypatch, details, precision):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _kind: ["GPU:0"])
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda _gpu: details)
    found = find_device()
    assert (found.name, found.is_gpu) == (details.get("device_name", "GPU"), True)
    assert found.precision == precision
    major, minor = details.get("compute_capability", (0, 0))
    assert found.reason == f"the GPU has compute capability {major}.{minor}"


def test_this_machine_is_found_as_it_is():
    found = find_device()
    assert found.precision == ("mixed_bfloat16" if has_bfloat16() else "float32")


def test_the_precision_of_the_device_is_written_into_the_recipe(load_tiny: Load):
    asked = load_tiny("train.precision=auto")
    stated = stating_precision(asked, GPU)
    assert stated.recipe.train.precision == "mixed_bfloat16"
    assert "precision: mixed_bfloat16" in stated.text
    assert stated.recipe.model_copy(update={"train": asked.recipe.train}) == asked.recipe


def test_points_are_computed_in_float32():
    # Of numbers near 4 those of bfloat16 are 1/32 apart, and grid's modes have a deviation of 0.05.
    points, images = (load(find_recipe(name)).recipe.data for name in ("grid", "quickstart"))
    assert with_precision_for(GPU, points) == replace(
        GPU, precision="float32", reason="points need it"
    )
    assert with_precision_for(GPU, images) is GPU
    assert with_precision_for(PROCESSOR, points) is PROCESSOR


def test_a_precision_that_the_recipe_names_stays(load_tiny: Load):
    asked = load_tiny("train.precision=float32")
    assert stating_precision(asked, GPU) is asked


@pytest.mark.parametrize(
    ("asked", "device", "expected"),
    [
        ("auto", PROCESSOR, False),
        ("auto", GPU, True),
        ("true", PROCESSOR, True),
        ("false", GPU, False),
    ],
)
def test_xla_is_chosen_by_the_recipe_or_by_the_device(load_tiny: Load, asked, device, expected):
    train = load_tiny(f"train.jit_compile={asked}").recipe.train
    assert compiles(train, device) is expected
    assert compiles(train, device, replicas=2) is False


@pytest.mark.parametrize(
    ("settings", "device", "expected"),
    [
        (
            ["train.precision=auto"],
            PROCESSOR,
            "2 cores of AMD EPYC, float32 (auto: the processor has no bfloat16),"
            " without XLA (auto)",
        ),
        (
            ["train.precision=auto"],
            GPU,
            "NVIDIA H100, mixed_bfloat16 (auto: the GPU has compute capability 9.0),"
            " updates compiled by XLA (auto)",
        ),
        (
            ["train.precision=mixed_float16", "train.jit_compile=true"],
            PROCESSOR,
            "2 cores of AMD EPYC, mixed_float16, updates compiled by XLA",
        ),
    ],
)
def test_the_line_tells_what_was_chosen_and_why(
    load_tiny: Load, settings: list[str], device: Device, expected: str
):
    asked = load_tiny(*settings)
    train: Any = stating_precision(asked, device).recipe.train
    assert described(asked.recipe.train, train, device) == expected
