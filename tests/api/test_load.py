"""A trained model for programs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import gantool
from gantool.api.starting import start
from gantool.errors import InputError


@pytest.fixture(scope="module")
def model(trained: Path) -> Any:
    return gantool.load(trained)


def test_samples_are_those_of_the_command(model: Any, trained: Path, command: Any) -> None:
    out = trained.parent / "seeds.npz"
    assert command("sample", "--ckpt", trained, "--seeds", "30-40,5", "--out", out).code == 0
    with np.load(out) as arrays:
        np.testing.assert_array_equal(model.sample([*range(30, 41), 5]), arrays["images"])


def test_classes_are_shown_by_number_and_by_name(model: Any) -> None:
    every = [model.sample(range(3), label) for label in range(10)]
    assert all(images.shape == (3, 28, 28, 1) and images.dtype == np.uint8 for images in every)
    np.testing.assert_array_equal(model.sample(range(3), "7"), every[7])
    mixed = model.sample([2, 0, 1], ["4", 9, np.int64(0)])
    np.testing.assert_array_equal(mixed, [every[4][2], every[9][0], every[0][1]])
    own = model.sample(range(3))
    np.testing.assert_array_equal(own, [every[seed][seed] for seed in range(3)])
    assert model.classes == tuple("0123456789")


def test_no_seeds_are_no_images(model: Any) -> None:
    assert model.sample([]).shape == (0, 28, 28, 1)


def test_the_generator_is_a_model_of_keras(model: Any) -> None:
    assert isinstance(model.generator, keras.Model)
    seeds, labels = [3, 8], np.array([6, 1], np.int32)
    made = model.generator([model.latents_of(seeds), labels], training=False).numpy()
    assert np.abs((made + 1) * 127.5 - model.sample(seeds, [6, 1])).max() <= 1


def test_weights_and_truncation_are_those_asked_for(model: Any, trained: Path) -> None:
    raw, half = gantool.load(trained, weights="raw"), gantool.load(trained, truncation=0.5)
    assert (model.weights, raw.weights) == ("average", "raw")
    assert (raw.sample([1]) != model.sample([1])).any()
    np.testing.assert_allclose(half.latents_of([1]), 0.5 * model.latents_of([1]))


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (
            lambda model: model.sample([0, -1]),
            "seeds: whole numbers from 0 to 4611686018427387904 are meant",
        ),
        (lambda model: model.sample([0, 1], [3]), "labels: 1 of them, and 2 seeds"),
        (lambda model: model.sample([0], 10), "labels: there is no class 10 (0 to 9)"),
        (
            lambda model: model.sample([0], "ten"),
            "labels: there is no class 'ten' (classes 0 to 9: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)",
        ),
        (lambda model: model.sample([0], "1-3"), "labels: '1-3' is more than one class"),
        (
            lambda model: model.latents_of([2**70]),
            "seeds: whole numbers from 0 to 4611686018427387904 are meant",
        ),
        (
            lambda model: model.images(model.latents_of([1])[0]),
            "latents: [8], where finite numbers [N, 8] are meant",
        ),
        (
            lambda model: model.images(np.full((2, 8), np.nan)),
            "latents: [2, 8], where finite numbers [N, 8] are meant",
        ),
        (
            lambda model: model.images(model.latents_of([1, 2]), [3, 10]),
            "labels: there is no class 10 (0 to 9)",
        ),
        (
            lambda model: model.images(model.latents_of([1, 2]), [3]),
            "labels: 1 of them, and 2 seeds",
        ),
        (lambda _: gantool.load("nowhere"), "nowhere: no such file or run folder"),
        (
            lambda _: gantool.load("x", weights="best"),  # type: ignore[arg-type]
            "weights: 'best' is neither 'average' nor 'raw'",
        ),
        (lambda _: gantool.load("x", truncation=2), "truncation: 2 is not from 0 to 1"),
    ],
)
def test_what_cannot_be(model: Any, ask: Callable[[Any], object], says: str) -> None:
    with pytest.raises(InputError) as raised:
        ask(model)
    assert str(raised.value) == says


def test_seeds_and_classes_are_whole_numbers(model: Any) -> None:
    for ask in (
        lambda: model.sample([0.5]),
        lambda: model.latents_of([1.5]),
        lambda: model.sample([0], [3.7]),
    ):
        with pytest.raises(TypeError):
            ask()


def test_seeds_may_come_one_by_one(model: Any) -> None:
    every = model.latents_of([4, 5])
    np.testing.assert_array_equal(model.latents_of(seed for seed in (4, 5)), every)
    images = model.images(every, np.array([2, 7]))
    np.testing.assert_array_equal(images, model.images(every, ["2", 7]))
    np.testing.assert_array_equal(model.images(every, np.int64(7))[1], images[1])


@pytest.mark.parametrize(
    ("name", "other", "meant"),
    [("floatx", "float16", "float32"), ("image_data_format", "channels_first", "channels_last")],
)
def test_settings_of_keras_are_not_changed_under_a_program(
    name: str, other: str, meant: str
) -> None:
    change = getattr(keras.config, f"set_{name}")
    change(other)
    try:
        with pytest.raises(InputError) as raised:
            start()
        assert str(raised.value) == f"keras.config.{name}() is {other!r}; gantool needs {meant!r}"
        assert getattr(keras.config, name)() == other
    finally:
        change(meant)


@pytest.mark.slow
def test_import_is_light_and_another_backend_is_refused(trained: Path) -> None:
    program = f"""
import sys
import gantool
assert not {{"tensorflow", "keras", "numpy"}} & set(sys.modules)
assert set(gantool.__all__) == {{"Model", "__version__", "errors", "load", "resume", "train"}}
import keras
keras.config.backend = lambda: "jax"
try:
    gantool.load({str(trained)!r})
except gantool.errors.InputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "keras.config.backend() is 'jax'; gantool needs 'tensorflow'\n", (
        done.stderr
    )


def test_its_names() -> None:
    assert dir(gantool) == ["Model", "__version__", "errors", "load", "resume", "train"]
    with pytest.raises(AttributeError, match="module 'gantool' has no attribute 'sample'"):
        _ = gantool.sample  # type: ignore[attr-defined]
    assert gantool.Model.__name__ == "Model"
