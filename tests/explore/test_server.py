"""The server: what it draws, and whom it answers."""

from __future__ import annotations

import io
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def pixels(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image).astype(int)


def latent(served: Any, query: str) -> np.ndarray:
    answer = served.get(f"latent.npy?{query}")
    assert answer.status == 200
    found = np.load(io.BytesIO(answer.body))
    assert (found.dtype, found.shape) == (np.float32, (1, 8))
    return found[0]


class TestDraws:
    @pytest.mark.parametrize(
        ("query", "asked", "name"),
        [
            ("seed=41", ["--seeds", 41], "seed-00000041.png"),
            ("seed=41&label=3", ["--seeds", 41, "--label", 3], "seed-00000041-label-3.png"),
            ("seed=41&end=5&share=0&moves=0,0", ["--seeds", 41], "seed-00000041.png"),
        ],
    )
    def test_of_a_seed_the_very_file_that_sample_writes(
        self, query: str, asked: list[Any], name: str, served: Any, trained: Path, command: Any
    ) -> None:
        answer = served.get(f"picture.png?{query}")
        assert answer.status == 200
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
        assert command("sample", "--ckpt", trained, *asked, "--out", "drawn").code == 0
        assert answer.body == Path("drawn", name).read_bytes()

    @pytest.mark.parametrize(
        ("query", "name"),
        [
            ("seed=41&moves=0,-1.5", "seed-00000041-moved"),
            ("seed=41&label=3&end=5&share=0.5", "seed-00000041-label-3-to-00000005-moved"),
        ],
    )
    def test_a_moved_one_is_drawn_again_with_its_latent(
        self, query: str, name: str, served: Any, trained: Path, command: Any
    ) -> None:
        for kind in ("picture.png", "latent.npy"):
            answer = served.get(f"{kind}?{query}")
            suffix = Path(kind).suffix
            assert answer.headers["content-disposition"] == (
                f'attachment; filename="{name}{suffix}"'
            )
            Path(f"kept{suffix}").write_bytes(answer.body)
        ended = command(
            *("sample", "--ckpt", trained, "--like", "kept.png"),
            *("--latents", "kept.npy", "--out", "again.png"),
        )
        assert ended == (0, "again.png: 1 image, step 200\n", "")  # no warning of other bytes
        assert Path("again.png").read_bytes() == Path("kept.png").read_bytes()

    def test_what_is_shown_is_what_is_kept_but_for_rounding(self, served: Any) -> None:
        for query in ("seed=41", "seed=41&label=3&moves=1,1", "seed=2&end=7&share=0.3"):
            shown = pixels(served.get(f"shown.png?{query}").body)
            kept = pixels(served.get(f"picture.png?{query}").body)
            assert shown.shape == (28, 28)
            assert np.abs(shown - kept).max() <= 1

    def test_directions_are_those_of_the_command(
        self, served: Any, trained: Path, command: Any
    ) -> None:
        ended = command(
            *("directions", "--ckpt", trained, "--seed", 0, "--count", 8, "--out", "x.png"),
            *("--write-directions", "directions.npy"),
        )
        assert ended.code == 0, ended.err
        moved = latent(served, "seed=41&moves=0,1.5,0,0,0,0,0,-3") - latent(served, "seed=41")
        directions = np.load("directions.npy")
        np.testing.assert_allclose(moved, 1.5 * directions[1] - 3 * directions[7], atol=1e-5)

    def test_a_way_goes_as_films_do(self, served: Any, trained: Path, command: Any) -> None:
        ended = command(
            *("interpolate", "--ckpt", trained, "--seeds", "41,5", "--label", 3, "--frames", 5),
            *("--out", "x.png", "--write-latents", "way.npy"),
        )
        assert ended.code == 0, ended.err
        for frame, expected in enumerate(np.load("way.npy")):
            found = latent(served, f"seed=41&end=5&share={frame / 4}")
            np.testing.assert_allclose(found, expected, atol=1e-6)

    def test_a_way_keeps_the_class_of_its_first_seed(self, served: Any) -> None:
        own = served.get("shown.png?seed=41&end=5&share=0.5")
        assert own.body == served.get("shown.png?seed=41&end=5&share=0.5&label=1").body
        assert own.body != served.get("shown.png?seed=41&end=5&share=0.5&label=5").body

    def test_a_sheet_has_the_seeds_of_a_block(
        self, served: Any, trained: Path, command: Any
    ) -> None:
        seeds = ("--seeds", "32-63", "--grid", "4x8")
        for query, asked in (("", ()), ("&label=3", ("--label", 3))):
            drawn = ("sample", "--ckpt", trained, *seeds, *asked, "--out", "sheet.png")
            assert command(*drawn).code == 0
            sheet = served.get(f"sheet.png?seed=41{query}").body
            np.testing.assert_array_equal(pixels(sheet), pixels(Path("sheet.png").read_bytes()))

    def test_many_at_once_are_what_they_are_one_by_one(self, served: Any) -> None:
        paths = [f"{kind}?seed={seed}" for seed in range(6) for kind in ("shown.png", "sheet.png")]
        alone = [served.get(path).body for path in paths]
        with ThreadPoolExecutor(12) as pool:
            assert [it.body for it in pool.map(served.get, paths)] == alone


class TestAnswers:
    @pytest.mark.parametrize(
        "path",
        [
            *("/", "/shown.png?seed=1", "/favicon.ico", "//", "/%00/", "/%ff/shown.png?seed=1"),
            *("/{wrong}/", "/{token}x/", "/{short}/", "/x/{token}/", "/?token={token}"),
            "/%2e%2e/{token}/",
        ],
    )
    def test_nobody_who_lacks_the_token(self, path: str, served: Any) -> None:
        token = served.token
        assert len(token) >= 43  # 32 random bytes
        wrong = ("b" if token[0] == "a" else "a") + token[1:]
        answer = served.get(path.format(token=token, wrong=wrong, short=token[:-1]))
        assert (answer.status, answer.text) == (404, "Not Found")

    @pytest.mark.parametrize(
        "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "0.0.0.0", ""]
    )
    def test_no_page_of_another_name_that_leads_here(self, host: str, served: Any) -> None:
        for path in ("", "shown.png?seed=1"):
            assert served.get(path, Host=host).status == 400
        for ours in ("localhost", f"localhost:{served.port}", "127.0.0.1:9"):  # by a tunnel
            assert served.get("shown.png?seed=1", Host=ours).status == 200

    def test_no_other_address_of_the_machine(self, served: Any) -> None:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", served.port), timeout=5)

    @pytest.mark.parametrize(
        "path",
        [
            *("../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd"),
            *("static/explore.js", "recipe.yaml", "picture.png/../../recipe.yaml", "/etc/passwd"),
        ],
    )
    def test_with_no_file(self, path: str, served: Any) -> None:
        answer = served.get(path)
        assert (answer.status, answer.text) == (404, "Not Found")

    @pytest.mark.parametrize("kind", ["shown.png", "sheet.png", "picture.png", "latent.npy"])
    @pytest.mark.parametrize(
        ("query", "line"),
        [
            ("", "seed: Field required"),
            ("seed=-1", "seed: '-1' is no whole number from 0"),
            ("seed=1e99", "seed: '1e99' is no whole number from 0"),
            ("seed=1&moves=nan", "moves 0: Input should be a finite number"),
            ("seed=1&moves=1e99", "moves 0: Input should be less than or equal to 3"),
            ("seed=1&label=10", "label: 10 is none of them: there are classes 0 to 9"),
            ("seed=1&file=/etc/passwd", "file: Extra inputs are not permitted"),
            (
                f"seed=1&moves={','.join(['0'] * 9999)}",
                "moves: 9999 are too many: there are 8 directions",
            ),
        ],
    )
    def test_bad_values_with_a_line(self, kind: str, query: str, line: str, served: Any) -> None:
        answer = served.get(f"{kind}?{query}")
        assert (answer.status, answer.text) == (400, line)
        assert answer.headers["content-type"].startswith("text/plain")

    def test_what_is_no_request_and_goes_on(self, served: Any) -> None:
        assert served.get(f"shown.png?seed={'9' * 50_000}").status == 400
        assert served.get("shown.png?seed=1", method="POST").status == 405
        with suppress(ConnectionError):  # it is cut off
            served.get(f"shown.png?seed={'9' * 1_000_000}")
        with socket.create_connection(("127.0.0.1", served.port), timeout=5) as raw:
            raw.sendall(b"\x16\x03\x01\x00\xff no HTTP \r\n\r\n")
            assert raw.recv(4096).startswith(b"HTTP/1.1 400")
        assert served.get("shown.png?seed=1").status == 200

    def test_with_headers_that_keep_others_out(self, served: Any) -> None:
        page = served.get("")
        policy = page.headers["content-security-policy"].split("; ")
        assert policy[:3] == ["default-src 'none'", "img-src data:", "connect-src 'self'"]
        assert policy[-1] == "frame-ancestors 'none'"
        assert not any("unsafe" in it or "http" in it for it in policy)
        for answer in (page, served.get("shown.png?seed=1"), served.get("shown.png?seed=x")):
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"
            assert "server" not in answer.headers
