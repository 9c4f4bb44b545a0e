"""Fuzz one reader, guided by coverage: `python tests/fuzz/run.py READER --runs 100000`.

A finding (an exception that is no line for a user, a crash, more than 10 seconds, more than 2 GiB)
ends it and lies in build/fuzz as crash-…, timeout-… or oom-…; `--replay FILE` reads one again. What
reaches new code is kept in build/fuzz/READER, and with it the next run begins; `--keep` adds to the
committed corpus those few that reach all of it.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Callable
from hashlib import sha1
from pathlib import Path

import atheris

FUZZ = Path(__file__).resolve().parent
REPOSITORY = FUZZ.parents[1]
INSTRUMENTED = ("gantool", "PIL", "yaml", "zipfile", "h5py")
LONGEST = {
    "images": 2048,
    "archives": 4096,
    "tfrecords": 512,
    "recipes": 640,
    "checkpoints": 12_000,
    "tables": 256,
    "arrays": 1024,
    "hdf5": 8192,
    "tars": 4096,
}
"""Bytes of an input: seeds and little more, as each input of a length is as likely as another."""

sys.path.insert(0, str(REPOSITORY))
sys.modules.pop("zipfile", None)


class Timed:
    """A target that keeps count."""

    def __init__(self, target: Callable[[bytes], None], runs: int) -> None:
        self._target, self._runs = target, runs
        self._count, self._slowest, self._begin = 0, 0.0, time.monotonic()

    def __call__(self, data: bytes) -> None:
        begin = time.monotonic()
        self._target(data)
        self._slowest = max(self._slowest, time.monotonic() - begin)
        self._count += 1
        if self._count == self._runs:
            told = f"{self._count:,} inputs in {time.monotonic() - self._begin:,.0f} s"
            print(f"{told}, the slowest {self._slowest:.3f} s", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reader", choices=LONGEST)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--replay", type=Path)
    parser.add_argument("--keep", action="store_true")
    # Whatever else there is comes from libFuzzer itself, which starts others of its kind to merge.
    asked, inner = parser.parse_known_args()
    with atheris.instrument_imports(include=INSTRUMENTED):
        reader = importlib.import_module(f"tests.fuzz.readers.{asked.reader}")
    if asked.replay:
        reader.target(asked.replay.read_bytes())
        return
    corpus = REPOSITORY / "build" / "fuzz" / asked.reader
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in reader.seeds():
        (corpus / sha1(seed).hexdigest()).write_bytes(seed)
    committed = FUZZ / "corpus" / asked.reader
    again = f"{sys.executable} {__file__} {asked.reader}"
    if asked.keep or inner:
        # Whether code is reached counts, not how often: fewer files.
        merge = ["-merge=1", "-set_cover_merge=1", "-use_counters=0", str(committed), str(corpus)]
        atheris.Setup([again, *(inner or merge)], reader.target)
    else:
        options = [
            f"-runs={asked.runs}",
            f"-max_len={LONGEST[asked.reader]}",
            f"-seed={asked.seed}",
            "-timeout=10",
            "-rss_limit_mb=2048",
            f"-artifact_prefix={corpus.parent}/",
            "-print_final_stats=1",
        ]
        target = Timed(reader.target, asked.runs)
        atheris.Setup([again, *options, str(corpus), str(committed)], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
