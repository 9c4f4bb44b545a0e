"""Films: animated GIF and WebP by Pillow, MP4 by ffmpeg. Knows no TensorFlow."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
from PIL import Image

from gantool.data.drawing import as_image
from gantool.errors import GantoolError, InputError, printable
from gantool.files import complete_or_absent

SUFFIXES = (".gif", ".webp", ".mp4")

FASTEST_GIF = 50
"""Frames a second: programs show a frame of less than 20 ms for 100 ms."""

LONGEST_GIF = 600
"""Seconds: a GIF counts those of one frame, and of all like it that follow, up to 655."""

MAX_SIDE = 16_383
"""Pixels: no WebP has a longer side."""


def write_film(
    path: Path, frames: Iterable[np.ndarray], count: int, fps: int, encoder: str = ""
) -> None:
    """Write frames as a film, by the ending of its name; whole or not at all.

    Args:
        path: Of a .gif or .webp, which repeat for ever, or an .mp4.
        frames: uint8 [H, W, C] each, of one shape; 1 or 3 channels, for .webp also 4.
        count: How many frames there are.
        fps: Frames a second.
        encoder: The program ffmpeg, for .mp4.

    Raises:
        OSError: It cannot be written.
        GantoolError: ffmpeg fails.
    """
    if path.suffix.lower() == ".mp4":
        _write_mp4(path, frames, fps, encoder)
        return
    unit = 10 if path.suffix.lower() == ".gif" else 1  # GIF counts in hundredths of a second
    write_animation(path, map(as_image, frames), durations(count, fps, unit))


def write_animation(
    path: Path, images: Iterable[Image.Image], milliseconds: int | Sequence[int]
) -> None:
    """Write images of one size, to repeat for ever, as a WebP if the name ends so, else a GIF.

    Args:
        path: Of the file.
        images: Grey or RGB; for .webp also RGBA.
        milliseconds: For which each is shown; or for all, one after the other.

    Raises:
        OSError: It cannot be written.
    """
    is_webp = path.suffix.lower() == ".webp"
    # A GIF has 256 colours, here those of each frame.
    shown = (it if is_webp or it.mode != "RGB" else it.quantize() for it in images)
    first = next(shown)
    with complete_or_absent(path) as temporary:
        first.save(
            temporary,
            format="WEBP" if is_webp else "GIF",
            save_all=True,
            append_images=shown,
            duration=milliseconds,
            loop=0,
            **({"lossless": True} if is_webp else {}),
        )


def find_encoder(path: Path) -> str:
    """The program ffmpeg: the machine's own, or that of the package imageio-ffmpeg.

    Args:
        path: Of the film it is for.

    Raises:
        InputError: There is neither.
    """
    if found := shutil.which("ffmpeg"):
        return found
    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        return str(get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        raise InputError(
            f"{path}: MP4 is written by ffmpeg, which is not here: install it, or run pip install"
            " '.[video]' in the clone; .gif and .webp need nothing"
        ) from None


def durations(count: int, fps: int, unit: int) -> list[int]:
    """Milliseconds of each frame, whole units; frame k begins at k / fps seconds, rounded."""
    begins = [round(1000 * frame / (fps * unit)) * unit for frame in range(count + 1)]
    return [after - before for before, after in pairwise(begins)]


def _write_mp4(path: Path, frames: Iterable[np.ndarray], fps: int, encoder: str) -> None:
    """With half the resolution for colours, as every player knows it; sides have to be even."""
    given = iter(frames)
    first = _even(next(given))
    height, width, channels = first.shape
    pixels, size = "gray" if channels == 1 else "rgb24", f"{width}x{height}"
    command = [encoder, "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", pixels]
    command += ["-video_size", size, "-framerate", str(fps), "-i", "-"]
    command += ["-pix_fmt", "yuv420p", "-f", "mp4"]
    with complete_or_absent(path) as temporary, tempfile.TemporaryFile() as told:
        process = subprocess.Popen([*command, temporary], stdin=subprocess.PIPE, stderr=told)
        assert process.stdin is not None
        try:
            with suppress(BrokenPipeError), process.stdin as pipe:  # it says itself why it ends
                for frame in chain([first], map(_even, given)):
                    pipe.write(frame.tobytes())
            code = process.wait()
        finally:
            process.kill()
            process.wait()
        if code:
            told.seek(0)
            lines = told.read().decode(errors="replace").strip().splitlines()
            reason = printable(lines[-1]) if lines else f"exit code {code}"
            raise GantoolError(f"{path}: ffmpeg cannot write it: {reason}")


def _even(pixels: np.ndarray) -> np.ndarray:
    """With its last row or column twice where their number is odd."""
    height, width, _ = pixels.shape
    return np.pad(pixels, [(0, height % 2), (0, width % 2), (0, 0)], "edge")
