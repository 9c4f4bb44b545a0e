"""Files as PyTorch wrote them before version 1.6, put together by hand."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Mapping

import numpy as np

_ORDERED = b"ccollections\nOrderedDict\n)R"
_KINDS = {"float32": b"ctorch\nFloatStorage\n", "int64": b"ctorch\nLongStorage\n"}


def text(value: str) -> bytes:
    """BINUNICODE."""
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def numbers(values: tuple[int, ...]) -> bytes:
    """MARK, BININT each, TUPLE."""
    return b"(" + b"".join(b"J" + struct.pack("<i", value) for value in values) + b"t"


def tensor(array: np.ndarray, key: str) -> bytes:
    """The call that makes a tensor of a storage."""
    strides = tuple(stride // array.itemsize for stride in array.strides)
    storage = b"(" + text("storage") + _KINDS[array.dtype.name] + text(key) + text("cpu")
    storage += b"J" + struct.pack("<i", array.size) + b"Nt" + b"Q"
    given = storage + b"K\0" + numbers(array.shape) + numbers(strides) + b"\x89" + _ORDERED
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + given + b"tR"


def torch_file(arrays: Mapping[str, np.ndarray], attributes: bytes = b"") -> bytes:
    """What `torch.save` wrote of a dict of tensors; `attributes` come after its items."""
    keys = {name: f"9{place}" for place, name in enumerate(arrays)}
    items = b"".join(text(name) + tensor(array, keys[name]) for name, array in arrays.items())
    parts = [
        pickle.dumps(0x1950A86A20F9469CFC6C, 2),
        pickle.dumps(1001, 2),
        pickle.dumps({"little_endian": True, "type_sizes": {"int": 4}}, 2),
        b"\x80\x02" + _ORDERED + b"(" + items + b"u" + attributes + b".",
        pickle.dumps([keys[name] for name in reversed(arrays)], 2),
    ]
    for array in reversed(arrays.values()):
        parts.append(struct.pack("<q", array.size) + array.tobytes())
    return b"".join(parts)
