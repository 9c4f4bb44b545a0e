"""Arrays of a file that PyTorch has written, read without PyTorch and without running what it says.

The form is that of `torch.save` before version 1.6: pickles of a magic number, of a version, of the
machine, of the tensors' structure and of the storages' names, then the numbers of each storage. The
structure is a program for pickle's machine. It is carried out here as far as it makes dicts, lists,
tuples and tensors; what it would call is a name, and nothing is called.
"""

import pickletools
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001
_STORAGES = {"torch FloatStorage": "<f4", "torch LongStorage": "<i8"}
_MARK = object()
_VALUES = {"EMPTY_TUPLE": (), "NONE": None, "NEWTRUE": True, "NEWFALSE": False, "MARK": _MARK}
_WRITTEN = {"BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1"}
"""Operations that put their own argument onto the stack."""


class _Name(str):
    """Of something that the program would call."""

    __slots__ = ()


class _Storage(NamedTuple):
    """Numbers in a row."""

    kind: str
    key: str


class _Tensor(NamedTuple):
    """Numbers of a storage, from a place on, in a shape."""

    storage: _Storage
    start: int
    shape: tuple[int, ...]


def read_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """The tensors of a file that holds a dict of such, by their names.

    Raises:
        ValueError: It holds something else.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        if _next_value(file) != _MAGIC or _next_value(file) != _VERSION:
            raise ValueError("not of the older form of torch.save")
        _next_value(file)
        tensors, keys = _next_value(file), _next_value(file)
        if not isinstance(tensors, dict) or not isinstance(keys, list):
            raise ValueError("not a dict of tensors")
        kinds = {it.storage.key: it.storage.kind for it in tensors.values()}
        numbers = {key: _numbers(file, kinds[key]) for key in keys}
    return {name: _array(tensor, numbers) for name, tensor in tensors.items()}


def _numbers(file: BinaryIO, kind: str) -> NDArray[Any]:
    """Those of the next storage: how many there are, and they themselves."""
    dtype = np.dtype(_STORAGES[kind])
    [count] = struct.unpack("<q", file.read(8))
    return np.frombuffer(file.read(count * dtype.itemsize), dtype, count)


def _array(tensor: _Tensor, numbers: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    size = int(np.prod(tensor.shape, dtype=np.int64))
    return numbers[tensor.storage.key][tensor.start : tensor.start + size].reshape(tensor.shape)


def _next_value(file: BinaryIO) -> Any:
    """What the next pickle describes."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    for operation, argument, _ in pickletools.genops(file):
        name = operation.name
        if name in _VALUES:
            stack.append(_VALUES[name])
        elif name in _WRITTEN:
            stack.append(argument)
        elif name in ("BINPUT", "LONG_BINPUT"):
            memo[cast(int, argument)] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[cast(int, argument)])
        elif name in _OPERATIONS:
            _OPERATIONS[name](stack, argument)
        elif name not in ("PROTO", "STOP"):
            raise ValueError(f"{name} in a pickle")
    return stack.pop()


def _since_mark(stack: list[Any]) -> list[Any]:
    """Take off the stack what was put there since the last mark, and the mark."""
    place = len(stack) - 1 - stack[::-1].index(_MARK)
    taken = stack[place + 1 :]
    del stack[place:]
    return taken


def _off(stack: list[Any], count: int) -> tuple[Any, ...]:
    """Take so many off the stack."""
    taken = tuple(stack[-count:])
    del stack[-count:]
    return taken


def _call(stack: list[Any], _: Any) -> None:
    """Stand in for a call: of a new dict, or of what puts a tensor together."""
    given, name = stack.pop(), stack.pop()
    if name == "collections OrderedDict" and not given:
        stack.append({})
    elif name == "torch._utils _rebuild_tensor_v2":
        storage, start, shape, strides = given[:4]
        usual = [int(np.prod(shape[place + 1 :])) for place in range(len(shape))]
        if list(strides) != usual:
            raise ValueError("a tensor whose numbers are not in order")
        stack.append(_Tensor(storage, start, shape))
    else:
        raise ValueError(f"a call of {name}")


def _refer(stack: list[Any], _: Any) -> None:
    """Stand in for a storage, which is named by ("storage", kind, key, device, count, …)."""
    _word, kind, key = stack.pop()[:3]
    if kind not in _STORAGES:
        raise ValueError(f"numbers of {kind}")
    stack.append(_Storage(kind, key))


def _set(stack: list[Any], _: Any) -> None:
    key, value = _off(stack, 2)
    stack[-1][key] = value


def _extend(stack: list[Any], _: Any) -> None:
    items = _since_mark(stack)
    stack[-1].extend(items)


def _drop(stack: list[Any], _: Any) -> None:
    """Leave out attributes of an object."""
    stack.pop()


def _fill(stack: list[Any], _: Any) -> None:
    items = _since_mark(stack)
    stack[-1].update(zip(items[::2], items[1::2], strict=True))


_OPERATIONS: Mapping[str, Callable[[list[Any], Any], None]] = {
    "GLOBAL": lambda stack, argument: stack.append(_Name(argument)),
    "EMPTY_DICT": lambda stack, _: stack.append({}),
    "EMPTY_LIST": lambda stack, _: stack.append([]),
    "TUPLE1": lambda stack, _: stack.append(_off(stack, 1)),
    "TUPLE2": lambda stack, _: stack.append(_off(stack, 2)),
    "TUPLE3": lambda stack, _: stack.append(_off(stack, 3)),
    "TUPLE": lambda stack, _: stack.append(tuple(_since_mark(stack))),
    "BINPERSID": _refer,
    "REDUCE": _call,
    "SETITEM": _set,
    "SETITEMS": _fill,
    "APPENDS": _extend,
    "BUILD": _drop,
}
