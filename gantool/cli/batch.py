"""`--batch N` and `--batch auto`: the batch of a recipe from the command line."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from gantool.cli.loading import load_recipe
from gantool.errors import GantoolError, InputError
from gantool.memory import amount

if TYPE_CHECKING:
    from gantool.recipe.load import LoadedRecipe, RecipeText
    from gantool.recipe.spec import Spec

_OF_FREE, _OF_FREE_GPU = 0.7, 0.9
"""The share of free memory that the first steps may take. Those after them take up to a fifth more
of the machine's, which lies in pieces by then, and other programs need some, too."""
_REFUSED = 0.85
"""The share of free memory beyond which a trial gets none."""
_PATIENCE = 60.0
"""Seconds that one trial may take."""


def _read(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch("auto|0*[1-9][0-9]*", value):
        raise click.BadParameter(f"{value!r} is neither auto nor a whole number of at least 1.")
    return value


batch_option = click.option(
    "--batch",
    callback=_read,
    metavar="N|auto",
    help="Short for --set train.batch_size=N; auto: the largest that fits into memory. Another"
    " batch is another training: learning rates may have to change with it.",
)


def load_with_batch(
    source: RecipeText,
    settings: Sequence[str],
    steps: int | None,
    seed: int | None,
    batch: str | None,
) -> LoadedRecipe:
    """Read a recipe as `load_recipe` does, with the batch of `--batch` in it."""
    if batch == "auto":
        loaded = load_recipe(source, settings, steps, seed)
        loaded.raise_problems()
        own, pack = loaded.recipe.train.batch_size, _pack(loaded.specs.discriminator or ())
        batch = str(_largest(source, settings, own, pack))
    if batch is not None:
        settings = (*settings, f"train.batch_size={batch}")
    return load_recipe(source, settings, steps, seed)


def _pack(discriminator: Iterable[Spec]) -> int:
    """How many examples a discriminator judges together, by which batches are divisible."""
    from gantool.recipe.signatures import signature

    known = signature("layer", "Pack")
    assert known is not None
    default = known.keywords["examples"].default
    packs = (layer for layer in discriminator if layer.name == "Pack")
    return math.prod(layer.keywords.get("examples", default) for layer in packs)


def _largest(source: RecipeText, settings: Sequence[str], own: int, pack: int) -> int:
    """The largest batch that fits a recipe whose own is another; says which, and why."""
    from gantool.measuring.largest_batch import MULTIPLE, largest_batch
    from gantool.memory import free_memory

    # Now: what this process takes later is what the trial takes, too.
    with closing(_Trial(source, settings, free_memory(), pack)) as trial:
        share = _OF_FREE_GPU if trial.on_gpu else _OF_FREE
        limit = int(share * trial.free)
        found = largest_batch(
            lambda packs: trial.peak_of(packs * pack),
            limit,
            *(max(1, own // pack), trial.images // pack, trial.at_rest),
            lambda: trial.affordable() / pack,
        )
    of_limit = f"of the {amount(limit)} that are {share:.0%} of the free memory"
    if found is None:
        raise GantoolError(
            f"--batch auto: not even a batch of {pack} comes through with its part {of_limit};"
            f" `gantool train … --batch {pack} --dry-run` tells more"
        )
    batch = found.batch * pack
    takes = "it takes" if found.was_tried else "from smaller ones, it should take"
    reason = f"{takes} {amount(found.peak)} {of_limit}"
    if batch + MULTIPLE * pack > trial.images:
        reason = f"the set has {trial.images:,} images; {reason}"
    click.echo(f"batch {batch} is the largest that fits: {reason}", err=True)
    if batch != own:
        click.echo(
            f"the recipe has {own}: with another batch, learning rates may have to change, too",
            err=True,
        )
    return batch


class _Trial:
    """A process that tries batches.

    It may run out of memory in place of this one. One that has is followed by another.

    Attributes:
        images: In the recipe's set.
        at_rest: Bytes that it takes before any training.
        on_gpu: Whether it trains on a GPU.
        free: Bytes of the memory that limits the batch: the GPU's, or this machine's.
    """

    def __init__(self, source: RecipeText, settings: Sequence[str], free: int, least: int) -> None:
        self.free = free
        self._request = {
            "text": source.text,
            "name": source.name,
            "folder": str(source.folder),
            "settings": list(settings),
            "least": least,
            "most": int(_REFUSED * free),
        }
        self._last, self._seconds = 0, 0.0
        self._start()

    def affordable(self) -> float:
        """The largest batch that can be tried without taxing anybody's patience."""
        return self._last * _PATIENCE / self._seconds

    def peak_of(self, batch: int) -> int | None:
        """The bytes that a few steps with a batch take at most; None if they are too many."""
        if batch < self._last:  # a process never forgets its peak
            self.close()
        if self._process.poll() is not None:
            self._start()
        began = time.monotonic()
        answer = self._ask(batch)
        self._last, self._seconds = batch, time.monotonic() - began
        if answer is None:
            self.close()
            click.echo(f"trying batch {batch}: does not fit", err=True)
            return None
        peak = int(answer["peak"])
        click.echo(f"trying batch {batch}: {amount(peak)}", err=True)
        return peak

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gantool.cli.trial"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        ready = self._ask(self._request)
        if ready is None:
            code = self._process.wait()
            raise GantoolError(
                f"--batch auto: the process that tries batches ended by itself (exit code {code});"
                " name a batch, as in --batch 64"
            )
        self.images, self.at_rest = int(ready["images"]), int(ready["at_rest"])
        self.on_gpu = ready["gpu_free"] is not None
        if self.on_gpu:
            self.free = int(ready["gpu_free"])

    def _ask(self, question: object) -> dict[str, Any] | None:
        """What the process answers; None if it has ended instead."""
        assert self._process.stdin
        assert self._process.stdout
        try:
            print(json.dumps(question), file=self._process.stdin, flush=True)
        except BrokenPipeError:
            return None
        line = self._process.stdout.readline()
        if not line:
            return None
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise (InputError if answer["is_input"] else GantoolError)(answer["error"])
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
