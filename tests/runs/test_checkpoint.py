"""The checkpoint: one file, whole or not there, and read without trust."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

from gantool import __version__
from gantool.device import machine
from gantool.engine.plan import make_plan
from gantool.errors import InputError
from gantool.runs.checkpoint import Checkpoint
from gantool.runs.checkpoint_format import Header
from gantool.runs.checkpoint_writing import first_not_finite, values_of, write_checkpoint

HEADER = Header(
    recipe="name: ünï\n# a comment\n",
    recipe_folder="/somewhere/recipes",
    step=1200,
    images=76800,
    seconds=12.5,
    seed=2**63 - 1,
    classes=10,
    retries=2,
    machine="a processor",
    ways={"product of 1×2 and 2×3, float32": "plain"},
)


def variable(values: Any, dtype: str = "float32") -> keras.Variable:
    return keras.Variable(np.asarray(values), dtype=dtype)


def network() -> dict[str, dict[str, keras.Variable]]:
    return {
        "generator": {
            "00_Dense/kernel": variable([[1.0, 2.0], [3.0, 4.0]]),
            "01_Residual/body/00_Dense/bias": variable([0.1, -0.0]),
        },
        "optimizers/generator": {"iteration": variable(2**40 + 1, "int64")},
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "step-00001200.h5"
    write_checkpoint(path, HEADER, values_of(network()))
    return path


def complaint(path: Path, variables: dict[str, dict[str, keras.Variable]] | None = None) -> str:
    with pytest.raises(InputError) as raised:
        Checkpoint(path).read(network() if variables is None else variables)
    assert raised.value.exit_code == 2
    return str(raised.value)


def test_the_layout_of_a_run_is_that_of_the_design(trained: Path, tiny: Path) -> None:
    with h5py.File(trained / "checkpoints" / "step-00000200.h5") as file:
        assert set(file) == {
            *("recipe", "generator", "generator_average", "discriminator", "optimizers"),
        }
        assert set(file["optimizers"]) == {"generator", "discriminator"}
        assert list(file["generator"]) == [
            *("01_Dense", "02_BatchNormalization", "05_Conv2DTranspose"),
            *("06_BatchNormalization", "08_Conv2DTranspose"),
        ]
        assert file["generator/01_Dense/kernel"].shape == (8 + 10, 196)
        assert file["generator/01_Dense/kernel"].dtype == np.float32
        assert set(file["generator/02_BatchNormalization"]) == {
            *("gamma", "beta", "moving_mean", "moving_variance"),
        }
        assert set(file["discriminator/01_Conv2D"]) == {"kernel"}
        assert set(file["optimizers/generator/01_Dense/kernel"]) == {"momentum", "velocity"}
        assert file["optimizers/generator/iteration"][()] == 200
        assert file["recipe"][()].decode() == (trained / "recipe.yaml").read_text()
        attributes = dict(file.attrs)
        assert attributes.pop("seconds") > 0
        assert attributes == {
            "format": 2,
            "step": 200,
            "images": 1600,
            "seed": 3,
            "classes": 10,
            "retries": 0,
            "machine": machine(),
            "ways": "{}",  # so small a network takes the plain ones
            "recipe_folder": str(tiny.parent),
            "gantool": __version__,
            "keras": version("keras"),
            "tensorflow": version("tensorflow"),
        }


def test_the_average_is_not_the_generator(trained: Path) -> None:
    with h5py.File(trained / "checkpoints" / "step-00000200.h5") as file:
        own, average = (
            file[f"{group}/01_Dense/kernel"][()] for group in ("generator", "generator_average")
        )
    assert own.shape == average.shape
    assert 0 < np.abs(own - average).max() < 0.1


def test_a_header_comes_back(path: Path) -> None:
    assert Checkpoint(path).header == HEADER


def test_contents_are_told_without_the_values(path: Path) -> None:
    index = Checkpoint(path).index
    assert index.header == HEADER
    assert index.releases == {
        "gantool": __version__,
        "keras": version("keras"),
        "tensorflow": version("tensorflow"),
    }
    assert index.groups == ("generator", "optimizers/generator")
    assert {key: place.shape for key, place in index.variables.items()} == {
        "generator/00_Dense/kernel": (2, 2),
        "generator/01_Residual/body/00_Dense/bias": (2,),
        "optimizers/generator/iteration": (),
    }


def test_the_index_and_hdf5_say_the_same(trained: Path) -> None:
    path = trained / "checkpoints" / "step-00000200.h5"
    checkpoint = Checkpoint(path)
    found: dict[str, np.ndarray] = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda key, item: found.update({key: item[()]}) if hasattr(item, "dtype") else None
        )
        assert file["recipe"][()].decode() == checkpoint.header.recipe
        for field in ("step", "images", "seconds", "seed", "classes", "retries", "recipe_folder"):
            assert file.attrs[field] == getattr(checkpoint.header, field)
    del found["recipe"]
    assert found.keys() == checkpoint.index.variables.keys()
    for key, place in checkpoint.index.variables.items():
        ours = checkpoint.numbers(place)
        assert ours.dtype == found[key].dtype
        np.testing.assert_array_equal(ours, found[key])


def test_a_variable_without_numbers(tmp_path: Path) -> None:
    empty = {"group": {"key": np.zeros((0, 3), np.float32), "other": np.ones(2, np.float32)}}
    write_checkpoint(tmp_path / "a.h5", HEADER, empty)
    read = {"group": {"key": variable(np.zeros((0, 3))), "other": variable([0.0, 0.0])}}
    Checkpoint(tmp_path / "a.h5").read(read)
    np.testing.assert_array_equal(read["group"]["other"].numpy(), [1.0, 1.0])


def test_equal_runs_leave_equal_bytes(path: Path, tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "again.h5", HEADER, values_of(network()))
    assert (tmp_path / "again.h5").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16", "int64", "uint32", "bool"])
def test_values_come_back_to_the_bit(dtype: str, tmp_path: Path) -> None:
    values = np.array([0.0, -0.0, 1e-30, 3.14159, 65000.0, -1 / 3])
    written = variable(values if "float" in dtype else np.abs(values) > 1, dtype)
    write_checkpoint(tmp_path / "a.h5", HEADER, values_of({"group": {"key": written}}))
    read = variable(np.ones(len(values)), dtype)
    Checkpoint(tmp_path / "a.h5").read({"group": {"key": read}})
    assert read.numpy().tobytes() == written.numpy().tobytes()


def test_infinity_and_not_a_number_come_back(tmp_path: Path) -> None:
    write_checkpoint(
        tmp_path / "a.h5", HEADER, values_of({"group": {"key": variable([np.inf, np.nan])}})
    )
    read = variable([0.0, 0.0])
    Checkpoint(tmp_path / "a.h5").read({"group": {"key": read}})
    np.testing.assert_array_equal(read.numpy(), [np.inf, np.nan])


def test_values_stay_as_they_were_when_the_variables_move_on(tmp_path: Path) -> None:
    moving = network()
    values = values_of(moving)
    tf.function(lambda: moving["generator"]["00_Dense/kernel"].assign_add(np.ones((2, 2))))()
    write_checkpoint(tmp_path / "a.h5", HEADER, values)
    Checkpoint(tmp_path / "a.h5").read(moving)
    kernel = moving["generator"]["00_Dense/kernel"].numpy()
    np.testing.assert_array_equal(kernel, [[1.0, 2.0], [3.0, 4.0]])


def test_an_opened_one_is_read_though_it_was_replaced_or_removed(path: Path) -> None:
    """A training that goes on removes its oldest one, and may write a step again."""
    opened = Checkpoint(path)
    other = {"generator": {"00_Dense/kernel": np.full((2, 2), 9.0, np.float32)}}
    write_checkpoint(path, HEADER, other)
    path.unlink()
    read = network()
    read["generator"]["00_Dense/kernel"].assign(np.zeros((2, 2)))
    opened.read(read)
    kernel = read["generator"]["00_Dense/kernel"].numpy()
    np.testing.assert_array_equal(kernel, [[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_found_in_every_group(dtype: str, bad: float) -> None:
    fine = variable([1.0, -6e4, 0.0], dtype).numpy()
    values = {
        "generator": {"kernel": fine},
        "optimizers/generator": {
            "iteration": np.int64(2**62),
            "on": np.array(True),
            "velocity": fine,
            "none": np.zeros((0, 3), np.float32),
        },
    }
    assert first_not_finite(values) is None
    velocity = fine.copy()
    velocity[2] = bad
    values["optimizers/generator"]["velocity"] = velocity
    assert first_not_finite(values) == "optimizers/generator/velocity"


def test_a_large_float64_is_finite() -> None:
    assert first_not_finite({"group": {"key": np.array([1e300])}}) is None


def test_a_part_of_the_groups_can_be_read(path: Path) -> None:
    kernel = variable(np.zeros((2, 2)))
    bias = variable(np.zeros(2))
    keys = ("00_Dense/kernel", "01_Residual/body/00_Dense/bias")
    Checkpoint(path).read({"generator": dict(zip(keys, (kernel, bias), strict=True))})
    np.testing.assert_array_equal(kernel.numpy(), [[1.0, 2.0], [3.0, 4.0]])


def test_a_missing_key_is_named_and_nothing_changes(path: Path) -> None:
    wanted = network()
    wanted["generator"]["00_Dense/kernel"].assign(np.zeros((2, 2)))
    wanted["optimizers/generator"]["00_Dense/kernel/momentum"] = variable(0)
    wanted["optimizers/generator"]["00_Dense/kernel/velocity"] = variable(0)
    assert complaint(path, wanted) == (
        f"{path}: optimizers/generator/00_Dense/kernel/momentum is missing, and 1 more"
    )
    assert not wanted["generator"]["00_Dense/kernel"].numpy().any()


def test_a_key_too_many_is_named_and_nothing_changes(path: Path) -> None:
    wanted = network()
    wanted["generator"]["00_Dense/kernel"].assign(np.zeros((2, 2)))
    wanted["optimizers/generator"] = {}
    assert complaint(path, wanted) == (
        f"{path}: optimizers/generator/iteration has no place in the recipe's networks"
    )
    assert not wanted["generator"]["00_Dense/kernel"].numpy().any()


def test_another_shape_is_named_and_nothing_changes(path: Path) -> None:
    wanted = network()
    wanted["generator"]["00_Dense/kernel"].assign(np.zeros((2, 2)))
    wanted["generator"]["01_Residual/body/00_Dense/bias"] = variable([0.0, 0.0, 0.0])
    assert complaint(path, wanted) == (
        f"{path}: generator/01_Residual/body/00_Dense/bias has shape (2,),"
        " the recipe's network (3,)"
    )
    assert not wanted["generator"]["00_Dense/kernel"].numpy().any()


def test_a_missing_group_is_named(path: Path) -> None:
    assert complaint(path, {"discriminator": {}}) == (
        f"{path}: the checkpoint has no discriminator; it is of another recipe"
    )


def test_a_missing_file(tmp_path: Path) -> None:
    assert complaint(tmp_path / "a.h5") == f"{tmp_path}/a.h5: no such file"


def test_a_failure_in_the_middle_leaves_the_old_file(path: Path) -> None:
    before = path.read_bytes()
    other = {"generator": {"a": np.ones(1000), "b": np.array([object()])}}
    with pytest.raises(ValueError, match="dtype"):
        write_checkpoint(path, HEADER, other)
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_checkpoint_of_other_networks_is_refused(
    trained: Path, load_tiny: Callable[..., Any], tmp_path: Path
) -> None:
    path = shutil.copy(trained / "checkpoints" / "step-00000200.h5", tmp_path)
    state = make_plan(load_tiny("generator.layers.1.Dense.use_bias=true")).state
    before = state.generator.weights()["01_Dense/kernel"].numpy()
    assert complaint(Path(path), state.variables()) == (
        f"{path}: generator/01_Dense/bias is missing"
    )
    np.testing.assert_array_equal(state.generator.weights()["01_Dense/kernel"].numpy(), before)
