"""Web pages that come in place of files."""

import html
import re

_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_LONGEST_TITLE = 80


def is_page(beginning: bytes) -> bool:
    """Whether a file that begins so is HTML, which no file of the catalogue is."""
    first = beginning.lstrip(b"\xef\xbb\xbf \t\r\n")[:14].lower()
    return first.startswith((b"<!doctype html", b"<html"))


def page_says(page: str) -> str:
    """Why the page came, in the words of a message."""
    if "Quota exceeded" in page or "Too many users have viewed or downloaded this file" in page:
        return (
            "Google Drive sent a page in place of the file: the quota of downloads is spent, which"
            " may take 24 hours to pass"
        )
    title = _TITLE.search(page)
    words = " ".join(html.unescape(title[1]).split())[:_LONGEST_TITLE] if title else ""
    named = f" ({words!r})" if words else ""
    return f"a web page{named} came in place of the file"
