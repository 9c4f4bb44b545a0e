"""Which of several ways to compute something is taken: the fastest, as measured on this machine.

What was measured is kept in the user's cache, for this processor, number of cores and these
versions, so each shape is measured once. Another way rounds otherwise. So a run's checkpoints hold
the ways that it takes, and it goes on in them; and where pictures are drawn and figures taken,
nothing is measured, or they would be others in another process.
"""

import hashlib
import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar, copy_context
from math import inf
from pathlib import Path
from typing import Any

import platformdirs
import tensorflow as tf

from gantool import locks
from gantool.device import machine
from gantool.files import write_bytes

_ROUNDS = 12
"""In each, every way is timed once; the best time of each counts."""
_LONGEST = 0.4
"""Seconds of an operation's rounds after which no further one begins."""
_WORTH = 0.85
"""Of the plain way's time: what another may take at most to be taken. Ways of many operations take
longer within a step than alone."""


class Ways:
    """The ways in which a run computes.

    Attributes:
        taken: By operation, the way of each that has been asked for.
    """

    def __init__(self) -> None:
        self._begun: dict[str, str] = {}
        self.taken: dict[str, str] = {}

    def resume(self, begun: Mapping[str, str]) -> None:
        """Take the ways that operations were computed in until now, where they are asked for."""
        self._begun = dict(begun)

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Within, this thread takes the ways of the run, and the fastest where it has none."""
        token = _of_run.set(self)
        try:
            yield
        finally:
            _of_run.reset(token)

    def take(self, what: str, ways: Mapping[str, Callable[[], Any]]) -> str:
        """See `fastest`."""
        name = self.taken.get(what) or self._begun.get(what) or _kept().get(what, "")
        if name not in ways:
            name = _keep(what, _measured(ways), ways)
        self.taken[what] = name
        return name


_of_run: ContextVar[Ways | None] = ContextVar("of_run", default=None)


def fastest(what: str, ways: Mapping[str, Callable[[], Any]], expected: str) -> str:
    """The name of the way to be taken: the fastest one within `Ways.measured`.

    Args:
        what: The operation, its shapes and its type.
        ways: Each computes it once, and more than once for what is compiled first; the first is
            the plain way.
        expected: The one to be taken elsewhere, and in each of several replicas, which may be on
            several machines.
    """
    run = _of_run.get()
    return expected if run is None or tf.distribute.has_strategy() else run.take(what, ways)


def _measured(ways: Mapping[str, Callable[[], Any]]) -> str:
    best = {}
    if len(ways) > 1:
        # In a thread of its own: what is traced meanwhile, and recorded for derivatives, has
        # nothing to do with it.
        with ThreadPoolExecutor(1) as pool:
            best = pool.submit(copy_context().run, _best_seconds, ways).result()
    plain = next(iter(ways))
    return min(ways, key=lambda name: best.get(name, 0.0) * (_WORTH if name == plain else 1.0))


def _best_seconds(ways: Mapping[str, Callable[[], Any]]) -> dict[str, float]:
    """Of each way; all take turns, so that what else the machine does hurts all."""
    for way in ways.values():
        _seconds(way)  # compiles it
    best = dict.fromkeys(ways, inf)
    begun = time.perf_counter()
    for _ in range(_ROUNDS):
        for name, way in ways.items():
            best[name] = min(best[name], _seconds(way))
        if time.perf_counter() - begun > _LONGEST:
            break
    return best


def _seconds(way: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    for result in tf.nest.flatten(way()):
        tf.reshape(result, [-1])[:1].numpy()
    return time.perf_counter() - begun


def _file() -> Path:
    name = hashlib.sha256(machine().encode()).hexdigest()[:16]
    return platformdirs.user_cache_path("gantool", appauthor=False) / "ways" / f"{name}.json"


def _kept() -> dict[str, str]:
    """What has been measured here; nothing where the file is none of ours."""
    try:
        found = json.loads(_file().read_bytes())["ways"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {what: name for what, name in found.items() if isinstance(name, str)}


def _keep(what: str, name: str, ways: Collection[str]) -> str:
    """Keep what was measured; the answer of another process where that was faster.

    What was kept and is none of the ways, as of another gantool, is replaced.
    """
    path = _file()
    with suppress(OSError):  # what cannot be kept is measured again
        path.parent.mkdir(parents=True, exist_ok=True)
        with locks.lock(path.with_suffix(".lock"), locks.wait):
            known = _kept()
            if known.get(what) in ways:
                return known[what]
            whole = {"machine": machine(), "ways": dict(sorted({**known, what: name}.items()))}
            write_bytes(path, json.dumps(whole, indent=1).encode())
    return name
