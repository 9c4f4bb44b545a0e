"""What each reader is fed: damaged files, and what only somebody with intent would write."""

from __future__ import annotations

import gzip
import json
import struct
import zipfile
import zlib

import yaml
from hypothesis import strategies as st

from .damage import damaged
from .readers import archives, arrays, checkpoints, hdf5, images, recipes, tables, tars, tfrecords

Inputs = st.SearchStrategy[list[bytes]]


def _alone(made: st.SearchStrategy[bytes]) -> Inputs:
    return made.map(lambda data: [data])


_SIDES = st.sampled_from([0, 1, 2, 17, 255, 9_999, 65_535, 65_536, 100_000, 2**31 - 1, 2**32 - 1])
_CONTENT = st.sampled_from([b"", b"\0" * 600, bytes(range(256)), zlib.compress(bytes(100_000))])


def _chunk(name: bytes, body: bytes) -> bytes:
    crc = struct.pack(">I", zlib.crc32(name + body))
    return struct.pack(">I", len(body)) + name + body + crc


def _png(width: int, height: int, kind: tuple[int, int, int], extra: bytes, body: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, kind[0], kind[1], 0, 0, kind[2])
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(extra, body)
        + _chunk(b"IDAT", zlib.compress(bytes(3000)))
        + _chunk(b"IEND", b"")
    )


_PNGS = st.builds(
    _png,
    _SIDES,
    _SIDES,
    st.tuples(st.sampled_from([1, 2, 4, 8, 16]), st.integers(0, 7), st.integers(0, 1)),
    st.sampled_from([b"tRNS", b"PLTE", b"iCCP", b"zTXt", b"iTXt", b"eXIf", b"acTL", b"fcTL"]),
    _CONTENT,
)

# The tags that say where pixels lie, how many there are and how they are packed.
_TAGS = (256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 282, 284, 317, 320, 322, 323, 324, 325)
_TAG = st.tuples(
    st.sampled_from((*_TAGS, 274, 338, 339, 347, 512, 529, 530, 532, 33432, 34675)),
    st.integers(0, 13),
    st.sampled_from([0, 1, 2, 3, 4, 255, 65_536, 2**32 - 1]),
    st.sampled_from([0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64, 256, 32_773, 65_535, 2**31, 2**32 - 1]),
)
_GIVEN_TAGS = [(256, 4, 1, 16), (257, 4, 1, 16), (258, 3, 1, 8), (273, 4, 1, 8), (279, 4, 1, 256)]


def _tiff(packing: int, colours: int, tags: list[tuple[int, int, int, int]], body: bytes) -> bytes:
    known = {tag[0]: tag for tag in (*_GIVEN_TAGS, (259, 3, 1, packing), (262, 3, 1, colours))}
    whole = sorted((known | {tag[0]: tag for tag in tags}).values())
    entries = b"".join(struct.pack("<HHII", *tag) for tag in whole)
    start = struct.pack("<2sHI", b"II", 42, 8 + len(body))
    return start + body + struct.pack("<H", len(whole)) + entries + bytes(4)


_TIFFS = st.builds(
    _tiff,
    st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8, 32_773, 32_946, 34_925, 50_000, 50_001]),
    st.sampled_from([0, 1, 2, 3, 4, 5, 6, 8]),
    st.lists(_TAG, max_size=6),
    _CONTENT,
)
_PPMS = st.builds(
    lambda kind, numbers, body: (
        b"P%d " % kind + b" ".join(b"%d" % n for n in numbers) + b"\n" + body
    ),
    st.integers(1, 8),
    st.lists(st.one_of(_SIDES, st.integers(0, 300)), min_size=2, max_size=12),
    _CONTENT,
)

IMAGES: Inputs = damaged(images.seeds()) | _alone(_PNGS | _TIFFS | _PPMS)

_NAMES = st.one_of(
    st.sampled_from(
        ["a", "a/x", "a/x/y", "/a", "../a", "a/../../x", "a//x", "./a/x", "a/.", "..", "", "a\0b"]
    ),
    st.sampled_from(
        ["a/" * 200 + "x", "a/" + "n" * 300, "a/é\ud800", "C:\\x", "a/..\\x", "a/x.png"]
    ),
    st.text(alphabet="ax./\\\0\n é", max_size=120),
)


def _zip(names: list[str], method: int) -> bytes:
    try:
        return archives.zip_of(*dict.fromkeys(names), method=method)
    except (ValueError, UnicodeError):
        return b""


_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_ZIPS = st.builds(
    _zip, st.lists(_NAMES.map(lambda name: f"{name}.png"), max_size=4), st.sampled_from(_METHODS)
)

ARCHIVES: Inputs = damaged(archives.seeds()) | _alone(_ZIPS)


def _varint(number: int) -> bytes:
    made = bytearray()
    while number > 127:
        made.append(number & 127 | 128)
        number >>= 7
    return bytes([*made, number])


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


_VALUES = st.one_of(
    st.builds(_field, st.integers(1, 4), st.binary(max_size=30)),
    st.builds(
        lambda number: _field(3, b"\x08" + _varint(number)),
        st.sampled_from([0, 1, 2, 3, 5, 99_999, 100_000, 2**31, 2**63 - 1, 2**63, 2**64 - 1]),
    ),
    st.lists(st.integers(0, 5), max_size=5).map(lambda many: _field(3, _field(1, bytes(many)))),
    st.builds(lambda body: _field(2, _field(1, body)), st.binary(max_size=12)),
    st.builds(lambda body: _field(1, _field(1, body)), st.binary(max_size=30)),
    st.builds(lambda depth: b"\x0b" * depth + b"\x0c" * depth, st.integers(0, 200)),
)
_ENTRY = st.builds(
    lambda key, value: _field(1, _field(1, key) + _field(2, value)),
    st.sampled_from(
        [
            b"image_raw",
            b"data",
            b"label",
            b"height",
            b"width",
            b"depth",
            b"shape",
            b"image/encoded",
            b"",
            b"\xff",
            b"a\nb",
            b"x" * 500,
        ]
    ),
    _VALUES,
)
_EXAMPLES = st.lists(_ENTRY, max_size=5).map(lambda entries: _field(1, b"".join(entries)))
_FRAMES = st.one_of(
    _EXAMPLES.map(tfrecords.frame),
    st.builds(
        tfrecords.lying,
        st.sampled_from([0, 1, 40, 1 << 26, (1 << 26) + 1, 1 << 31, 1 << 62, (1 << 64) - 16]),
        _EXAMPLES,
    ),
)

_FILES = st.lists(_FRAMES, max_size=4).map(b"".join)

TFRECORDS: Inputs = damaged(tfrecords.seeds()) | _alone(_FILES | _FILES.map(gzip.compress))

_HEADERS = st.builds(
    lambda descr, order, shape, more: (
        f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}{more}}}\n".encode()
    ),
    st.sampled_from(
        [
            *("'|u1'", "'<f4'", "'>i8'", "'|b1'", "'|O'", "'|S3'", "'<U2'", "'|V0'", "'<M8[s]'"),
            *("('<f4', (3,))", "[('a', '<f4')]", "'<f16'", "'<c8'", "'|S0'", "None", "'x'", "1"),
        ]
    ),
    st.sampled_from(["True", "False", "None", "3"]),
    st.lists(
        st.sampled_from([0, 1, 2, 3, 4, 5, 9, 16, 49, -1, 65_536, 2**31, 2**40, 2**63, 10**30]),
        max_size=9,
    ).map(lambda sides: f"({''.join(f'{side}, ' for side in sides)})")
    | st.sampled_from(["None", "3", "(1.5,)", "('a',)", "(True, 5, 5)", "(" * 90]),
    st.sampled_from(["", ", 'x': 1", "}", "'"]),
)
_NPYS = st.builds(
    arrays.header,
    _HEADERS,
    st.sampled_from([1, 2, 3, 9]),
    st.sampled_from([b"", bytes(200), b"\1" * 300, b"\x7f" * 600, bytes(range(256))]),
)
_NPZS = st.builds(
    lambda method, images, labels: arrays.npz(method, images=images, labels=labels),
    st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
    _NPYS,
    _NPYS,
)

ARRAYS: Inputs = damaged(arrays.seeds()) | _alone(_NPYS | _NPZS)

HDF5: Inputs = damaged(hdf5.seeds())

_TAR_NAMES = st.sampled_from(["x_png", "x_cls", "x_json", "x_txt", "y_png", "y_json", "a__z_jpg"])
_SIDE_FILES = st.sampled_from(
    [
        *(b"", b"3", b"-1", b"cat", b"{", b"[1]", b"null", b'{"label": 1e999}', b"\xff", b"9" * 50),
        *(b'{"label": [0, 1]}', b'{"label": {}}', b'{"label": true}', b'{"label": []}', b"[" * 300),
    ]
)

TARS: Inputs = damaged(tars.seeds()) | _alone(
    st.builds(
        lambda files, form: tars.tar_of(form, **files),
        st.dictionaries(_TAR_NAMES, _SIDE_FILES, max_size=5),
        st.sampled_from([0, 1, 2]),
    )
)

_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.sampled_from(
        [0, -1, 1, 2, 10**30, -(10**400), 2**63, 1e-300, "1 epoch", "9" * 40 + " epochs"]
    ),
    st.sampled_from(
        ["Dense", "Lambda", "os.system", "keras.src", "__class__", "zeros", "relu", "~"]
    ),
    st.text(max_size=8),
)
_DATA = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["Dense", "units", "Adam", "layers", "Repeat", "x"]), inner
        )
    ),
    max_leaves=8,
)
_KEYS = ("name", "seed", "data", "latent", "generator", "discriminator", "initializer", "loss")
_PATHS = st.sampled_from(
    [
        *_KEYS,
        *("regularizers", "optimizers", "train", "output", "data.size", "data.range", "data.crop"),
        *("data.background", "latent.bounds", "train.steps", "train.epochs", "train.updates"),
        *("train.average", "output.grid", "output.log_every", "generator.layers"),
        *("generator.layers.0", "generator.layers.0.Dense.units", "optimizers.generator", "a.b.0"),
    ]
)
_SETTINGS = st.builds(
    lambda path, value: b"\0" + f"{path}={_flow(value)}".encode("utf-8", "surrogatepass"),
    _PATHS,
    _DATA,
)


def _flow(value: object) -> str:
    return str(yaml.safe_dump(value, default_flow_style=True, width=10**9)).strip()


def _written(path: str, value: object) -> bytes:
    """The small recipe with another value for one of its keys."""
    whole = yaml.safe_load(recipes.SMALL)
    whole[path.split(".")[0]] = value
    return yaml.safe_dump(whole).encode()


_YAML = st.text(alphabet="{}[]:,-?&*!|>'\"%@`# \n\tab1<~\\.=\ufeff\u2028", max_size=60)

_WRITTEN = st.one_of(
    st.builds(_written, _PATHS, _DATA),
    st.lists(_SETTINGS, min_size=1, max_size=2).map(lambda all_: recipes.PIECE + b"".join(all_)),
)
# Short texts for the most part: what PyYAML reads takes it longer than anything else here.
_SHORT = st.lists(_YAML.map(str.encode), min_size=1, max_size=16)

RECIPES: Inputs = st.one_of(damaged(recipes.seeds()), _alone(_WRITTEN), _SHORT)

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**63 - 1, 2**64, 10**30, -1, 2**31])
    | st.floats()
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
_PLACES = st.sampled_from(
    [
        *(("format",), ("header",), ("releases",), ("groups",), ("variables",), ("more",)),
        *(("header", name) for name in ("recipe", "step", "seconds", "seed", "more")),
        ("releases", "keras"),
        *(("variables", name) for name in (checkpoints.KERNEL, "generator", "", "x/" * 99)),
        *(("variables", checkpoints.KERNEL, name) for name in ("dtype", "shape", "offset", "more")),
    ]
)
_DTYPES = st.sampled_from(["float64", "bool", "int8", "object", "S9", "float32", "<f4", "V4"])


@st.composite
def _indices(draw: st.DrawFn) -> bytes:
    """A checkpoint whose index says something else at some places."""
    index = checkpoints.index()
    for *way, last in draw(st.lists(_PLACES, min_size=1, max_size=3)):
        inside = index
        for name in way:
            inside = inside.get(name) if isinstance(inside, dict) else None
        if isinstance(inside, dict):
            inside[last] = draw(_DTYPES if last == "dtype" else _JSON)
    return checkpoints.with_line(json.dumps(index).encode())


_LINES = st.one_of(_JSON.map(json.dumps).map(str.encode), st.binary(max_size=200))

CHECKPOINTS: Inputs = damaged(checkpoints.seeds()) | _alone(
    _indices() | _LINES.map(checkpoints.with_line)
)

_CELLS = st.sampled_from(
    [
        *("a/1.png", "1", "2.png", "b\\2.png", "x/a/2.png", "file", "label", "x", "1.0", "-1", ""),
        *('"', '"a,b"', "\ufeff", "é", "\udce9", "\0", "9" * 30, "/" * 50),
    ]
)
_ROWS = st.lists(st.lists(_CELLS, max_size=4), max_size=6)
_COLUMNS = st.builds(
    lambda rows, mark, end: end.join(map(mark.join, rows)).encode("utf-8", "surrogateescape"),
    _ROWS,
    st.sampled_from([",", ";", "\t", "|", " "]),
    st.sampled_from(["\n", "\r\n", "\r", "\n3\n"]),
)
_VALUES = _JSON | st.lists(st.sampled_from([0, 1, 0.5]), max_size=3)
_NAMES = st.sampled_from(["a/1.png", "2.png", "b/2", "file", "label", "labels"])
_OBJECTS = st.one_of(
    st.dictionaries(_NAMES, _VALUES),
    st.lists(st.dictionaries(_NAMES, _VALUES), max_size=4),
    st.lists(st.tuples(_NAMES, _VALUES), max_size=4),
)
_TEXTS = _OBJECTS | st.builds(lambda found: {"labels": found}, _OBJECTS)

TABLES: Inputs = damaged(tables.seeds()) | _alone(
    _COLUMNS | _TEXTS.map(json.dumps).map(str.encode) | st.binary(max_size=200)
)
