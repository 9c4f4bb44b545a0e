"""Image files, as a folder, a zip or a record holds them."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

from PIL import Image

from gantool.data.batch import find_jpeg
from gantool.data.colours import profile_name
from gantool.data.decoding import UnreadableImageError, is_image
from gantool.data.depth import largest_value
from gantool.data.fitting import decode_for, fit_of, prepare
from gantool.recipe.data import Data

from ...data.writers import cmyk_profile, grey_profile, png, rgb_profile, tiff
from ..limits import is_a_line

PROFILES = {
    "RGB": rgb_profile(1.5),
    "L": grey_profile(1.5),
    "CMYK": cmyk_profile(lambda *inks: 25 * (4 - sum(inks))),
}

_PNG = b"\x89PNG\r\n\x1a\n"
_ASKED = (
    Data(source="x", size=(8, 8)),
    Data(source="x", size=(5, 7), channels=1, background="black"),
    Data(source="x", size=(4, 4), crop=(8, 8)),
    Data(source="x", size=(9, 4), channels=4, fit="pad", resize="nearest", rotate=90, white=300),
    Data(source="x", size=(3, 9), fit="stretch", resize="box", transpose=True, background="black"),
)


def target(data: bytes) -> None:
    """Decode an image and bring it to a size."""
    asked = _ASKED[len(data) % len(_ASKED)]
    is_image(data[:32])
    for form in dict.fromkeys((data, stamped(data))):
        find_jpeg(form, asked)
        try:
            image, times = decode_for(form, fit_of(asked))
            pixels = prepare(image, fit_of(asked).smaller(times))
            assert profile_name(image).isprintable()
            largest_value(image)
        except UnreadableImageError as error:
            is_a_line(error)
        else:
            assert pixels.shape == (*asked.size, asked.channels)


def stamped(data: bytes) -> bytes:
    """The file with the right checksums where it is a PNG."""
    if not data.startswith(_PNG):
        return data
    made, place = bytearray(data), len(_PNG)
    while place + 12 <= len(made):
        (length,) = struct.unpack_from(">I", made, place)
        end = place + 8 + length
        if end + 4 > len(made):
            break
        struct.pack_into(">I", made, end, zlib.crc32(made[place + 4 : end]))
        place = end + 4
    return bytes(made)


def seeds() -> list[bytes]:
    """Small images of every format and many modes."""
    made = []
    for mode, form, options in (
        *((mode, "PNG", {}) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
        ("P", "PNG", {"transparency": 3}),
        *((mode, "JPEG", {}) for mode in ("L", "RGB", "CMYK")),
        ("RGB", "JPEG", {"progressive": True}),
        ("RGB", "JPEG", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"}),
        ("RGB", "WEBP", {}),
        ("RGBA", "WEBP", {"lossless": True}),
        *((mode, "GIF", {}) for mode in ("L", "P")),
        *((mode, "BMP", {}) for mode in ("1", "P", "RGB")),
        *((mode, "TIFF", {}) for mode in ("1", "RGB", "I;16", "F", "CMYK", "LAB")),
        *(
            ("RGB", "TIFF", {"compression": method})
            for method in ("tiff_lzw", "tiff_deflate", "packbits", "jpeg")
        ),
        ("1", "TIFF", {"compression": "group4"}),
        *((mode, "AVIF", {"quality": 20}) for mode in ("L", "RGB", "RGBA")),
        *((mode, "JPEG2000", {}) for mode in ("L", "RGB", "I;16")),
        ("RGB", "JPEG2000", {"no_jp2": True}),
        ("RGBA", "ICO", {}),
        ("P", "ICO", {"bitmap_format": "bmp"}),
        *((mode, "QOI", {}) for mode in ("RGB", "RGBA")),
        *((mode, "TGA", {}) for mode in ("P", "RGBA")),
        *((mode, "TGA", {"compression": "tga_rle"}) for mode in ("L", "RGB")),
        # In a TIFF and a JPEG profiles lie as they are, where damage comes upon them.
        *((mode, "TIFF", {"icc_profile": profile}) for mode, profile in PROFILES.items()),
        ("RGB", "JPEG", {"icc_profile": PROFILES["RGB"]}),
        ("RGB", "PNG", {"icc_profile": PROFILES["RGB"]}),
        *((mode, "PPM", {}) for mode in ("1", "L", "RGB", "I;16")),
    ):
        image = Image.linear_gradient("L").resize((19, 17))
        image = image.convert("L" if mode == "I;16" else mode)
        if mode == "I;16":
            image = Image.frombytes("I;16", (19, 17), bytes(range(19)) * 34)
        buffer = BytesIO()
        image.save(buffer, form, **options)
        made.append(buffer.getvalue())
    wide = bytes(range(24))
    made += [
        png(1, 2, 16, kind, b"".join(b"\0" + wide[:8] for _ in range(2))) for kind in (2, 4, 6)
    ]
    made += [
        tiff(2, 2, [16] * 3, 2, wide),
        tiff(2, 2, [12], 1, wide[:6]),
        tiff(2, 2, [16], 0, wide[:8]),
    ]
    footless = [data[:-26] for data in made if data.endswith(b"TRUEVISION-XFILE.\0")]
    return [
        *made,
        *footless,
        b"P2 3 2 9 1 2 3 4 5 6",
        b"P1 3 2 1 0 1 0 1 0",
        b"P6 3 2 99\n" + bytes(18),
    ]
