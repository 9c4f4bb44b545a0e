"""Images from a checkpoint."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gantool.errors import InputError
from gantool.runs.checkpoint import Checkpoint
from gantool.sampling.checkpoint_sampler import CheckpointSampler
from gantool.sampling.grid import Cell

from ..runs.resealing import index_of, with_index, with_numbers


@pytest.fixture
def checkpoint(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(trained / "checkpoints" / "step-00000200.h5", tmp_path))


def test_it_gives_pictures_and_tells_where_they_are_from(checkpoint: Path) -> None:
    sampler = CheckpointSampler(Checkpoint(checkpoint))
    images = list(sampler.draw([Cell(4), Cell(900), Cell(4)]))
    assert [(image.shape, image.dtype) for image in images] == 3 * [((28, 28, 1), np.uint8)]
    np.testing.assert_array_equal(images[0], images[2])
    assert (images[0] != images[1]).any()
    assert (sampler.recipe.name, sampler.header.step, sampler.header.classes) == ("tiny", 200, 10)


def changed(checkpoint: Path, group: str) -> bool:
    """Whether seed 0's image is another one once a group's biases are."""
    [before] = CheckpointSampler(Checkpoint(checkpoint)).draw([Cell(0)])
    with_numbers(checkpoint, f"{group}/08_Conv2DTranspose/bias", 0.5)
    [after] = CheckpointSampler(Checkpoint(checkpoint)).draw([Cell(0)])
    return bool((before != after).any())


def test_it_draws_from_the_moving_average(checkpoint: Path) -> None:
    assert not changed(checkpoint, "generator")
    assert changed(checkpoint, "generator_average")


def test_without_a_moving_average_it_draws_from_the_generator(checkpoint: Path) -> None:
    assert changed(without_average(checkpoint), "generator")


def without_average(checkpoint: Path) -> Path:
    with_recipe(checkpoint, lambda text: text.replace("average: 0.99", "average: null"))
    with_index(checkpoint, lambda index: index["groups"].remove("generator_average"))
    return checkpoint


def test_weights_are_those_asked_for(checkpoint: Path) -> None:
    stored = Checkpoint(checkpoint)
    for asked, has, group in (
        (None, "average", "generator_average"),
        ("average", "average", "generator_average"),
        ("raw", "raw", "generator"),
    ):
        sampler = CheckpointSampler(stored, asked)
        assert sampler.weights == has
        kernel = stored.numbers(stored.index.variables[f"{group}/01_Dense/kernel"])
        [own] = [it for it in sampler.generator.weights if it.shape == kernel.shape]
        np.testing.assert_array_equal(own.numpy(), kernel)


def test_without_an_average_there_are_only_raw_weights(checkpoint: Path) -> None:
    stored = Checkpoint(without_average(checkpoint))
    assert CheckpointSampler(stored).weights == CheckpointSampler(stored, "raw").weights == "raw"
    with pytest.raises(InputError) as raised:
        CheckpointSampler(stored, "average")
    assert str(raised.value) == (
        f"{checkpoint}: tiny keeps no average of its weights (train.average): leave --weights"
        " average out"
    )


def test_images_of_latents_are_those_of_the_network(checkpoint: Path) -> None:
    sampler = CheckpointSampler(Checkpoint(checkpoint))
    latents, labels = sampler.latents_of([0, 5, 2**40]), [0, 5, 6]
    assert (latents.shape, latents.dtype, sampler.takes_label) == ((3, 8), np.float32, True)
    images = sampler.images(latents, labels)
    assert (images.shape, images.dtype) == ((3, 28, 28, 1), np.uint8)
    made = sampler.generator([latents, np.array(labels, np.int32)], training=False).numpy()
    np.testing.assert_allclose(images, (made + 1.0) * 127.5, atol=0.5 + 1e-3)
    drawn = np.stack(list(sampler.draw([Cell(0, 0), Cell(5, 5), Cell(2**40, 6)])))
    assert np.abs(drawn.astype(int) - images).max() <= 1


def with_recipe(checkpoint: Path, change: Callable[[str], str]) -> None:
    text = change(index_of(checkpoint)["header"]["recipe"])
    with_index(checkpoint, lambda index: index["header"].update(recipe=text))


def test_a_recipe_of_unknown_layers_is_told_with_its_place(checkpoint: Path) -> None:
    with_recipe(checkpoint, lambda text: text.replace("Dense: {units: 196", "Dense: {unit: 196"))
    with pytest.raises(InputError) as raised:
        CheckpointSampler(Checkpoint(checkpoint))
    assert str(raised.value).startswith(f"{checkpoint} (recipe):15:")
    assert "unknown keyword 'unit' for Dense; did you mean 'units'?" in str(raised.value)


def test_a_recipe_of_other_layers_is_refused(checkpoint: Path) -> None:
    with_recipe(checkpoint, lambda text: text.replace("units: 196, use_bias: false", "units: 196"))
    with pytest.raises(InputError) as raised:
        CheckpointSampler(Checkpoint(checkpoint))
    assert str(raised.value) == f"{checkpoint}: generator_average/01_Dense/bias is missing"


def test_code_in_a_recipe_is_not_run(checkpoint: Path, tmp_path: Path) -> None:
    evil = f"name: !!python/object/apply:os.mkdir ['{tmp_path}/evil']\n"
    with_recipe(checkpoint, lambda text: evil + text.partition("\n")[2])
    with pytest.raises(InputError):
        CheckpointSampler(Checkpoint(checkpoint))
    assert not (tmp_path / "evil").exists()
