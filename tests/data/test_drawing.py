"""Grids and PNG files, and which real images are shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from gantool.data.drawing import beside_rows, enlarged, tile, write_png


def flat(value: int, channels: int = 1) -> np.ndarray:
    return np.full((2, 3, channels), value, np.uint8)


def test_images_lie_row_by_row() -> None:
    grid = tile([flat(value) for value in (1, 2, 3, 4, 5)], rows=2, columns=3)
    expected = [
        [1, 1, 1, 2, 2, 2, 3, 3, 3],
        [1, 1, 1, 2, 2, 2, 3, 3, 3],
        [4, 4, 4, 5, 5, 5, 0, 0, 0],
        [4, 4, 4, 5, 5, 5, 0, 0, 0],
    ]
    np.testing.assert_array_equal(grid[:, :, 0], expected)
    assert grid.dtype == np.uint8
    assert grid.shape == (4, 9, 1)


def test_an_image_is_not_turned() -> None:
    image = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    grid = tile([flat(9, 3), image], rows=1, columns=2)
    np.testing.assert_array_equal(grid[:, 3:], image)


def test_images_with_alpha_lie_over_a_checkerboard() -> None:
    """Squares of 8 go through the whole picture; what is left over is empty."""
    image = np.zeros((8, 12, 4), np.uint8)
    image[:, :, :3] = 10, 20, 30
    image[0, :, 3] = 255
    image[1, :, 3] = 128
    grid = tile([image, image], rows=2, columns=2)
    assert (grid.shape, grid.dtype) == ((16, 24, 3), np.uint8)
    np.testing.assert_array_equal(grid[0], np.tile([10, 20, 30], (24, 1)))
    # 10·128/255 + 255·127/255 = 132.02 over white, 10·128/255 + 204·127/255 = 106.62 over grey.
    half = np.repeat([[132, 137, 142], [107, 112, 117], [132, 137, 142]], 8, axis=0)
    np.testing.assert_array_equal(grid[1], half)
    white, grey = (np.full((8, 3), level) for level in (255, 204))
    for row in range(2, 8):
        np.testing.assert_array_equal(grid[row], np.concatenate([white, grey, white]))
    for row in range(8, 16):
        np.testing.assert_array_equal(grid[row], np.concatenate([grey, white, grey]))


def test_pngs_hold_the_pixels_to_the_bit(tmp_path: Path) -> None:
    pick = np.random.default_rng(0)
    for channels, mode in ((1, "L"), (3, "RGB"), (4, "RGBA")):
        pixels = pick.integers(0, 256, (5, 7, channels), np.uint8)
        path = tmp_path / f"{channels}.png"
        write_png(path, pixels)
        with Image.open(path) as image:
            assert image.mode == mode
            read = np.asarray(image).reshape(5, 7, channels)
        np.testing.assert_array_equal(read, pixels)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.png", "3.png", "4.png"]


def test_cell_k_of_the_real_images_shows_class_k_mod_classes(
    trained: Path, mnist: Callable[[str], np.ndarray]
) -> None:
    digits, labels = mnist("train-images")[:300], mnist("train-labels")[:300]
    with Image.open(trained / "samples" / "reals.png") as image:
        cells = np.asarray(image).reshape(2, 28, 5, 28).transpose(0, 2, 1, 3).reshape(10, 28, 28)
    for number, cell in enumerate(cells):
        [found] = np.flatnonzero((digits == cell).all(axis=(1, 2)))
        assert labels[found] == number


def test_names_stand_beside_the_rows_and_the_picture_stays():
    images = [np.full((20, 20, 1), 10 * number, np.uint8) for number in range(6)]
    whole = tile(images, 3, 2)
    found = beside_rows(whole, ["a", "b", "a"])
    margin = found.shape[1] - whole.shape[1]
    np.testing.assert_array_equal(found[:, margin:], whole)
    first, second, third = np.split(found[:, :margin], 3)
    np.testing.assert_array_equal(first, third)
    assert (first != second).any()
    assert first.min() < 128  # there is ink


def test_a_long_name_is_cut_and_one_without_letters_in_the_font_is_left_out():
    whole = tile([np.zeros((20, 20, 3), np.uint8)], 1, 1)
    assert beside_rows(whole, ["w" * 300]).shape[1] - 20 <= 160 + 2 * 4
    nothing = beside_rows(whole, ["\u732b"])[:, :-20]
    assert (nothing == 255).all()
    assert (beside_rows(whole, ["\u043a\u043e\u0442"])[:, :-20] < 128).any()


def test_spacing_is_white_and_only_between_images() -> None:
    grid = tile([flat(value) for value in (1, 2, 3)], rows=2, columns=2, spacing=3)
    height, width = flat(1).shape[:2]
    assert grid.shape == (2 * height + 3, 2 * width + 3, 1)
    assert (grid[height : height + 3] == 255).all()
    assert (grid[:, width : width + 3] == 255).all()
    for row, column, value in ((0, 0, 1), (0, 1, 2), (1, 0, 3), (1, 1, 0)):
        top, left = row * (height + 3), column * (width + 3)
        assert (grid[top : top + height, left : left + width] == value).all()


def test_names_stand_beside_rows_that_lie_apart() -> None:
    """The same strip as without spacing, with white between its parts."""
    images = [np.zeros((20, 20, 1), np.uint8)] * 2
    close = beside_rows(tile(images, 2, 1), ["cat", "dog"])
    apart = beside_rows(tile(images, 2, 1, spacing=6), ["cat", "dog"], spacing=6)
    assert (apart[20:26] == 255).all()
    np.testing.assert_array_equal(np.delete(apart, range(20, 26), axis=0), close)


def test_enlarged_pixels_are_squares() -> None:
    image = np.arange(6, dtype=np.uint8).reshape(2, 3, 1)
    expected = np.kron(image[:, :, 0], np.ones((4, 4), np.uint8))
    np.testing.assert_array_equal(enlarged(image, 4)[:, :, 0], expected)
    np.testing.assert_array_equal(enlarged(np.stack([image, image]), 4)[1, :, :, 0], expected)
