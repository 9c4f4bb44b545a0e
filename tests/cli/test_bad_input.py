"""Bad input: a clear line, the design's exit code, no traceback, and nothing left behind."""

from __future__ import annotations

import shutil
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def refused(command: Any, here: Path) -> Any:
    """Assert that a command ends with 2 and this on stderr, and leaves no file or folder."""

    def check(arguments: list[Any], *lines: str) -> None:
        before = sorted(here.rglob("*"))
        ended = command(*arguments)
        assert ended.err.splitlines() == list(lines)
        assert ended.code == 2
        assert ended.out == ""
        assert sorted(here.rglob("*")) == before

    return check


def recipe(tiny: Path, source: str, *changes: tuple[str, str]) -> str:
    text = tiny.read_text().replace("source: digits", f"source: {source}")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    Path("mine.yaml").write_text(text)
    return "mine.yaml"


def test_a_truncated_image_in_a_folder(refused: Any, tiny: Path) -> None:
    for name in ("a", "b"):
        Path("images", name).mkdir(parents=True)
        for number in range(5):
            Image.fromarray(np.full((28, 28), 40 * number, np.uint8)).save(
                f"images/{name}/{number}.png"
            )
    broken = Path("images/b/3.png")
    broken.write_bytes(broken.read_bytes()[:-30])
    batch = ("batch_size: 8", "batch_size: 5")  # fills up
    arguments = ["train", recipe(tiny, "images", batch), "--out", "run"]
    refused(
        arguments,
        "1 of 10 images cannot be used; remove or replace them, or leave them out"
        " (data.skip_unreadable: true):",
        line_about(broken),
    )


@pytest.mark.slow
def test_a_truncated_image_in_a_set_too_large_for_memory(
    command: Any, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gantool.data import loading

    monkeypatch.setattr(loading, "MAX_BYTES_IN_MEMORY", 0)
    for name in ("a", "b"):
        Path("images", name).mkdir(parents=True)
        for number in range(12):
            Image.fromarray(np.full((28, 28), 20 * number, np.uint8)).save(
                f"images/{name}/{number}.png"
            )
    broken = Path("images/b/3.png")
    broken.write_bytes(broken.read_bytes()[:-30])
    # One cell shows class a, so training itself is the first to meet the image.
    mine = recipe(tiny, "images", ("rows: 2, columns: 5", "rows: 1, columns: 1"))
    ended = command("train", mine, "--out", "run")
    assert ended.err.splitlines() == [
        "1 of 8 images cannot be used; remove or replace them, or leave them out"
        " (data.skip_unreadable: true):",
        line_about(broken),
    ]
    assert ended.code == 2
    assert Path("run/samples/reals.png").exists()
    assert not list(Path("run").rglob("*.gantool-tmp"))


def line_about(path: Path) -> str:
    from gantool.data.decoding import UnreadableImageError, decode

    with pytest.raises(UnreadableImageError) as raised:
        decode(path.read_bytes())
    return f"  {path.resolve()}: {raised.value}"


def test_an_empty_folder(refused: Any, tiny: Path) -> None:
    Path("images").mkdir()
    refused(
        ["train", recipe(tiny, "images")],
        f"mine.yaml:5:11: {Path().resolve()}/images: no images in this folder"
        " (PNG, JPEG, WEBP, GIF, BMP, TIFF, PPM, AVIF, JPEG2000, ICO, QOI, TGA, HEIF)",
    )


def test_a_recipe_that_is_a_list(refused: Any) -> None:
    Path("list.yaml").write_text("- name: tiny\n- seed: 3\n")
    refused(
        ["train", "list.yaml"],
        "list.yaml:1:1: a recipe is a mapping of keys to values (`name: …`), not a list",
    )


def test_an_empty_recipe(refused: Any) -> None:
    Path("empty.yaml").touch()
    refused(
        ["train", "empty.yaml"],
        "empty.yaml:1:1: the file is empty; a recipe is a mapping of keys to values (`name: …`)",
    )


def test_a_recipe_that_is_a_picture(refused: Any) -> None:
    Image.new("L", (9, 9)).save("a.png")
    refused(
        ["train", "a.png"],
        "a.png: not text in UTF-8, so not a recipe; if it holds your images, `gantool new a.png`"
        " writes a recipe for them",
    )


def test_a_missing_recipe(refused: Any) -> None:
    refused(
        ["train", "quikstart"],
        "quikstart: no such file, and no built-in recipe of that name; did you mean 'quickstart'?"
        " (`gantool recipes` lists them)",
    )
    refused(
        ["check", "gone.yaml"],
        "gone.yaml: no such file, and no built-in recipe of that name"
        " (`gantool recipes` lists them)",
    )


def test_a_recipe_that_is_a_folder(refused: Any) -> None:
    Path("folder").mkdir()
    refused(
        ["train", "folder"],
        "folder: a folder, not a recipe; if it holds your images, `gantool new folder` writes a"
        " recipe for them",
    )


def test_a_zip_of_pictures_that_is_taken_for_a_recipe(refused: Any) -> None:
    Image.new("L", (9, 9)).save("a.png")
    with zipfile.ZipFile("my pictures.zip", "w") as archive:
        archive.write("a.png")
    refused(
        ["train", "my pictures.zip"],
        "my pictures.zip: not text in UTF-8, so not a recipe; if it holds your images, `gantool"
        " new 'my pictures.zip'` writes a recipe for them",
    )


def test_a_folder_with_the_name_of_a_built_in_recipe(command: Any) -> None:
    Path("quickstart").mkdir()
    ended = command("check", "quickstart")
    assert (ended.code, ended.err) == (0, "")
    assert "data    60,000 images of 10 classes from mnist" in ended.out


def test_a_batch_larger_than_the_set(refused: Any, tiny: Path, workshop: Path) -> None:
    refused(
        ["train", recipe(tiny, f"{workshop}/digits", ("batch_size: 8", "batch_size: 301"))],
        "mine.yaml:36:15: batch_size 301 is larger than the set of 300 images; the largest"
        " batch is 300, or data.repeat: true goes through the images again",
    )


def test_batches_of_an_update_larger_than_the_set(refused: Any, tiny: Path, workshop: Path) -> None:
    change = ("batch_size: 8", "batch_size: 8\n  accumulate: 50")
    refused(
        ["train", recipe(tiny, f"{workshop}/digits", change)],
        "mine.yaml:36:15: batch_size 8 × accumulate 50 is larger than the set of 300 images; the"
        " largest batch is 6, or data.repeat: true goes through the images again",
    )


def test_problems_of_several_kinds_are_told_at_once(
    refused: Any, tiny: Path, workshop: Path
) -> None:
    shapes = (
        ("Conv2DTranspose: {filters: 1,", "Conv2DTranspose: {filters: 3,"),
        ("Dense: {units: 1}", "Dense: {units: 2}"),
    )
    known = (("batch_size: 8", "batch_size: 301"), ("ReLU\n", "RiLU\n"), ("size: 8}", "siz: 8}"))
    name = recipe(tiny, f"{workshop}/digits", *shapes, known[0], known[1])
    refused(
        ["train", name],
        "mine.yaml:16:7: unknown layer 'RiLU'; did you mean 'ReLU'?",
        "mine.yaml:20:7: unknown layer 'RiLU'; did you mean 'ReLU'?",
        "mine.yaml:36:15: batch_size 301 is larger than the set of 300 images; the largest"
        " batch is 300, or data.repeat: true goes through the images again",
    )
    name = recipe(tiny, f"{workshop}/digits", *shapes)
    refused(
        ["train", name],
        "mine.yaml:21:7: generator makes 28×28×3, the data is 28×28×1: the last layer decides the"
        " channels",
        "mine.yaml:29:7: discriminator gives 2 for an image, one logit is needed: end with Flatten"
        " and Dense: {units: 1}",
    )


def test_an_unknown_source(refused: Any, tiny: Path) -> None:
    refused(
        ["train", recipe(tiny, "mnis")],
        "mine.yaml:5:11: data.source: 'mnis' is no data set of the catalogue (celeba, cifar10,"
        " cifar100, emoji, fashion-mnist, flowers102, kmnist, lfw, mnist, stacked-mnist, ring,"
        " grid), and no file or folder:"
        f" looked for {Path().resolve()}/mnis and mnis; did you mean 'mnist'?",
    )


def test_an_out_folder_below_a_file(refused: Any, tiny: Path) -> None:
    Path("file").write_text("mine")
    refused(
        ["train", tiny, "--out", "file/run"],
        "file/run: the run folder cannot be written (Not a directory); name another with --out",
    )
    refused(
        ["train", tiny, "--out", "file"],
        "file: the run folder cannot be written (Not a directory); name another with --out",
    )


def test_runs_that_is_a_file(refused: Any, tiny: Path) -> None:
    Path("runs").write_text("mine")
    refused(["train", tiny], "runs: is a file, not a folder for runs")


def test_resuming_where_no_checkpoint_is_whole(refused: Any, trained: Path) -> None:
    shutil.copytree(trained, "run")
    lines = []
    for step in (200, 150):
        path = Path(f"run/checkpoints/step-00000{step}.h5")
        size = path.stat().st_size
        path.write_bytes(path.read_bytes()[:5000])
        lines.append(f"{path}: the checkpoint is damaged: it has 5,000 bytes of {size:,}")
    lines.append("run: none of its checkpoints is whole; train again")
    refused(["train", "--resume", "run"], *lines)


def test_a_run_whose_recipe_is_damaged(refused: Any, trained: Path) -> None:
    shutil.copytree(trained, "run")
    Path("run/recipe.yaml").write_bytes(b"\xff\xfe\x00")
    refused(["train", "--resume", "run"], "run/recipe.yaml: not text in UTF-8, so not a recipe")


@pytest.mark.slow
def test_a_label_without_images_is_no_class(command: Any, tiny: Path) -> None:
    """Class folders cannot be empty, but the labels of an IDX file may leave numbers out."""
    Path("gap").mkdir()
    images = np.random.default_rng(0).integers(0, 256, (20, 28, 28), np.uint8)
    labels = np.tile(np.array([0, 3], np.uint8), 10)
    for kind, array in (("images", images), ("labels", labels)):
        header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
        Path(f"gap/train-{kind}-idx{array.ndim}-ubyte").write_bytes(header + array.tobytes())
    mine = recipe(tiny, "gap", ("batch_size: 8", "batch_size: 10"))
    quick = ("--set", "optimizers={generator: SGD, discriminator: SGD}", "--steps", "1")
    ended = command("train", mine, *quick, "--out", "run")
    assert ended.err == "warning: gap: the labels 0, 3 are the classes 0 to 1, in order\n"
    assert ended.code == 0
    with Image.open("run/samples/reals.png") as grid:
        cells = np.asarray(grid)[:28].reshape(28, 5, 28).transpose(1, 0, 2)
    assert all(cell.any() for cell in cells)
