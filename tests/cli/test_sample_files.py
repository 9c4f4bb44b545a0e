"""`gantool sample` into folders, zips and arrays; from latents, truncated, enlarged, apart."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture
def sample(command: Any, trained: Path) -> Any:
    """Sample from the tests' network with success, and give what is said."""

    def run(*arguments: Any) -> str:
        ended = command("sample", "--ckpt", trained, *arguments)
        assert (ended.code, ended.err) == (0, "")
        return str(ended.out)

    return run


def pixels(file: Any) -> np.ndarray:
    with Image.open(file) as image:
        return np.asarray(image)


def test_count_is_short_for_seeds(sample: Any) -> None:
    assert sample("--count", 3, "--out", "some") == "some: 3 images, step 200\n"
    assert sorted(path.name for path in Path("some").iterdir()) == [
        f"seed-0000000{seed}.png" for seed in range(3)
    ]


def test_folder_zip_and_arrays_hold_the_same_pixels(sample: Any) -> None:
    arguments = ("--seeds", "0-33,900")
    assert sample(*arguments, "--out", "files") == "files: 35 images, step 200\n"
    assert sample(*arguments, "--out", "files.zip") == "files.zip: 35 images, step 200\n"
    assert sample(*arguments, "--out", "files.npz") == "files.npz: 35 images, step 200\n"
    with np.load("files.npz") as arrays, zipfile.ZipFile("files.zip") as packed:
        assert {name: (arrays[name].shape, arrays[name].dtype) for name in arrays.files} == {
            "images": ((35, 28, 28, 1), np.uint8),
            "seeds": ((35,), np.int64),
            "labels": ((35,), np.int32),
        }
        assert arrays["seeds"].tolist() == [*range(34), 900]
        assert arrays["labels"].tolist() == [seed % 10 for seed in (*range(34), 900)]
        assert packed.testzip() is None
        for name, image in zip(packed.namelist(), arrays["images"], strict=True):
            assert packed.read(name) == Path("files", name).read_bytes()
            np.testing.assert_array_equal(pixels(io.BytesIO(packed.read(name))), image[:, :, 0])
        assert packed.namelist() == [f"seed-{seed:08d}.png" for seed in arrays["seeds"]]


def test_labels_asked_for_are_in_the_arrays(sample: Any) -> None:
    sample("--label", "3,5", "--count", 2, "--out", "files.npz")
    with np.load("files.npz") as arrays:
        assert arrays["labels"].tolist() == [3, 3, 5, 5]
        assert arrays["seeds"].tolist() == [0, 1, 0, 1]


def test_webp_and_enlarged_pictures(sample: Any) -> None:
    sample("--count", 2, "--out", "png")
    sample("--count", 2, "--format", "webp", "--scale", 3, "--out", "webp")
    for seed in range(2):
        small, large = (pixels(f"{kind}/seed-0000000{seed}.{kind}") for kind in ("png", "webp"))
        expected = np.kron(small, np.ones((3, 3), np.uint8))
        np.testing.assert_array_equal(large, np.repeat(expected[:, :, None], 3, axis=2))


def test_a_grid_is_enlarged_and_parted(sample: Any) -> None:
    sample("--grid", "2x3", "--out", "small.png")
    sample("--grid", "2x3", "--scale", 2, "--spacing", 5, "--out", "large.png")
    small, large = pixels("small.png"), pixels("large.png")
    assert large.shape == (2 * 56 + 5, 3 * 56 + 2 * 5)
    for row in range(2):
        for column in range(3):
            top, left = row * 61, column * 61
            image = small[28 * row : 28 * row + 28, 28 * column : 28 * column + 28]
            np.testing.assert_array_equal(
                large[top : top + 56, left : left + 56], np.kron(image, np.ones((2, 2), np.uint8))
            )
    assert (large[56:61] == 255).all()


@pytest.mark.slow
def test_latents_are_written_and_drawn_again(sample: Any) -> None:
    """Rows 0 to 9 are the latents of seeds 0 to 9, in the same places."""
    arguments = ("--grid", "2x5", "--truncation", 0.5)
    sample(*arguments, "--write-latents", "z.npy", "--out", "seeds.png")
    latents = np.load("z.npy")
    assert (latents.shape, latents.dtype) == ((10, 8), np.float32)
    said = sample("--latents", "z.npy", "--grid", "2x5", "--out", "latents.png")
    assert said == "latents.png: latents in 2 rows of 5, step 200\n"
    np.testing.assert_array_equal(pixels("latents.png"), pixels("seeds.png"))
    sample("--grid", "2x5", "--write-latents", "whole.npy", "--out", "whole.png")
    np.testing.assert_array_equal(latents, np.load("whole.npy") / 2)
    assert (pixels("whole.png") != pixels("seeds.png")).any()
    sample("--latents", "whole.npy", *arguments, "--out", "again.png")
    np.testing.assert_array_equal(pixels("again.png"), pixels("seeds.png"))
    sample("--latents", "z.npy", "--out", "files.npz")
    with np.load("files.npz") as arrays:
        assert arrays.files == ["images", "labels"]


@pytest.mark.slow
def test_raw_weights_are_others_than_their_average(sample: Any) -> None:
    for weights in ("raw", "average"):
        sample("--count", 4, "--weights", weights, "--out", f"{weights}.png")
    sample("--count", 4, "--out", "usual.png")
    assert Path("usual.png").read_bytes() == Path("average.png").read_bytes()
    assert (pixels("raw.png") != pixels("average.png")).any()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--count", "0"], "Error: Invalid value for '--count': 0 is not in the range 1<=x<="),
        (["--count", "10001"], "Error: 10,001 images are too many for one grid; name a folder"),
        (["--count", "3", "--seeds", "1"], "Error: --seeds and --count contradict each other"),
        (["--count", "3", "--latents", "z"], "Error: --count and --latents contradict each other"),
        (
            ["--latents", "z", "--write-latents", "y"],
            "Error: --write-latents writes those of seeds; --latents has its own",
        ),
        (["--latents", "gone.npy"], "gone.npy: no such file"),
        (["--truncation", "1.1"], "Error: Invalid value for '--truncation': 1.1 is not in the ra"),
        (["--truncation", "nan"], "Error: Invalid value for '--truncation': nan is not in the ra"),
        (["--scale", "65"], "Error: Invalid value for '--scale': 65 is not in the range 1<=x<=64"),
        (["--format", "webp"], "Error: --format webp: a grid is a PNG; name a folder or .zip"),
        (["--format", "npz"], "Error: --format npz is one file: name it, as in --out samples.npz"),
        (["--format", "npz", "--out", "x"], "Error: --format npz is one file: name it, as in"),
        (
            ["--format", "png", "--out", "x.npz"],
            "Error: --format png: x.npz holds arrays, not files",
        ),
        (["--scale", "2", "--out", "x.npz"], "Error: --scale: an .npz holds the images as they"),
        (["--grid", "2x2", "--out", "x.zip"], "Error: --grid needs a .png for --out; x.zip is no"),
        (["--spacing", "2", "--out", "x"], "Error: --spacing is between the images of a grid"),
        (["--seeds", "1", "--out", "no/x.zip"], "no/x.zip: cannot be written (No such file or"),
        (["--seeds", "1", "--out", "no/x.npz"], "no/x.npz: cannot be written (No such file or"),
        (
            ["--seeds", "1", "--write-latents", "no/z.npy", "--out", "x.png"],
            "no/z.npy: cannot be written (No such file or directory)",
        ),
    ],
)
def test_wrong_options_end_with_2(
    arguments: list[str], complaint: str, command: Any, trained: Path
) -> None:
    ended = command("sample", "--ckpt", trained, *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines()[-1].startswith(complaint)
    assert list(Path().iterdir()) == []
