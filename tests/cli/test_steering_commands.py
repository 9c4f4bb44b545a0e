"""`gantool interpolate`, `arithmetic`, `directions` and `project`: latents are values."""

from __future__ import annotations

import re
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gantool.cli import interpolate

RGBA = """\
name: rgba
data: {source: pictures, size: [9, 7], channels: 4, range: [0, 1]}
latent: {size: 6, distribution: uniform, bounds: [0, 2]}
generator:
  layers:
    - Dense: {units: 16, activation: tanh}
    - Dense: {units: 252, activation: sigmoid, kernel_initializer: {RandomNormal: {stddev: 1.0}}}
    - Reshape: {target_shape: [9, 7, 4]}
discriminator: {layers: [Flatten, Dense: {units: 1}]}
loss: non-saturating
optimizers: {generator: SGD, discriminator: SGD}
train: {steps: 1, batch_size: 4, precision: float32}
"""


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture(scope="module")
def rgba(tmp_path_factory: pytest.TempPathFactory, forked: Any) -> Path:
    """A checkpoint in an otherwise empty folder: uniform latents, RGBA, no classes."""
    folder = tmp_path_factory.mktemp("rgba")
    (folder / "pictures").mkdir()
    pick = np.random.default_rng(0)
    for number in range(4):
        pixels = pick.integers(0, 256, (9, 7, 4), np.uint8)
        Image.fromarray(pixels).save(folder / "pictures" / f"{number}.png")
    (folder / "rgba.yaml").write_text(RGBA)
    ended = forked("train", folder / "rgba.yaml", "--out", folder / "run")
    assert ended.code == 0, ended.err
    alone = tmp_path_factory.mktemp("alone") / "my.h5"
    shutil.copy(folder / "run/checkpoints/step-00000001.h5", alone)
    return alone


@pytest.fixture(scope="module")
def points(tmp_path_factory: pytest.TempPathFactory, forked: Any) -> Path:
    run = tmp_path_factory.mktemp("points") / "run"
    smaller = ["generator.layers=[Dense: {units: 2}]", "discriminator.layers=[Dense: {units: 1}]"]
    settings = [word for it in (*smaller, "output.metrics=[]") for word in ("--set", it)]
    ended = forked("train", "ring", "--steps", 1, "--out", run, *settings)
    assert ended.code == 0, ended.err
    return run


def pixels(path: str) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def frames(path: str, mode: str) -> list[np.ndarray]:
    with Image.open(path) as film:
        shown = []
        for number in range(film.n_frames):
            film.seek(number)
            shown.append(np.asarray(film.convert(mode)))
        return shown


def images_of(row: np.ndarray, count: int | None = None) -> np.ndarray:
    """The images of a row, or the last so many, beside which a name stands."""
    count = count or row.shape[1] // 28
    return np.stack(np.split(row[:, -count * 28 :], count, axis=1)).astype(int)


def drawn(command: Any, checkpoint: Path, seed: int, label: int | None = None) -> np.ndarray:
    """What `gantool sample` draws."""
    asked = [] if label is None else ["--label", label]
    arguments = ("--seeds", seed, *asked, "--out", "drawn")
    assert command("sample", "--ckpt", checkpoint, *arguments).code == 0
    [path] = Path("drawn").iterdir()
    found = pixels(str(path)).astype(int)
    shutil.rmtree("drawn")
    return found


class TestInterpolate:
    def test_keys_are_the_images_of_their_seeds_and_classes(
        self, command: Any, trained: Path
    ) -> None:
        ended = command(
            "interpolate", "--ckpt", trained, "--seeds", "1,5,9", "--frames", 7, "--out", "x.png"
        )
        assert ended == (0, "x.png: 7 frames, step 200\n", "")
        shown = images_of(pixels("x.png"))
        assert len(shown) == 7
        for place, seed in ((0, 1), (3, 5), (6, 9)):  # of classes 1, 5 and 9, as `sample` has them
            difference = np.abs(shown[place] - drawn(command, trained, seed, seed))
            assert difference.max() <= 1  # rounding
        assert all((one != other).any() for one, other in pairwise(shown))

    def test_one_seed_goes_through_classes_and_back(self, command: Any, trained: Path) -> None:
        ended = command(
            *("interpolate", "--ckpt", trained, "--seeds", 4, "--labels", "0-2", "--frames", 6),
            *("--loop", "--fps", 10, "--scale", 2, "--out", "x.gif", "--write-latents", "z.npy"),
        )
        assert ended == (0, "x.gif: 6 frames, 0.6 s, step 200\n", "")
        shown = frames("x.gif", "L")
        assert len(shown) == 6
        for place, label in ((0, 0), (2, 1), (4, 2)):
            expected = drawn(command, trained, 4, label).repeat(2, axis=0).repeat(2, axis=1)
            assert np.abs(shown[place].astype(int) - expected).max() <= 1
        between = drawn(command, trained, 4, 2), drawn(command, trained, 4, 0)
        assert all((shown[5][::2, ::2] != one).any() for one in between)
        latents = np.load("z.npy")
        np.testing.assert_allclose(latents, np.tile(latents[:1], (6, 1)), rtol=1e-6)

    def test_latents_that_were_written_are_gone_through_again(
        self, command: Any, trained: Path
    ) -> None:
        asked = ("interpolate", "--ckpt", trained, "--label", 3, "--frames", 5)
        first = (*asked, "--seeds", "1,2", "--out", "a.png", "--write-latents", "z.npy")
        assert command(*first).code == 0
        assert command(*asked, "--latents", "z.npy", "--out", "b.png").code == 0
        np.testing.assert_allclose(images_of(pixels("a.png")), images_of(pixels("b.png")), atol=1)
        again = (*asked, "--latents", "z.npy", "--seeds", "4,0", "--out", "c.png")
        assert command(*again).code == 0
        backwards = images_of(pixels("a.png"))[::-1]
        np.testing.assert_allclose(images_of(pixels("c.png")), backwards, atol=1)

    @pytest.mark.slow
    def test_transparency_is_kept_where_there_is_room_for_it(
        self, command: Any, rgba: Path
    ) -> None:
        asked = ("interpolate", "--ckpt", rgba, "--seeds", "1,5", "--frames", 4, "--out")
        assert command(*asked, "x.webp").out == "x.webp: 4 frames, 0.2 s, step 1\n"
        for name in ("x.gif", "x.mp4", "folder"):
            assert command(*asked, name).code == 0
        stills = [pixels(f"folder/frame-0000{number}.png") for number in range(4)]
        assert len(list(Path("folder").iterdir())) == 4
        assert stills[0].shape == (9, 7, 4)
        assert np.abs(stills[0].astype(int) - drawn(command, rgba, 1)).max() <= 1
        moving = frames("x.webp", "RGBA")
        np.testing.assert_array_equal(np.stack(moving)[..., 3], np.stack(stills)[..., 3])
        # Over a checkerboard of white, in the places of its first square
        over = stills[2].astype(float)
        over = 255 + (over[..., :3] - 255) * over[..., 3:] / 255
        found = frames("x.gif", "RGB")[2].astype(float)
        np.testing.assert_allclose(found[:8], over[:8], rtol=0, atol=1)
        assert Path("x.mp4").read_bytes()[4:8] == b"ftyp"
        ended = command(*asked, "folder")
        assert ended.err.splitlines()[-1] == (
            "Error: --out folder: holds frames already; name another folder"
        )

    def test_uniform_latents_go_straight(self, command: Any, rgba: Path) -> None:
        asked = ("--seeds", "1,5", "--frames", 3, "--out", "x.png", "--write-latents", "z.npy")
        assert command("interpolate", "--ckpt", rgba, *asked).code == 0
        start, middle, end = np.load("z.npy").astype(np.float64)
        np.testing.assert_allclose(middle, (start + end) / 2, rtol=1e-6)

    def test_normal_latents_go_on_an_arc(self, command: Any, trained: Path) -> None:
        asked = ("--seeds", "1,5", "--frames", 3, "--out", "x.png", "--write-latents", "z.npy")
        assert command("interpolate", "--ckpt", trained, *asked).code == 0
        norms = np.linalg.norm(np.load("z.npy").astype(np.float64), axis=1)
        assert norms[1] == pytest.approx((norms[0] + norms[2]) / 2)

    def test_points_are_shown_together_or_one_a_frame(self, command: Any, points: Path) -> None:
        asked = ("interpolate", "--ckpt", points, "--seeds", "1,5", "--frames", 9, "--out")
        assert command(*asked, "x.png").code == 0
        assert command(*asked, "folder").code == 0
        together = pixels("x.png")
        assert together.shape == (384, 384)
        apart = [pixels(f"folder/frame-0000{number}.png") for number in range(9)]
        assert {int((frame < 255).sum()) for frame in apart} == {9}  # a dot
        np.testing.assert_array_equal(together < 255, np.min(apart, axis=0) < 255)

    @pytest.mark.parametrize(
        ("arguments", "complaint"),
        [
            (
                ["--out", "x.gif"],
                "Error: name the --seeds to go through, as in 1,5,9, or --latents",
            ),
            (
                ["--seeds", "1", "--out", "x.gif"],
                "Error: a way has two ends: name two seeds or more, or two classes",
            ),
            (
                ["--seeds", "1-3", "--label", "4,5", "--out", "x.gif"],
                "Error: --label: 2 classes for 3 seeds; name one for all, or one for each",
            ),
            (
                ["--seeds", "1,2", "--label", "cat", "--out", "x.gif"],
                "--label: there is no class 'cat' (classes 0 to 9: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)",
            ),
            (
                ["--seeds", "0-8", "--frames", "5", "--out", "x.gif"],
                "Error: --frames 5: each of the 9 keys is a frame",
            ),
            (
                ["--seeds", "0-99999999999", "--out", "x.gif"],
                "Error: --seeds: 100,000,000,000 are too many; 10,000 are allowed",
            ),
            (
                ["--seeds", "1,2", "--out", "x.avi"],
                "Error: --out x.avi: name a .gif, .webp or .mp4, a .png for all frames, or a"
                " folder",
            ),
            (
                ["--seeds", "1,2", "--fps", "9", "--out", "x.png"],
                "Error: --fps belongs to films: name a .gif, .webp or .mp4 with --out",
            ),
            (
                ["--seeds", "1,2", "--fps", "51", "--out", "x.gif"],
                "Error: --fps 51: a GIF shows 50 frames a second at most",
            ),
            (
                ["--seeds", "1,2", "--fps", "1", "--frames", "601", "--out", "x.gif"],
                "Error: a GIF of more than 600 s: name a .webp or .mp4",
            ),
            (
                ["--seeds", "1,2", "--out", "nowhere/x.gif"],
                "nowhere/x.gif: cannot be written (there is no folder nowhere)",
            ),
            (
                ["--seeds", "1,2", "--latents", "none.npy", "--out", "x.gif"],
                "none.npy: no such file",
            ),
            (
                ["--seeds", "1,2", "--write-latents", "x.png", "--out", "x.png"],
                "Error: Invalid value for '--write-latents': x.png: name a .npy",
            ),
        ],
    )
    def test_what_cannot_be_made(
        self, arguments: list[str], complaint: str, command: Any, trained: Path
    ) -> None:
        ended = command("interpolate", "--ckpt", trained, *arguments)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.splitlines()[-1] == complaint
        assert list(Path().iterdir()) == []

    def test_frames_that_do_not_fit_into_memory(
        self, command: Any, trained: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("gantool.memory.machine_memory", lambda: 1_000_000)
        asked = ("--seeds", "1,2", "--scale", 10, "--out", "x.gif")
        ended = command("interpolate", "--ckpt", trained, *asked)
        assert ended.code == 2
        assert ended.err == (
            "60 frames are 5 MB, and this machine has 1 MB: make fewer or smaller ones, or name a"
            " folder with --out\n"
        )

    def test_sides_that_no_film_has(
        self, command: Any, trained: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("gantool.sampling.films.MAX_SIDE", 100)
        asked = ("--seeds", "1,2", "--scale", 4, "--out", "x.webp")
        ended = command("interpolate", "--ckpt", trained, *asked)
        assert ended == (2, "", "--scale 4: a film has sides of 100 pixels at most\n")

    def test_latents_without_classes_of_their_own(self, command: Any, trained: Path) -> None:
        np.save("z.npy", np.zeros((2, 8), np.float32))
        asked = ("--latents", "z.npy", "--out", "x.gif")
        ended = command("interpolate", "--ckpt", trained, *asked)
        assert ended.code == 2
        assert ended.err.endswith("the generator takes labels: name one with --label\n")

    def test_classes_of_a_generator_that_has_none(self, command: Any, rgba: Path) -> None:
        asked = ("--seeds", "1,2", "--label", "3", "--out", "x.gif")
        ended = command("interpolate", "--ckpt", rgba, *asked)
        assert ended == (2, "", f"{rgba}: was trained without labels: leave --label out\n")

    def test_endings_are_those_that_can_be_written(self) -> None:
        from gantool.sampling import films

        assert interpolate._FILMS == films.SUFFIXES


class TestArithmetic:
    def test_rows_are_the_terms_and_the_result(self, command: Any, trained: Path) -> None:
        ended = command(
            *("arithmetic", "--ckpt", trained, "--plus", "3,5,8", "--minus", "2", "--to", "11,4"),
            *("--label", 7, "--out", "x.png", "--write-latents", "z.npy"),
        )
        assert ended == (0, "x.png: three terms and their result, step 200\n", "")
        rows = [images_of(row, 4) for row in np.split(pixels("x.png"), 4)]
        for row, seeds in zip(rows, ([3, 5, 8], [2], [11, 4]), strict=False):
            for image, seed in zip(row[1:], seeds, strict=False):
                assert np.abs(image - drawn(command, trained, seed, 7)).max() <= 1
            assert not row[1 + len(seeds) :].any()
        assert np.abs(rows[1][0] - rows[1][1]).max() <= 1  # the mean of one
        command(
            *("interpolate", "--ckpt", trained, "--seeds", "3,5,8,2,11,4", "--frames", 6),
            *("--out", "keys.png", "--write-latents", "keys.npy"),
        )
        keys = np.load("keys.npy").astype(np.float64)
        raw = keys[:3].mean(0) - keys[3] + keys[4:].mean(0)
        wanted = raw * np.linalg.norm(keys[4:], axis=1).mean() / np.linalg.norm(raw)
        np.testing.assert_allclose(np.load("z.npy"), wanted[None], rtol=1e-5)
        again = ("interpolate", "--ckpt", trained, "--label", 7, "--seeds", "0,0", "--frames", 2)
        assert command(*again, "--latents", "z.npy", "--out", "result.png").code == 0
        assert np.abs(images_of(pixels("result.png"))[0] - rows[3][0]).max() <= 1

    def test_numbers_are_rows_of_a_file(self, command: Any, rgba: Path) -> None:
        latents = np.random.default_rng(0).uniform(0, 2, (5, 6))
        np.save("given.npy", latents)
        ended = command(
            *("arithmetic", "--ckpt", rgba, "--plus", "0-1", "--minus", 2, "--to", 4),
            *("--latents", "given.npy", "--out", "x.png", "--write-latents", "z.npy"),
        )
        assert ended.code == 0, ended.err
        expected = latents[:2].mean(0) - latents[2] + latents[4]
        np.testing.assert_allclose(np.load("z.npy"), expected[None], rtol=1e-5)

    @pytest.mark.parametrize(
        ("arguments", "complaint"),
        [
            (["--to", "3"], "the generator takes labels: name one with --label"),
            (["--to", "3", "--label", "1,2"], "Error: --label 1,2: name one class"),
            ([], "Error: Missing option '--to'."),
        ],
    )
    def test_what_cannot_be_made(
        self, arguments: list[str], complaint: str, command: Any, trained: Path
    ) -> None:
        asked = ("--plus", "1", "--minus", "2", *arguments, "--out", "x.png")
        ended = command("arithmetic", "--ckpt", trained, *asked)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.splitlines()[-1].endswith(complaint)
        assert list(Path().iterdir()) == []

    def test_a_row_that_a_file_does_not_have(self, command: Any, rgba: Path) -> None:
        np.save("given.npy", np.zeros((5, 6)))
        asked = ("--plus", "1", "--minus", "5", "--to", "2", "--latents", "given.npy")
        ended = command("arithmetic", "--ckpt", rgba, *asked, "--out", "x.png")
        assert ended == (2, "", "given.npy: has latents 0 to 4, and no 5\n")


class TestDirections:
    def test_rows_walk_through_the_image_of_a_seed(self, command: Any, trained: Path) -> None:
        ended = command(
            *("directions", "--ckpt", trained, "--count", 3, "--seed", 14, "--out", "x.png"),
            *("--write-directions", "d.npy", "--write-latents", "z.npy"),
        )
        assert ended == (0, "x.png: 3 directions, steps -3 to 3, step 200\n", "")
        rows = [images_of(row, 7) for row in np.split(pixels("x.png"), 3)]
        middle = drawn(command, trained, 14, 4)  # class 14 mod 10
        assert all(np.abs(row[3] - middle).max() <= 1 for row in rows)
        found, walks = np.load("d.npy"), np.load("z.npy").reshape(3, 7, 8)
        steps = np.arange(-3, 4)[None, :, None] * found[:, None, :]
        np.testing.assert_allclose(walks, walks[:1, 3:4] + steps, rtol=0, atol=1e-5)

    def test_they_are_the_singular_vectors_of_the_first_layer(
        self, command: Any, trained: Path
    ) -> None:
        import h5py

        asked = ("--count", 8, "--out", "x.png", "--write-directions", "d.npy")
        assert command("directions", "--ckpt", trained, *asked).code == 0
        with h5py.File(trained / "checkpoints/step-00000200.h5") as file:
            kernel = file["generator_average/01_Dense/kernel"][...].astype(np.float64)
        vectors, _, _ = np.linalg.svd(kernel[:8])  # below are the rows of the classes
        np.testing.assert_allclose(np.abs(np.load("d.npy") @ vectors), np.eye(8), atol=1e-4)

    def test_one_leads_from_seeds_to_others(self, command: Any, rgba: Path) -> None:
        latents = np.random.default_rng(0).uniform(0, 2, (5, 6))
        np.save("given.npy", latents)
        ended = command(
            *("directions", "--ckpt", rgba, "--from", "0,1", "--to", "2-4", "--seed", 1),
            *("--latents", "given.npy", "--out", "x.png", "--write-directions", "d.npy"),
        )
        assert ended == (0, "x.png: 1 direction, steps -3 to 3, step 1\n", "")
        way = latents[2:].mean(0) - latents[:2].mean(0)
        np.testing.assert_allclose(np.load("d.npy"), way[None] / np.linalg.norm(way), rtol=1e-5)
        assert pixels("x.png").shape == (9, 7 * 7, 3)

    @pytest.mark.parametrize(
        ("arguments", "complaint"),
        [
            (["--from", "1"], "Error: --from and --to belong together: name the seeds of both"),
            (
                ["--from", "1", "--to", "1"],
                "--from and --to have the same mean: there is no direction between them",
            ),
            (
                ["--from", "1", "--to", "2", "--count", "3"],
                "Error: --count is of principal directions; --from and --to have one",
            ),
            (["--count", "9"], "Error: --count 9: there are 8 principal directions"),
            (["--out", "x.gif"], "Error: Invalid value for '--out': x.gif: name a .png"),
        ],
    )
    def test_what_cannot_be_made(
        self, arguments: list[str], complaint: str, command: Any, trained: Path
    ) -> None:
        ended = command("directions", "--ckpt", trained, "--out", "x.png", *arguments)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.splitlines()[-1] == complaint
        assert list(Path().iterdir()) == []


class TestProject:
    def test_the_latent_of_a_sample_is_found_again(self, command: Any, rgba: Path) -> None:
        """From other latents than those of seeds: none of them is the one that is looked for."""
        assert command("sample", "--ckpt", rgba, "--seeds", "5", "--out", "drawn").code == 0
        picture = "drawn/seed-00000005.png"
        asked = ("--ckpt", rgba, "--out", "x.png", "--write-latents", "z.npy")
        ended = command("project", picture, *asked)
        told = re.fullmatch(
            rf"x\.png: {picture} and the image found, which differ by (\d+\.\d\d) of 255 \(root"
            r" mean square\), step 1\n",
            ended.out,
        )
        assert told, ended
        assert float(told[1]) < 1.0
        assert pixels("x.png").shape == (9, 2 * 7, 3)
        again = ("--latents", "z.npy", "--seeds", "0,0", "--frames", 2, "--out", "found")
        assert command("interpolate", "--ckpt", rgba, *again).code == 0
        wanted, found = (pixels(it).astype(float) for it in (picture, "found/frame-00000.png"))
        error = np.sqrt(np.mean((wanted - found) ** 2))
        assert error == pytest.approx(float(told[1]), abs=0.2)
        assert wanted.std() > 20

    @pytest.mark.slow
    def test_the_class_is_found_and_the_latent_written(self, command: Any, trained: Path) -> None:
        asked = ("--seeds", "5", "--label", "8", "--out", "drawn")
        assert command("sample", "--ckpt", trained, *asked).code == 0
        ended = command(
            *("project", "drawn/seed-00000005-label-8.png", "--ckpt", trained, "--steps", 100),
            *("--out", "x.png", "--write-latents", "z.npy"),
        )
        assert ", class 8, step 200\n" in ended.out
        again = ("--latents", "z.npy", "--seeds", "0,0", "--label", 8, "--frames", 2)
        assert command("interpolate", "--ckpt", trained, *again, "--out", "y.png").code == 0
        found, shown = images_of(pixels("x.png"))[1], images_of(pixels("y.png"))[0]
        assert np.abs(found - shown).max() <= 1

    def test_descent_begins_at_the_latents_of_a_file(self, command: Any, rgba: Path) -> None:
        asked = ("--seeds", "5,6", "--frames", 2, "--out", "f", "--write-latents", "z.npy")
        assert command("interpolate", "--ckpt", rgba, *asked).code == 0
        asked = ("--latents", "z.npy", "--steps", 1, "--out", "x.png", "--write-latents", "found")
        ended = command("project", "f/frame-00001.png", "--ckpt", rgba, *asked[:-1], "found.npy")
        assert ended.code == 0, ended.err
        # One step moves a number by a tenth of a deviation at most.
        moved = np.abs(np.load("found.npy") - np.load("z.npy")[1])
        assert moved.max() <= 0.1 * 2 / 12**0.5 + 1e-6

    def test_a_photo_is_brought_to_size_and_channels(self, command: Any, trained: Path) -> None:
        photo = np.zeros((100, 60, 3), np.uint8)
        photo[40:60, 20:40] = (255, 255, 255)
        Image.fromarray(photo).save("photo.jpg", quality=95)
        asked = ("--label", "3", "--steps", 1, "--out", "x.png")
        assert command("project", "photo.jpg", "--ckpt", trained, *asked).code == 0
        shown, _ = images_of(pixels("x.png"))
        # The middle 60×60 of it, of which the square is the middle third
        assert shown[14, 14] > 250
        assert shown[3:6].max() < 10
        assert 0.8 < (shown > 127).sum() / (28 / 3) ** 2 < 1.2

    @pytest.mark.parametrize(
        ("name", "complaint"),
        [
            ("none.png", "none.png: no such file"),
            ("folder", "folder: it is no plain file"),
            ("empty.png", "empty.png: the file is empty"),
        ],
    )
    def test_what_is_no_picture(
        self, name: str, complaint: str, command: Any, trained: Path
    ) -> None:
        Path("folder").mkdir()
        Path("empty.png").touch()
        ended = command("project", name, "--ckpt", trained, "--out", "x.png")
        assert ended == (2, "", f"{complaint}\n")

    def test_too_many_places_to_begin_from(self, command: Any, trained: Path) -> None:
        np.save("z.npy", np.zeros((13, 8), np.float32))
        Image.new("L", (28, 28)).save("photo.png")
        asked = ("--latents", "z.npy", "--out", "x.png")
        ended = command("project", "photo.png", "--ckpt", trained, *asked)
        assert ended.code == 2
        assert ended.err.splitlines()[-1] == (
            "Error: --latents: 13 times 10 classes to begin from; 128 are allowed in all"
        )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["arithmetic", "--plus", 1, "--minus", 2, "--to", 3], "arithmetic shows images"),
        (["directions"], "directions are shown by images"),
        (["project", "photo.png"], "pictures are found among images"),
    ],
)
def test_points_are_refused_where_images_are_needed(
    arguments: list[Any], complaint: str, command: Any, points: Path
) -> None:
    ended = command(*arguments, "--ckpt", points, "--out", "x.png")
    file = points / "checkpoints" / "step-00000001.h5"
    assert ended == (2, "", f"{file}: makes points, and {complaint}\n")


@pytest.mark.parametrize("name", ["interpolate", "arithmetic", "directions", "project"])
def test_what_is_no_checkpoint(name: str, command: Any) -> None:
    numbers = {
        "interpolate": ("--seeds", "1,2"),
        "arithmetic": ("--plus", 1, "--minus", 2, "--to", 3),
        "directions": (),
        "project": ("photo.png",),
    }
    ended = command(name, *numbers[name], "--ckpt", "none", "--out", "x.png")
    assert ended == (2, "", "none: no such file or run folder\n")
