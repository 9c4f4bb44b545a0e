"""The page in a browser: Chromium, without a screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gantool.report.page import page_of_run, page_of_runs
from gantool.report.pictures import Pictures
from gantool.report.run import RunReader

from ..browser import IN_BROWSER, browser
from .rows import row

pytestmark = IN_BROWSER


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as opened:
        yield opened


class Seen:
    """A page that is open, and what went wrong with it."""

    def __init__(self, browser: Any, path: Path, **context: Any) -> None:
        self.context = browser.new_context(**context)
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.errors.append(message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.address = path.as_uri()
        self.page.goto(self.address)

    def assert_quiet(self) -> None:
        assert self.errors == []
        assert [it for it in self.requests if not it.startswith("data:")] == [self.address]
        self.context.close()


@pytest.fixture
def see(chromium: Any) -> Callable[..., Seen]:
    return lambda path, **context: Seen(chromium, path, **context)


@pytest.fixture
def report(made: Callable[..., Path]) -> Path:
    rows = [row(step, diversity=0.01 * (step % 40)) for step in range(10, 210, 10)]
    path = made("<b>bold & 'quoted'", rows, grids=range(20, 220, 20))
    Image.new("L", (56, 28), 200).save(path / "samples" / "reals.png")
    page = path / "report.html"
    page.write_text(page_of_run(RunReader(path).read(), Pictures()))
    return page


def level(page: Any) -> int:
    """How bright the shown grid is: those of this run are as bright as their steps."""
    brightness: int = page.evaluate(
        """async () => {
            const image = document.getElementById("grid");
            await image.decode();
            const canvas = document.createElement("canvas");
            canvas.width = canvas.height = 1;
            const context = canvas.getContext("2d");
            context.drawImage(image, 0, 0, 1, 1);
            return context.getImageData(0, 0, 1, 1).data[0];
        }"""
    )
    return brightness


def test_the_slider_moves_through_time(see: Callable[..., Seen], report: Path) -> None:
    seen = see(report)
    page = seen.page
    assert page.inner_text("h1").startswith("<b>bold & 'quoted'")
    assert (page.inner_text("#step"), round(level(page), -1)) == ("200", 200)
    page.locator("#time").fill("2")
    assert page.inner_text("#step") == "60"
    assert abs(level(page) - 60) <= 3
    page.locator("#time").press("ArrowRight")
    assert page.inner_text("#step") == "80"
    seen.assert_quiet()


def test_the_film_plays_until_it_is_stopped(see: Callable[..., Seen], report: Path) -> None:
    seen = see(report)
    page = seen.page
    page.click("#play")  # from the newest on to the first, and on
    page.locator("#step", has_not_text="200").wait_for()
    page.click("#play")
    stopped = page.inner_text("#step")
    assert stopped != "200"
    page.wait_for_timeout(500)
    assert page.inner_text("#step") == stopped
    seen.assert_quiet()


def test_charts_are_zoomed_smoothed_and_logarithmic(see: Callable[..., Seen], report: Path) -> None:
    seen = see(report)
    page = seen.page
    assert page.locator(".uplot").count() == 3
    assert page.locator(".drawn > svg").count() == 0
    page.locator("#curves").scroll_into_view_if_needed()
    page.locator(".uplot .u-over").nth(1).scroll_into_view_if_needed()
    place = page.locator(".uplot .u-over").nth(1).bounding_box()
    middle = place["y"] + place["height"] / 2

    def ink() -> bytes:
        return bytes(page.locator(".chart").nth(1).screenshot())

    states = [ink()]
    page.mouse.move(place["x"] + 0.25 * place["width"], middle)
    page.mouse.down()
    page.mouse.move(place["x"] + 0.5 * place["width"], middle, steps=5)
    page.mouse.up()
    page.mouse.move(0, 0)
    states.append(ink())
    page.locator("#smooth").fill("0.9")
    states.append(ink())
    page.locator("#log").check()
    states.append(ink())
    assert len(set(states)) == 4
    page.locator("#log").uncheck()
    page.locator("#smooth").fill("0")
    assert ink() == states[1]  # zoomed in still
    page.click("#whole")
    assert ink() == states[0]
    seen.assert_quiet()


def test_charts_are_zoomed_with_a_finger(see: Callable[..., Seen], report: Path) -> None:
    seen = see(report, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page = seen.page
    chart = page.locator(".uplot .u-over").nth(1)
    chart.scroll_into_view_if_needed()
    device = seen.context.new_cdp_session(page)

    def draw(*way: tuple[float, float]) -> None:
        """Touch the chart, and move the finger over places given as shares of its sides."""
        place = chart.bounding_box()
        at = [
            {"x": place["x"] + x * place["width"], "y": place["y"] + y * place["height"]}
            for x, y in way
        ]
        for kind, point in zip(("touchStart", *["touchMove"] * (len(at) - 1)), at, strict=True):
            device.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
        device.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        page.wait_for_timeout(100)

    def ink() -> str:
        found: str = page.evaluate("document.querySelectorAll('.chart canvas')[1].toDataURL()")
        return found

    whole = ink()
    draw((0.3, 0.5), (0.32, 0.3), (0.32, -0.5), (0.32, -1.5))
    assert page.evaluate("scrollY") > 0
    chart.scroll_into_view_if_needed()
    assert ink() == whole
    draw((0.25, 0.5), (0.3, 0.5), (0.4, 0.52), (0.5, 0.5))
    zoomed = ink()
    assert zoomed != whole
    draw((0.25, 0.5))
    assert ink() == zoomed
    page.tap("#whole")
    assert ink() == whole
    seen.assert_quiet()


def test_without_a_script_it_shows_the_essentials(see: Callable[..., Seen], report: Path) -> None:
    seen = see(report, java_script_enabled=False)
    page = seen.page
    assert page.locator(".drawn > svg").count() == 3
    assert page.locator(".drawn > svg").first.is_visible()
    assert page.locator("#grid").is_visible()
    assert not page.locator(".tools").first.is_visible()
    assert "generator_loss" in page.inner_text("#figures")
    page.click("summary")
    assert "name: tiny" in page.inner_text("#recipe pre")
    seen.assert_quiet()


@pytest.mark.parametrize("script", [True, False])
def test_it_is_as_wide_as_a_phone(script: bool, see: Callable[..., Seen], report: Path) -> None:
    seen = see(
        report, viewport={"width": 360, "height": 740}, java_script_enabled=script, has_touch=True
    )
    for place in ("#pictures", "#curves", "#figures", "#grid", ".chart >> nth=0"):
        box = seen.page.locator(place).bounding_box()
        assert box["x"] >= 0, place
        assert box["x"] + box["width"] <= 360, place
    seen.assert_quiet()


def test_it_is_dark_where_dark_is_preferred(see: Callable[..., Seen], report: Path) -> None:
    brightness = {}
    for scheme in ("light", "dark"):
        seen = see(report, color_scheme=scheme)
        colour = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
        brightness[scheme] = int(colour.removeprefix("rgb(").split(",")[0])
        seen.assert_quiet()
    assert brightness["dark"] < 64 < 192 < brightness["light"]


def test_several_runs_are_curves_over_each_other(
    see: Callable[..., Seen], made: Callable[..., Path], tmp_path: Path
) -> None:
    runs = [
        RunReader(made(f"{it}", [row(10), row(20 + 5 * it)], [10], seed=f"{it}")).read()
        for it in range(10)
    ]
    page = tmp_path / "several.html"
    page.write_text(page_of_runs(runs, Pictures()))
    seen = see(page)
    assert seen.page.locator(".uplot").count() == 3
    assert seen.page.locator(".uplot").first.locator(".u-legend .u-series").count() == 11
    seen.assert_quiet()
