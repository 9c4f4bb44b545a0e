"""Images from a checkpoint."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gantool.errors import InputError
from gantool.runs.checkpoint import Checkpoint
from gantool.sampling.grid import Cell
from gantool.sampling.model import Model

from ..runs.resealing import index_of, with_index, with_numbers


@pytest.fixture
def checkpoint(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(trained / "checkpoints" / "step-00000200.h5", tmp_path))


def test_it_gives_pictures_and_tells_where_they_are_from(checkpoint: Path) -> None:
    sampler = Model(Checkpoint(checkpoint))
    images = list(sampler.draw([Cell(4), Cell(900), Cell(4)]))
    assert [(image.shape, image.dtype) for image in images] == 3 * [((28, 28, 1), np.uint8)]
    np.testing.assert_array_equal(images[0], images[2])
    assert (images[0] != images[1]).any()
    assert (sampler.recipe.name, sampler.header.step, sampler.header.classes) == ("tiny", 200, 10)


def changed(checkpoint: Path, group: str) -> bool:
    """Whether seed 0's image is another one once a group's biases are."""
    [before] = Model(Checkpoint(checkpoint)).draw([Cell(0)])
    with_numbers(checkpoint, f"{group}/08_Conv2DTranspose/bias", 0.5)
    [after] = Model(Checkpoint(checkpoint)).draw([Cell(0)])
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
        sampler = Model(stored, asked)
        assert sampler.weights == has
        kernel = stored.numbers(stored.index.variables[f"{group}/01_Dense/kernel"])
        [own] = [it for it in sampler.generator.weights if it.shape == kernel.shape]
        np.testing.assert_array_equal(own.numpy(), kernel)


def test_without_an_average_there_are_only_raw_weights(checkpoint: Path) -> None:
    stored = Checkpoint(without_average(checkpoint))
    assert Model(stored).weights == Model(stored, "raw").weights == "raw"
    with pytest.raises(InputError) as raised:
        Model(stored, "average")
    assert str(raised.value) == (
        f"{checkpoint}: tiny keeps no average of its weights (train.average): there are raw"
        " weights alone"
    )


def test_images_of_latents_are_those_of_the_network(checkpoint: Path) -> None:
    sampler = Model(Checkpoint(checkpoint))
    latents, labels = sampler.latents_of([0, 5, 2**40]), [0, 5, 6]
    assert (latents.shape, latents.dtype, sampler.takes_label) == ((3, 8), np.float32, True)
    images = sampler.images(latents, labels)
    assert (images.shape, images.dtype) == ((3, 28, 28, 1), np.uint8)
    made = sampler.generator([latents, np.array(labels, np.int32)], training=False).numpy()
    np.testing.assert_allclose(images, (made + 1.0) * 127.5, atol=0.5 + 1e-3)
    drawn = np.stack(list(sampler.draw([Cell(0, 0), Cell(5, 5), Cell(2**40, 6)])))
    assert np.abs(drawn.astype(int) - images).max() <= 1


def test_latents_of_a_file_are_drawn_like_those_of_seeds(checkpoint: Path) -> None:
    """Rows 0 to 39 hold the latents of seeds 0 to 39: the same blocks, so the same bits."""
    sampler = Model(Checkpoint(checkpoint))
    cells = [Cell(0), Cell(39), Cell(7, 3)]
    by_seeds, by_rows = (
        np.stack(list(sampler.draw(cells, latents)))
        for latents in (None, sampler.latents_of(range(40)))
    )
    np.testing.assert_array_equal(by_rows, by_seeds)


def test_truncation_moves_latents_wherever_they_come_from(checkpoint: Path) -> None:
    stored = Checkpoint(checkpoint)
    whole, half = Model(stored), Model(stored, truncation=0.5)
    latents = whole.latents_of(range(3))
    np.testing.assert_array_equal(half.latents_of(range(3)), latents / 2)
    cells = [Cell(0), Cell(2)]
    expected = np.stack(list(whole.draw(cells, latents / 2)))
    assert (expected != np.stack(list(whole.draw(cells)))).any()
    np.testing.assert_array_equal(np.stack(list(half.draw(cells))), expected)
    np.testing.assert_array_equal(np.stack(list(half.draw(cells, latents))), expected)


def with_recipe(checkpoint: Path, change: Callable[[str], str]) -> None:
    text = change(index_of(checkpoint)["header"]["recipe"])
    with_index(checkpoint, lambda index: index["header"].update(recipe=text))


def test_a_recipe_of_unknown_layers_is_told_with_its_place(checkpoint: Path) -> None:
    with_recipe(checkpoint, lambda text: text.replace("Dense: {units: 196", "Dense: {unit: 196"))
    with pytest.raises(InputError) as raised:
        Model(Checkpoint(checkpoint))
    assert str(raised.value).startswith(f"{checkpoint} (recipe):15:")
    assert "unknown keyword 'unit' for Dense; did you mean 'units'?" in str(raised.value)


def test_a_recipe_of_other_layers_is_refused(checkpoint: Path) -> None:
    with_recipe(checkpoint, lambda text: text.replace("units: 196, use_bias: false", "units: 196"))
    with pytest.raises(InputError) as raised:
        Model(Checkpoint(checkpoint))
    assert str(raised.value) == f"{checkpoint}: generator_average/01_Dense/bias is missing"


def test_code_in_a_recipe_is_not_run(checkpoint: Path, tmp_path: Path) -> None:
    evil = f"name: !!python/object/apply:os.mkdir ['{tmp_path}/evil']\n"
    with_recipe(checkpoint, lambda text: evil + text.partition("\n")[2])
    with pytest.raises(InputError):
        Model(Checkpoint(checkpoint))
    assert not (tmp_path / "evil").exists()
