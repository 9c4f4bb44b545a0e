"""The documents are true: tables are those of the source, examples run, links lead somewhere."""

from __future__ import annotations

import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import h5py
import numpy as np
import pytest
from PIL import Image

from gantool.cli.main import cli
from gantool.data.catalogue import CATALOGUE, STACKED
from gantool.data.sources.points import POINT_SETS
from gantool.recipe.load import RecipeText, load
from gantool.recipe.model import Latent

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [
    ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/README.md")
] + sorted((ROOT / "docs").glob("*.md"))
TEXTS = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in DOCUMENTS}


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_readme_is_short():
    assert len(TEXTS["README.md"].splitlines()) <= 150


def test_every_promise_has_its_tests():
    table = TEXTS["docs/guarantees.md"].split("\n## ")[0]
    promises = [row for row in table.splitlines() if row.startswith("| ")][1:]
    assert len(promises) >= 10
    assert all("](../tests/" in promise.split(" | ")[1] for promise in promises)


def test_the_reference_has_the_tables_of_the_source():
    write_reference = runpy.run_path(str(ROOT / "docs" / "write_reference.py"))
    assert write_reference["written"](TEXTS["docs/recipe.md"]) == TEXTS["docs/recipe.md"], (
        "python docs/write_reference.py brings it up to date"
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["README.md", "docs/recipe.md"])
def test_recipes_have_no_problem_and_fit_together(name: str):
    from gantool.engine.plan import make_plan

    [text] = blocks(TEXTS[name], "yaml")
    loaded = load(RecipeText(text, name, ROOT))
    loaded.raise_problems()
    plan = make_plan(loaded)
    assert plan.source is not None
    assert len(plan.source) == 3916
    assert not plan.warnings


def without_gantool() -> tuple[str, str]:
    """The lines that make a latent vector, and those that draw the picture of seed 0."""
    latent, picture = blocks(TEXTS["docs/checkpoint.md"], "python")
    assert "gantool" not in latent + picture
    assert len(picture.strip().splitlines()) == 15
    return latent, picture


@pytest.mark.parametrize(
    "latent",
    [
        Latent(size=64),
        Latent(size=7, distribution="uniform"),
        Latent(size=30, distribution="uniform", bounds=(0.0, 3.0)),
    ],
)
def test_latents_are_made_as_the_text_says(latent: Latent):
    import tensorflow as tf

    from gantool.gan.latents import draw_each

    found: dict[str, Any] = {}
    exec(without_gantool()[0], found)
    seeds = [0, 1, 12_345, 2**32 + 5, 2**62]
    bounds = latent.bounds or (-1, 1)
    ours = [found["latent"](seed, latent.size, latent.distribution, *bounds) for seed in seeds]
    np.testing.assert_allclose(draw_each(latent, tf.constant(seeds, tf.int64)), ours, atol=2e-6)


@pytest.mark.slow
def test_the_picture_of_seed_0_is_drawn_without_gantool(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "first.yaml").write_text(blocks(TEXTS["README.md"], "yaml")[0])
    ended = command(
        *("train", "first.yaml", "--steps", "3", "--out", "run"),
        *("--set", "train.precision=float32", "--set", "train.batch_size=8"),
    )
    assert ended.code == 0, ended.err
    assert command("sample", "--ckpt", "run", "--seeds", "0", "--out", "drawn").code == 0
    found = {"C": tmp_path / "run" / "checkpoints" / "step-00000003.h5"}
    for lines in without_gantool():
        exec(lines, found)
    [drawn] = sorted((tmp_path / "drawn").iterdir())
    with Image.open(drawn) as theirs, Image.open("seed-0.png") as ours:
        difference = np.abs(np.asarray(theirs).astype(int) - np.asarray(ours))
        assert np.asarray(ours).std() > 1
    assert difference.shape == (32, 32, 3)
    assert difference.max() <= 1  # rounding


def commands() -> list[list[str]]:
    lines = [
        line for text in TEXTS.values() for it in blocks(text, "sh") for line in it.split("\n")
    ]
    found = [re.sub(r"^(\w+=\S+ )+", "", line) for line in lines]
    return [shlex.split(line, comments=True) for line in found if line.startswith("gantool ")]


def test_every_command_exists_with_its_options():
    assert len(commands()) >= 20
    for _, name, *arguments in commands():
        command = cli.commands[name]
        options = {flag for parameter in command.params for flag in parameter.opts}
        for argument in arguments:
            if argument.startswith("--"):
                assert argument in options, f"{name} {argument}"


def test_every_command_is_told_of():
    for name in cli.commands:
        assert any(f"gantool {name}" in text for text in TEXTS.values()), name


def test_every_option_says_what_it_does():
    for command in cli.commands.values():
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{command.name} {parameter.opts}"


def test_targets_of_make_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = re.findall(r"(?:^|`)make ([a-z-]+)", "\n".join(TEXTS.values()), re.MULTILINE)
    for name in sorted(set(named)):
        assert re.search(rf"^{name}:", makefile, re.MULTILINE), name


def test_the_table_of_data_sets_has_the_catalogue():
    named = re.findall(r"^\| `([\w-]+)` \|", TEXTS["docs/data.md"], re.MULTILINE)
    assert sorted(named) == sorted([*CATALOGUE, STACKED, *POINT_SETS])


def links() -> list[tuple[str, str]]:
    pattern = r"\]\(([^)]+)\)|src=\"([^\"]+)\""
    return sorted(
        {(name, a or b) for name, text in TEXTS.items() for a, b in re.findall(pattern, text)}
    )


@pytest.mark.parametrize(("name", "link"), links())
def test_links_and_pictures_are_there(name: str, link: str):
    if link.startswith("https://"):
        return
    path, _, heading = link.partition("#")
    target = (ROOT / name).parent / path if path else ROOT / name
    assert target.exists()
    if heading:
        found = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
        assert heading in {it.lower().replace(" ", "-") for it in found}


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`(\w+/[\w/]+\.py)`", TEXTS["CONTRIBUTING.md"])))
)
def test_files_that_contributing_names_are_there(path: str):
    is_example = path.startswith("gantool/")
    planned = "terms/wasserstein_divergence.py"
    assert is_example or path == planned or (ROOT / "gantool" / path).is_file()


def test_the_rooms_are_those_of_the_contract():
    table = TEXTS["CONTRIBUTING.md"].split("## Where do I look")[0]
    rows = re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)
    rooms = [set(re.findall(r"\w+", row)) for row in rows]
    contract = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("\nlayers = [\n")[1]
    layers = [set(re.findall(r"\w+", line)) for line in contract.split("\n]")[0].split("\n")]
    *above, last = rooms
    assert above == layers[: len(above)]
    assert last == set().union(*layers[len(above) :])


EXAMPLES = dict(
    re.findall(r"`(gantool/\S+\.py)`:\n\n```python\n(.*?)```", TEXTS["CONTRIBUTING.md"], re.DOTALL)
)
NAMES = [
    ("loss", "PearsonChiSquared"),
    ("term", "LogitDrift"),
    ("term", "NormClip"),
    ("augmentation", "ColorDrop"),
    ("layer", "PixelNorm"),
    ("metric", "Brightness"),
    ("hook", "Status"),
]
RECIPE = """\
name: examples
data: {source: pictures, size: [8, 8], channels: 1}
latent: {size: 4}
generator:
  layers:
    - Dense: {units: 64}
    - PixelNorm: {epsilon: 0.001}
    - Dense: {units: 64, activation: tanh}
    - Reshape: {target_shape: [8, 8, 1]}
discriminator:
  layers: [Flatten, Dense: {units: 1, kernel_initializer: zeros}]
loss: pearson-chi-squared
regularizers: [LogitDrift, NormClip: {limit: 0.001}]
augment: {ColorDrop: {share: 0.5}}
optimizers: {generator: SGD, discriminator: SGD}
train: {steps: 2, batch_size: 4, precision: float32}
output:
  log_every: 1
  metrics: [Brightness: {every: 1, samples: 2}]
  hooks: [Status]
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of gantool, with the examples."""
    place = tmp_path_factory.mktemp("contributing")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "gantool", place / "gantool", ignore=ignored)
    for path, text in EXAMPLES.items():
        assert not (ROOT / path).exists(), "there by now: CONTRIBUTING.md needs another example"
        (place / path).write_text(text, encoding="utf-8")
    return place


class TestExamples:
    """Those of CONTRIBUTING.md."""

    def run(self, place: Path, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "gantool", *arguments],
            cwd=place,
            env={**os.environ, "PYTHONPATH": str(place)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @pytest.mark.slow
    @pytest.mark.parametrize(("kind", "name"), NAMES)
    def test_are_listed_with_their_help(self, place: Path, kind: str, name: str):
        [text] = [it for it in EXAMPLES.values() if f"class {name}(" in it]
        [help_line] = re.findall(r'    """(.*)\n', text.split(f"class {name}(")[1])[:1]
        listed = self.run(place, "components", kind)
        assert re.search(rf"^{name} ", listed, re.MULTILINE)
        told = " ".join(self.run(place, "components", kind, name).split())
        assert help_line in told
        for keyword in re.findall(r"^        (\w+): ", text.split("    Args:\n")[-1], re.MULTILINE):
            assert re.search(rf" {keyword}( \(required\)|:| )", told), keyword

    @pytest.mark.slow
    def test_train(self, place: Path):
        (place / "pictures").mkdir()
        for number in range(8):
            pixels = np.full((8, 8), 30 * number, np.uint8)
            Image.fromarray(pixels).save(place / "pictures" / f"{number}.png")
        (place / "examples.yaml").write_text(RECIPE, encoding="utf-8")
        self.run(place, "train", "examples.yaml", "--out", "run")
        rows = [json.loads(it) for it in (place / "run/metrics.jsonl").read_text().splitlines()]
        assert rows[0]["discriminator_loss"] == 1.0  # of logits that are all zero: ½ + ½
        assert all(-1.0 < row["brightness"] < 1.0 for row in rows)
        status = json.loads((place / "run/status.json").read_text())
        assert status == {"step": 2, "of": 2, "ends": True}
        with h5py.File(place / "run/checkpoints/step-00000002.h5") as file:
            kernel = file["discriminator/01_Dense/kernel"][...]
        assert np.linalg.norm(kernel) == pytest.approx(0.001)
