from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from gantool.cli.transfer import lines, transfer_progress


class Clock:
    """A time that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_lines_come_at_the_start_of_a_file_and_every_ten_seconds(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    show = lines(clock)
    for now, done in ((0, 0), (1, 1_000_000), (10, 20_000_000), (19, 21_000_000), (20, 30_000_000)):
        clock.now = now
        show(done, 120_000_000, "a.zip")
    show(0, None, "b.zip")
    clock.now = 30
    show(5_000_000, None, "b.zip")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "downloading a.zip (120,000,000 bytes)",
        "a.zip: 20,000,000 bytes, 2.0 MB/s, 0:00:50 left (17%)",
        "a.zip: 30,000,000 bytes, 1.5 MB/s, 0:01:00 left (25%)",
        "downloading b.zip",
        "b.zip: 5,000,000 bytes, 0.5 MB/s",
    ]


def test_what_an_earlier_run_brought_is_no_speed(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    show = lines(clock)
    show(100_000_000, 120_000_000, "a.zip")
    clock.now = 10
    show(110_000_000, 120_000_000, "a.zip")
    clock.now = 20
    show(0, 120_000_000, "a.zip")  # a mirror that begins anew
    assert capsys.readouterr().err.splitlines() == [
        "downloading a.zip (120,000,000 bytes), going on after 100,000,000",
        "a.zip: 110,000,000 bytes, 1.0 MB/s, 0:00:10 left (92%)",
        "a.zip: 0 bytes, 0.0 MB/s",
    ]


def terminal(**keys: Any) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=100, color_system=None, **keys)


def shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_terminal_has_a_bar_with_speed_and_time_left(clock: Clock) -> None:
    console = terminal(get_time=clock)
    with transfer_progress(console) as (show, say):
        show(0, 120_000_000, "a.zip")
        clock.now = 10
        show(20_000_000, 120_000_000, "a.zip")
        say("a line between")
        clock.now = 20
        show(30_000_000, 120_000_000, "a.zip")
    last = shown(console).split("a.zip")[-1]
    assert "30.0/120.0 MB" in last
    assert "1.0 MB/s" in last  # of the last ten seconds: Rich leaves the first answer out
    assert "0:01:30" in last
    assert "a line between\n" in shown(console)


def test_the_bars_speed_leaves_out_what_an_earlier_run_brought(clock: Clock) -> None:
    console = terminal(get_time=clock)
    with transfer_progress(console) as (show, _):
        show(100_000_000, 120_000_000, "a.zip")
        clock.now = 10
        show(101_000_000, 120_000_000, "a.zip")
        clock.now = 20
        show(102_000_000, 120_000_000, "a.zip")
    last = shown(console).split("a.zip")[-1]
    assert "102.0/120.0 MB" in last
    assert "100.0 kB/s" in last


def test_a_terminal_shows_nothing_where_nothing_is_downloaded() -> None:
    console = terminal()
    with transfer_progress(console):
        pass
    assert "zip" not in shown(console)
    assert "MB" not in shown(console)
