"""The page in a browser: Chromium, without a screen."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from ..browser import IN_BROWSER, browser

pytestmark = IN_BROWSER


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as opened:
        yield opened


class Seen:
    """The page, open, and what went wrong with it."""

    def __init__(self, browser: Any, address: str, **context: Any) -> None:
        self.context = browser.new_context(**context)
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.errors.append(message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.address = address
        self.page.goto(address)
        self.says("seed 0, class 0")
        expect(self.page.locator("#range")).to_have_text("0 to 31")

    def says(self, caption: str) -> None:
        """Wait until the picture is of what a caption says."""
        expect(self.page.locator("#caption")).to_have_text(caption)

    def ink(self, place: str = "#shown") -> str:
        """What a canvas shows."""
        data: str = self.page.locator(place).evaluate("it => it.toDataURL()")
        return data

    def levels(self, place: str = "#shown") -> np.ndarray:
        """How bright each pixel of a canvas is."""
        content = b64decode(self.ink(place).removeprefix("data:image/png;base64,"))
        with Image.open(BytesIO(content)) as image:
            return np.asarray(image.convert("L")).astype(int)

    def ink_of_sheet(self) -> list[str]:
        """What each canvas of the sheet shows."""
        script = "all => all.map(it => it.toDataURL())"
        found: list[str] = self.page.locator("#sheet canvas").evaluate_all(script)
        return found

    def close(self, *errors: str) -> None:
        """Hold that nothing but these errors came up, and that nothing else was asked for."""
        assert [it for it in self.errors if not any(one in it for one in errors)] == []
        asked = [it for it in self.requests if not it.startswith("data:")]
        assert len(asked) >= 3
        assert all(it.startswith(self.address) for it in asked)
        self.context.close()


@pytest.fixture
def see(chromium: Any, served: Any) -> Callable[..., Seen]:
    return lambda **context: Seen(chromium, served.address, **context)


def test_a_slider_changes_the_picture(see: Callable[..., Seen]) -> None:
    seen = see()
    page, before = seen.page, seen.ink()
    assert page.locator(".move").count() == 8
    page.locator(".move").nth(1).fill("2.5")
    seen.says("seed 0, class 0, moved")
    moved = seen.ink()
    assert moved != before
    page.locator(".move").nth(1).press("ArrowRight")
    expect(page.locator("#moves output").nth(1)).to_have_text("2.55")
    page.click("#reset")
    seen.says("seed 0, class 0")
    assert seen.ink() == before
    assert page.locator(".move").nth(1).input_value() == "0"
    seen.close()


def test_a_dragged_slider_ends_at_its_last_place(see: Callable[..., Seen]) -> None:
    seen = see()
    page = seen.page
    page.locator(".move").first.evaluate(
        """it => {
            for (let place = 0; place <= 60; place++) {
                it.value = String(place / 20);
                it.dispatchEvent(new Event("input"));
            }
        }"""
    )
    seen.says("seed 0, class 0, moved")
    expect(page.locator("#keep-picture")).to_have_attribute(
        "href", "picture.png?seed=0&moves=3%2C0%2C0%2C0%2C0%2C0%2C0%2C0"
    )
    drawn = [it for it in seen.requests if "shown.png" in it]
    assert len(drawn) < 10  # of 61 places, those that had to wait are left out
    seen.close()


def test_a_button_chooses_the_class(see: Callable[..., Seen]) -> None:
    seen = see()
    page, before, sheet = seen.page, seen.ink(), seen.ink_of_sheet()
    page.click("#labels >> text=7")
    seen.says("seed 0, class 7")
    assert seen.ink() != before
    assert page.locator("[aria-pressed=true]").inner_text() == "7"
    page.wait_for_function("url => document.querySelector('#sheet canvas').toDataURL() !== url",
                           arg=sheet[0])  # fmt: skip
    other = seen.ink_of_sheet()
    assert [place for place in range(32) if other[place] == sheet[place]] == [7, 17, 27]
    page.click("#labels >> text=by seed")
    seen.says("seed 0, class 0")
    assert seen.ink() == before
    seen.close()


def test_the_box_and_a_click_choose_the_seed(see: Callable[..., Seen]) -> None:
    seen = see()
    page, sheet = seen.page, seen.ink_of_sheet()
    assert len(set(sheet)) == 32
    page.click("#sheet button >> nth=12")
    seen.says("seed 12, class 2")
    assert page.locator("#seed").input_value() == "12"
    assert page.locator("#sheet .chosen").get_attribute("aria-label") == "seed 12"
    # But for rounding.
    np.testing.assert_allclose(seen.levels(), seen.levels("#sheet canvas >> nth=12"), atol=1)
    page.fill("#seed", "100")
    seen.says("seed 100, class 0")
    expect(page.locator("#range")).to_have_text("96 to 127")
    np.testing.assert_allclose(seen.levels(), seen.levels("#sheet canvas >> nth=4"), atol=1)
    page.click("#earlier")
    expect(page.locator("#range")).to_have_text("64 to 95")
    page.click("#later")
    expect(page.locator("#range")).to_have_text("96 to 127")
    page.fill("#seed", "9007199254740993")  # more than a number of JavaScript holds
    seen.says("seed 9007199254740993, class 3")
    expect(page.locator("#range")).to_have_text("9007199254740992 to 9007199254741023")
    page.click("#random")
    page.locator("#caption", has_not_text="9007199254740993").wait_for()
    assert page.locator("#seed").input_value() != "9007199254740993"
    seen.close()


def test_a_way_leads_to_the_seed_that_is_clicked(see: Callable[..., Seen]) -> None:
    seen = see()
    page = seen.page
    page.click("#labels >> text=7")
    page.check("#choose-end")
    page.click("#sheet button >> nth=20")
    expect(page.locator("#end")).to_have_value("20")
    expect(page.locator("#sheet .end")).to_have_attribute("aria-label", "seed 20")
    start = seen.ink()
    page.fill("#share", "0.5")
    seen.says("seed 0, 50 % of the way to seed 20, class 7")
    halfway = seen.ink()
    page.fill("#share", "1")
    seen.says("seed 0, 100 % of the way to seed 20, class 7")
    at_end, there = seen.ink(), seen.levels()
    page.check("#choose-seed")
    page.click("#sheet button >> nth=20")
    seen.says("seed 20, class 7")
    assert page.locator("#share").input_value() == "0"
    np.testing.assert_allclose(seen.levels(), there, atol=1)
    assert len({start, halfway, at_end}) == 3
    seen.close()


def test_the_film_of_a_way_plays_until_it_is_stopped(see: Callable[..., Seen]) -> None:
    seen = see()
    page = seen.page
    page.click("#play")
    expect(page.locator("#share")).to_have_value(re.compile(r"0\.[3-9]\d?"))
    page.click("#play")
    stopped = page.locator("#share").input_value()
    page.wait_for_timeout(300)
    assert page.locator("#share").input_value() == stopped
    frames = {it for it in seen.requests if "share=" in it}
    assert len(frames) >= 3
    seen.close()


def test_what_is_shown_is_saved(
    see: Callable[..., Seen], served: Any, trained: Path, command: Any, tmp_path: Path
) -> None:
    seen = see()
    page = seen.page
    page.fill("#seed", "41")
    page.click("#labels >> text=7")
    seen.says("seed 41, class 7")
    with page.expect_download() as download:
        page.click("#keep-picture")
    assert download.value.suggested_filename == "seed-00000041-label-7.png"
    ended = command(
        *("sample", "--ckpt", trained, "--seeds", 41, "--label", 7, "--out", tmp_path / "drawn")
    )
    assert ended.code == 0, ended.err
    [drawn] = (tmp_path / "drawn").iterdir()
    assert download.value.path().read_bytes() == drawn.read_bytes()
    page.locator(".move").first.fill("1")
    seen.says("seed 41, class 7, moved")
    with page.expect_download() as download:
        page.click("#keep-latent")
    assert download.value.suggested_filename == "seed-00000041-label-7-moved.npy"
    query = "seed=41&label=7&moves=1"
    assert download.value.path().read_bytes() == served.get(f"latent.npy?{query}").body
    seen.close()


def test_what_is_wrong_is_told_and_the_page_goes_on(see: Callable[..., Seen]) -> None:
    seen = see()
    page, before = seen.page, seen.ink()
    page.fill("#seed", "-1")
    expect(page.locator("#problem")).to_have_text("seed: '-1' is no whole number from 0")
    seen.says("seed 0, class 0")  # which is what is shown, and what would be saved
    assert page.locator("#keep-picture").get_attribute("href") == "picture.png?seed=0"
    assert seen.ink() == before
    page.fill("#seed", "3")
    seen.says("seed 3, class 3")
    expect(page.locator("#problem")).to_be_hidden()
    page.context.set_offline(True)
    page.fill("#seed", "4")
    expect(page.locator("#problem")).to_have_text(
        "The server does not answer; was gantool explore ended?"
    )
    seen.close("400 (Bad Request)", "ERR_INTERNET_DISCONNECTED")


def test_it_is_as_wide_as_a_phone_and_the_picture_stays(see: Callable[..., Seen]) -> None:
    seen = see(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page = seen.page
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    for place in ("#seed", "#labels", "#moves", "#share", "#sheet", "#sheet button >> nth=31"):
        page.locator(place).scroll_into_view_if_needed()
        box, picture = (page.locator(it).bounding_box() for it in (place, "#shown"))
        assert box["x"] >= 0, place
        assert box["x"] + box["width"] <= 360, place
        assert 0 <= picture["y"] < picture["y"] + picture["height"] <= 740, place
    page.tap("#sheet button >> nth=31")
    seen.says("seed 31, class 1")
    seen.close()


def test_it_is_dark_where_dark_is_preferred(see: Callable[..., Seen]) -> None:
    brightness = {}
    for scheme in ("light", "dark"):
        seen = see(color_scheme=scheme)
        colour = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
        brightness[scheme] = int(colour.removeprefix("rgb(").split(",")[0])
        seen.close()
    assert brightness["dark"] < 64 < 192 < brightness["light"]
