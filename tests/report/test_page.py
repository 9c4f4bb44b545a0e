"""The page as text: whole, small, and with nothing in it that a browser would fetch or obey."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gantool.report.page import is_page, page_of_run, page_of_runs
from gantool.report.pictures import Pictures
from gantool.report.run import RunReader
from gantool.runs.run_folder import RunFolder
from gantool.runs.session_file import NetworkTable, Session, write_session

from .rows import row

NASTY = "</script><script>alert(1)</script><img src=x onerror=alert(2)> \"'&{{ 7 * 7 }}"
SESSION = Session(
    computing="2 cores of Some CPU, float32",
    images=300,
    last_step=200,
    networks={
        "generator": NetworkTable(
            rows=[("", "input", "8", ""), ("1", "  Dense", "196", "3,528")], parameters=3528
        )
    },
)


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self._open[-1] if self._open else "", []).append(data)

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def page(path: Path) -> str:
    return page_of_run(RunReader(path).read(), Pictures())


def test_it_shows_what_the_folder_holds(made: Callable[..., Path]) -> None:
    rows = [row(10, diversity=0.4), row(20, diversity=0.25, warnings=["it has collapsed"])]
    path = made(rows=rows, grids=[10, 20])
    for name in ("samples/reals.png", "nearest.png"):
        Image.new("L", (56, 28), 200).save(path / name)
    write_session(RunFolder(path), SESSION)
    text = re.sub(r"\s+", " ", page(path))
    for part in (
        '<h1>run <span class="state stopped">stopped</span></h1>',
        "recipe tiny, seed 3",
        "step 20 of 200",
        "2 s of training",
        "300 images · computed on 2 cores of Some CPU, float32",
        "<li>step 20: it has collapsed</li>",
        "generator, 3,528 parameters",
        "<td> Dense</td><td>196</td>",
        "name: tiny",
        "nearest real images",
    ):
        assert part in text, part
    found = Page(text)
    assert [it["alt"] for it in found.attributes("img")] == [
        "grid of samples",
        "grid of real images",
        "samples beside the real images most like them",
    ]
    assert len(found.attributes("polyline")) == 4  # two losses, diversity, speed
    data = json.loads(re.findall(r'id="data">(.*?)</script>', text)[0])
    assert data["labels"] == [["generator", "discriminator"], ["diversity"], ["images_per_second"]]
    assert data["plots"][1] == [[[10, 20], [0.4, 0.25]]]
    assert [frame["step"] for frame in data["film"]] == [10, 20]


def test_a_run_with_nothing_yet_has_a_page(made: Callable[..., Path]) -> None:
    text = page(made())
    assert "No grid of samples yet." in text
    assert "No rows yet." in text


def test_what_users_write_is_text(made: Callable[..., Path]) -> None:
    path = made(NASTY.replace("/", "∕"), [row(10, warnings=[NASTY], **{NASTY: 1.0})], grids=[10])
    recipe = (path / "recipe.yaml").read_text()
    (path / "recipe.yaml").write_text(f"# {NASTY}\n{recipe}")
    tables = {NASTY: NetworkTable(rows=[("", NASTY, NASTY, "")], parameters=1)}
    write_session(
        RunFolder(path),
        SESSION.model_copy(update={"computing": NASTY, "networks": tables, "diverged": NASTY}),
    )
    runs = [RunReader(path).read()] * 2
    for text in (page(path), page_of_runs(runs, Pictures())):
        found = Page(text)
        assert len(found.attributes("script")) == 2
        assert not any("onerror" in it for _, it in found.tags)
        assert all(str(it["src"]).startswith("data:image/webp") for it in found.attributes("img"))
        assert "alert(1)" in "".join(found.texts["td"])
        assert "{{ 7 * 7 }}" in text
        json.loads(re.findall(r'id="data">(.*?)</script>', text)[0])


def test_only_what_is_in_the_page_is_run_and_nothing_is_fetched(made: Callable[..., Path]) -> None:
    text = page(made(rows=[row(10)], grids=[10]))
    [policy] = [it["content"] for it in Page(text).attributes("meta") if "http-equiv" in it]
    [script] = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    [style] = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)

    def digest(code: str) -> str:
        return b64encode(sha256(code.encode()).digest()).decode()

    assert policy == (
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none';"
        f" style-src 'sha256-{digest(style)}'; script-src 'sha256-{digest(script)}'"
    )
    assert "Copyright (c) 2022 Leon Sorokin" in script
    for _, attributes in Page(text).tags:
        assert not {"style", "onclick", "onload", "action"} & attributes.keys()
        for name in ("src", "href"):
            assert str(attributes.get(name) or "data:").startswith("data:")


@pytest.mark.slow
def test_a_hundred_grids_of_noise_fit_into_five_megabytes(made: Callable[..., Path]) -> None:
    """Nothing is larger than noise; of the reals, the newest grid and the nearest, too."""
    steps = range(1000, 101_000, 1000)
    path = made(
        rows=[row(step, **{f"figure{it}": step**0.5 for it in range(10)}) for step in steps]
    )
    noise = np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)
    for step in steps:
        grid = path / "samples" / f"step-{step:08d}.png"
        if step == steps[0]:
            Image.fromarray(noise).save(grid, compress_level=0)
            first = grid
        else:
            grid.hardlink_to(first)
    for name in ("samples/reals.png", "nearest.png"):
        (path / name).hardlink_to(first)
    found = RunReader(path).read()
    kept = Pictures()
    text = page_of_run(found, kept)
    assert len(json.loads(re.findall(r'id="data">(.*?)</script>', text)[0])["film"]) == 100
    assert 1_000_000 < len(text.encode()) <= 5_000_000


def test_the_newest_grid_is_that_of_the_film(made: Callable[..., Path]) -> None:
    path = made(rows=[row(10), row(30)], grids=[10, 20, 30])
    (path / "samples" / "step-00000030.png").write_bytes(b"cut off")
    text = page(path)
    assert '<output id="step">20</output>' in text


class TestSeveralRuns:
    def test_differences_and_figures_are_tables(self, made: Callable[..., Path]) -> None:
        folders = [
            made("a", [row(10, diversity=0.5)], [10], seed="1"),
            made("b", [row(10, diversity=0.7)], [10], seed="2"),
            made("c", [row(10, diversity=0.1)], average="0.5"),
        ]
        text = page_of_runs([RunReader(path).read() for path in folders], Pictures())
        rows = [re.sub(r"\s+", " ", it) for it in re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL)]
        assert (
            '<td>a, b</td><td>1, 2</td> <td class="n">0.6 ± 0.1414</td> ' in rows
        )  # √(0.1² + 0.1²)
        assert '<td>c</td><td>3</td> <td class="n">0.1</td> ' in rows
        assert "<td>train.average</td><td>0.99</td><td>0.99</td><td>0.5</td>" in rows
        assert "<td>seed</td><td>1</td><td>2</td><td>3</td>" in rows
        data = json.loads(re.findall(r'id="data">(.*?)</script>', text)[0])
        assert data["labels"][0] == ["a", "b", "c"]
        assert len(Page(text).attributes("img")) == 2

    def test_runs_of_one_name_are_called_by_their_paths(self, made: Callable[..., Path]) -> None:
        folders = [made("x/run", [row(10)]), made("y/run", [row(10)])]
        text = page_of_runs([RunReader(path).read() for path in folders], Pictures())
        data = json.loads(re.findall(r'id="data">(.*?)</script>', text)[0])
        assert data["labels"][0] == [str(path) for path in folders]


@pytest.mark.parametrize("text", ["", "<html>", "x" * 1000 + "gantool"])
def test_what_is_no_page_of_ours(text: str, tmp_path: Path, made: Callable[..., Path]) -> None:
    (tmp_path / "a.html").write_text(text)
    assert not is_page(tmp_path / "a.html")
    (tmp_path / "b.html").write_text(page(made()))
    assert is_page(tmp_path / "b.html")
