"""How much faster `gantool convert` is than a loop over the same files with PIL.

Both turn JPEG files of CelebA's size into 64×64 JPEG in TFRecord: open, crop 108×108 from the
centre, resize (Lanczos), encode (quality 95, colours not halved), frame, write. They are timed
alternately, as whole processes with their start, and the median of the ratios is stated.

    python benchmarks/conversion.py [FOLDER] [--count 20000] [--pairs 3]

FOLDER is one that celeba_shaped.py made; without it one is made, which takes a minute or two.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path

SIZE, CROP, QUALITY = 64, 108, 95


def loop(folder: Path, path: Path) -> None:
    """Convert one image after the other, as a short script would."""
    from PIL import Image, ImageOps

    from gantool.data import records

    with path.open("wb") as out:
        for file in sorted(folder.iterdir()):
            image = ImageOps.exif_transpose(Image.open(file))
            left, top = (image.width - CROP) // 2, (image.height - CROP) // 2
            image = image.crop((left, top, left + CROP, top + CROP)).convert("RGB")
            image = image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
            encoded = BytesIO()
            image.save(encoded, "JPEG", quality=QUALITY, subsampling="4:4:4")
            out.write(records.frame(records.encode_example(encoded.getvalue())))
        out.flush()
        os.fsync(out.fileno())


def _seconds(*command: object) -> float:
    began = time.monotonic()
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def _compare(folder: Path, pairs: int) -> None:
    count = sum(1 for _ in folder.iterdir())
    cores = len(os.sched_getaffinity(0))
    print(f"{count:,} pictures, {cores} cores", flush=True)
    ratios = []
    with tempfile.TemporaryDirectory() as scratch:
        for _ in range(pairs):
            dest = Path(scratch) / "set"
            alone = _seconds(sys.executable, __file__, "--loop", folder, scratch)
            command = (sys.executable, "-m", "gantool", "convert", folder, dest)
            ours = _seconds(*command, "--size", SIZE, "--crop", CROP)
            shutil.rmtree(dest)
            ratios.append(alone / ours)
            print(
                f"loop {alone:.1f} s ({count / alone:,.0f} images/s),"
                f" gantool convert {ours:.1f} s ({count / ours:,.0f} images/s):"
                f" {ratios[-1]:.2f} times as fast",
                flush=True,
            )
    print(f"median: {statistics.median(ratios):.2f} times as fast")


def main() -> None:
    """Read the command line, make the pictures if need be, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", help="made by celeba_shaped.py")
    parser.add_argument("--count", type=int, default=20_000, help="of pictures to make (20,000)")
    parser.add_argument("--pairs", type=int, default=3, help="of timings (3)")
    parser.add_argument("--loop", type=Path, nargs=2, metavar=("FOLDER", "SCRATCH"))
    arguments = parser.parse_args()
    if arguments.loop is not None:
        folder, scratch = arguments.loop
        loop(folder, scratch / "loop.tfrecord")
    elif arguments.folder is not None:
        _compare(arguments.folder / "img_align_celeba", arguments.pairs)
    else:
        with tempfile.TemporaryDirectory() as made:
            maker = Path(__file__).with_name("celeba_shaped.py")
            subprocess.run(
                [sys.executable, maker, made, "--count", str(arguments.count)], check=True
            )
            _compare(Path(made) / "img_align_celeba", arguments.pairs)


if __name__ == "__main__":
    main()
