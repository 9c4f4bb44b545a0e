"""TF_CONFIG: the workers of a run, as TensorFlow's users tell them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from gantool.errors import InputError

_EXAMPLE = (
    '{"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]},'
    ' "task": {"type": "worker", "index": 0}}'
)
_ADDRESS = re.compile(r"(?P<host>[^\s/]+):(?P<port>\d{1,5})")
_TYPES = ("chief", "worker")
"""Of tasks, in the order in which TensorFlow counts them."""


class Worker(NamedTuple):
    """One of the processes that train together.

    Attributes:
        name: The type and index of its task, such as `worker 1`.
        host: Where the others find it.
        port: Likewise.
    """

    name: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.name} ({self.host}:{self.port})"


@dataclass(frozen=True)
class Cluster:
    """All workers, and which of them this process is.

    Attributes:
        workers: The chief, if there is one, is the first.
        own: The number of this one.
    """

    workers: tuple[Worker, ...]
    own: int


def read_cluster(text: str | None) -> Cluster:
    """Read the value of TF_CONFIG.

    https://www.tensorflow.org/guide/distributed_training describes what it holds.

    Args:
        text: The value; None where it is not set.

    Raises:
        InputError: It is not set, or does not say what it has to.
    """
    if not text:
        raise _wrong("not set, but --distribute workers goes by it")
    try:
        config = json.loads(text)
    except ValueError as error:
        raise _wrong(f"not JSON: {error}") from None
    jobs, task = (_mapping(config, key) for key in ("cluster", "task"))
    workers = tuple(
        Worker(f"{kind} {index}", *address)
        for kind in _TYPES
        for index, address in enumerate(_addresses(jobs, kind))
    )
    if unknown := jobs.keys() - set(_TYPES):
        raise _wrong(f"cluster.{min(unknown)}: gantool has no such tasks, only {_listed()}")
    if not workers:
        raise _wrong("cluster names no worker")
    addresses = [f"{worker.host}:{worker.port}" for worker in workers]
    if again := {address for address in addresses if addresses.count(address) > 1}:
        raise _wrong(f"cluster: {min(again)} stands there twice")
    return Cluster(workers, _own(task, jobs))


def _mapping(config: Any, key: str) -> Mapping[str, Any]:
    if not isinstance(config, dict) or key not in config:
        raise _wrong(f"{key} is missing")
    value = config[key]
    if not isinstance(value, dict):
        raise _wrong(f"{key} is no mapping: {json.dumps(value)}")
    return value


def _addresses(jobs: Mapping[str, Any], kind: str) -> list[tuple[str, int]]:
    addresses = jobs.get(kind, [])
    if not isinstance(addresses, list):
        raise _wrong(f"cluster.{kind} is no list: {json.dumps(addresses)}")
    if kind == "chief" and len(addresses) > 1:
        raise _wrong(f"cluster.chief: there is one chief, not {len(addresses)}")
    return [_address(address, kind) for address in addresses]


def _address(address: Any, kind: str) -> tuple[str, int]:
    found = _ADDRESS.fullmatch(address) if isinstance(address, str) else None
    if found is None or not 0 < int(found["port"]) < 2**16:
        raise _wrong(f"cluster.{kind}: {json.dumps(address)} is not host:port")
    return found["host"].strip("[]"), int(found["port"])


def _own(task: Mapping[str, Any], jobs: Mapping[str, Any]) -> int:
    kind, index = task.get("type"), task.get("index")
    if kind not in _TYPES:
        raise _wrong(f"task.type is {json.dumps(kind)}, not {_listed()}")
    count = len(jobs.get(kind, []))
    # TensorFlow takes a number in quotes, too.
    if not str(index).isdecimal() or int(str(index)) >= count:
        raise _wrong(f"task.index is {json.dumps(index)}, but cluster.{kind} has {count} addresses")
    return int(str(index)) + (len(jobs.get("chief", [])) if kind == "worker" else 0)


def _listed() -> str:
    return " or ".join(_TYPES)


def _wrong(what: str) -> InputError:
    return InputError(
        f"TF_CONFIG: {what}\n"
        "it names all workers, and which of them this one is, as in\n"
        f"  export TF_CONFIG='{_EXAMPLE}'"
    )
