"""Chromium, without a screen, for tests that look at pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# A machine for checks has one, or something is wrong with it.
NEEDED = os.environ.get("GANTOOL_BROWSER") == "required"

IN_BROWSER = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None and not NEEDED,
        reason="no Chromium here (Debian: apt-get install chromium)",
    ),
]
"""The marks of such tests."""

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@contextmanager
def browser() -> Iterator[Any]:
    """A browser that is open within."""
    from playwright.sync_api import sync_playwright

    assert CHROMIUM is not None, "GANTOOL_BROWSER=required, and there is no Chromium"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()
