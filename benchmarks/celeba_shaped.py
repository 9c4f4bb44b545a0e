"""Make a set of pictures of the shape of CelebA, which is too large to come with the repository.

Emoji in place of faces, over backgrounds that are no two the same, as JPEG files of CelebA's size,
names and weight; beside them its two lists, and the zip in which it is downloaded. Picture n is a
function of n alone, so that a set of any size, made anywhere, begins with the same pictures.

    python benchmarks/celeba_shaped.py FOLDER [--count 20000]

leaves in FOLDER:

    img_align_celeba/000001.jpg …   178×218 (width×height) RGB, quality 90, chroma halved both ways
    list_attr_celeba.txt            40 attributes of each picture, 1 or -1, drawn at random
    list_eval_partition.txt         0 to train with, 1 to validate, 2 to test, in CelebA's shares
    img_align_celeba.zip            the pictures under img_align_celeba/, as in the original
"""

from __future__ import annotations

import argparse
import zipfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 178, 218
FOLDER = "img_align_celeba"
ZIP = f"{FOLDER}.zip"
EMOJI = Path(__file__).resolve().parents[1] / "data" / "emoji" / "noto-emoji-136x128.zip"

# In the order of CelebA's own list_attr_celeba.txt.
ATTRIBUTES = """
5_o_Clock_Shadow Arched_Eyebrows Attractive Bags_Under_Eyes Bald Bangs Big_Lips Big_Nose
Black_Hair Blond_Hair Blurry Brown_Hair Bushy_Eyebrows Chubby Double_Chin Eyeglasses Goatee
Gray_Hair Heavy_Makeup High_Cheekbones Male Mouth_Slightly_Open Mustache Narrow_Eyes No_Beard
Oval_Face Pale_Skin Pointy_Nose Receding_Hairline Rosy_Cheeks Sideburns Smiling Straight_Hair
Wavy_Hair Wearing_Earrings Wearing_Hat Wearing_Lipstick Wearing_Necklace Wearing_Necktie Young
"""

# Of CelebA's 202,599 pictures, the first 162,770 are there to train with and the next 19,867 to
# validate (its list_eval_partition.txt).
_ALL, _TRAINING, _VALIDATION = 202_599, 162_770, 19_867
_GRAIN = 2.5
_CHUNK = 250


def make(folder: Path, count: int) -> None:
    """Make the pictures 1 to `count`, their lists and their zip, on all cores."""
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    starts = range(1, count + 1, _CHUNK)
    chunks = [range(start, min(start + _CHUNK, count + 1)) for start in starts]
    if len(chunks) == 1:
        write_pictures(folder, chunks[0])
    else:
        with ProcessPoolExecutor() as pool:
            list(pool.map(partial(write_pictures, folder), chunks))
    numbers = range(1, count + 1)
    (folder / "list_attr_celeba.txt").write_text(attribute_list(numbers))
    (folder / "list_eval_partition.txt").write_text(partition_list(numbers))
    write_zip(folder, numbers)


def name(number: int) -> str:
    """The name of a picture's file, counted from 1 as in CelebA."""
    return f"{number:06}.jpg"


def picture(number: int) -> bytes:
    """The JPEG file of a picture: 178×218, 7 to 12 KB nearly always."""
    random = np.random.default_rng([1, number])
    image = _background(random)
    emoji = Image.open(BytesIO(_emoji()[int(random.integers(len(_emoji())))])).convert("RGBA")
    side = int(random.integers(120, 165))
    emoji = emoji.resize((side, side), Image.Resampling.BILINEAR)
    emoji = emoji.rotate(random.uniform(-15, 15), Image.Resampling.BILINEAR, expand=True)
    left = (WIDTH - emoji.width) // 2 + int(random.integers(-8, 9))
    top = (HEIGHT - emoji.height) // 2 + int(random.integers(-8, 9))
    image.paste(emoji, (left, top), emoji)
    # The grain of a camera; without it a file would have half the weight of a photograph.
    grain = random.normal(0, _GRAIN, (HEIGHT, WIDTH, 1)).astype(np.float32)
    pixels = np.clip(np.asarray(image, np.float32) + grain, 0, 255).astype(np.uint8)
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90, subsampling="4:2:0")
    return buffer.getvalue()


def write_pictures(folder: Path, numbers: Sequence[int]) -> None:
    """Write the files of these pictures."""
    for number in numbers:
        (folder / FOLDER / name(number)).write_bytes(picture(number))


def attribute_list(numbers: Sequence[int]) -> str:
    """The text of list_attr_celeba.txt: their count, the attributes' names, a line a picture."""
    random, names = np.random.default_rng(2), ATTRIBUTES.split()
    values = random.choice([-1, 1], (len(numbers), len(names)), p=[0.75, 0.25])
    lines = [str(len(numbers)), " ".join(names) + " "]
    for number, row in zip(numbers, values.tolist(), strict=True):
        lines.append(f"{name(number)} " + " ".join(f"{value:2}" for value in row))
    return "\n".join(lines) + "\n"


def partition_list(numbers: Sequence[int]) -> str:
    """The text of list_eval_partition.txt: a name and a part in each line."""
    training = len(numbers) * _TRAINING // _ALL
    validation = len(numbers) * (_TRAINING + _VALIDATION) // _ALL
    return "".join(
        f"{name(number)} {(place >= training) + (place >= validation)}\n"
        for place, number in enumerate(numbers)
    )


def write_zip(folder: Path, numbers: Sequence[int]) -> None:
    """Pack the pictures, not compressed again; equal pictures give an equal zip."""
    with zipfile.ZipFile(folder / ZIP, "w") as archive:
        archive.writestr(zipfile.ZipInfo(f"{FOLDER}/"), b"")
        for number in numbers:
            content = (folder / FOLDER / name(number)).read_bytes()
            archive.writestr(zipfile.ZipInfo(f"{FOLDER}/{name(number)}"), content)


def _background(random: np.random.Generator) -> Image.Image:
    """Soft patches of colour, as what stands behind a face is out of focus."""
    patches = random.integers(0, 256, (int(random.integers(2, 8)), 5, 3), np.uint8)
    return Image.fromarray(patches).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)


@cache
def _emoji() -> list[bytes]:
    with zipfile.ZipFile(EMOJI) as archive:
        return [
            archive.read(member) for member in sorted(archive.namelist()) if member.endswith(".png")
        ]


def main() -> None:
    """Read the command line and make the set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where to; made if it is not there")
    parser.add_argument("--count", type=int, default=20_000, help="of pictures (20,000)")
    arguments = parser.parse_args()
    make(arguments.folder, arguments.count)


if __name__ == "__main__":
    main()
