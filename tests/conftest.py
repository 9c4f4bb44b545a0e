"""What tests of several rooms share: real digits, a recipe that trains in seconds, the command.

TensorFlow's start takes seconds, so whatever a process of its own does not decide runs in the
tests' process, by `command`. What it does decide runs in another: one that has TensorFlow imported,
by `forked` and `start`, or, where its start matters too, one from nothing, by `gantool`.
"""

from __future__ import annotations

import gzip
import os
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from gantool.device import prepare_tensorflow

from .nursery import Ended, Nursery, Started

prepare_tensorflow()  # before any test imports it

# How long one case takes is decided by what else the machine does.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

REPOSITORY = Path(__file__).resolve().parents[1]
DIGITS = 300
STARTING = {"nursery", "gantool", "in_terminal"}
"""The fixtures that start `gantool` in a process of its own."""

TINY = """\
# A network small enough for tests.
name: tiny
seed: 3
data:
  source: digits        # beside this file
  size: [28, 28]
  channels: 1
  labels: true
  flip: true
latent: {size: 8}
generator:
  layers:
    - ConcatLabel
    - Dense: {units: 196, use_bias: false}
    - BatchNormalization
    - ReLU
    - Reshape: {target_shape: [7, 7, 4]}
    - Conv2DTranspose: {filters: 4, kernel_size: 4, strides: 2, padding: same}
    - BatchNormalization
    - ReLU
    - Conv2DTranspose: {filters: 1, kernel_size: 4, strides: 2, padding: same, activation: tanh}
discriminator:
  layers:
    - ConcatLabel
    - Conv2D: {filters: 4, kernel_size: 4, strides: 2, padding: same, use_bias: false}
    - BatchNormalization
    - LeakyReLU: {negative_slope: 0.2}
    - Flatten
    - Dense: {units: 1}
loss: non-saturating
optimizers:
  generator: {Adam: {learning_rate: 1.0e-3, beta_1: 0.5}}
  discriminator: {Adam: {learning_rate: 1.0e-3, beta_1: 0.5}}
train:
  steps: 200            # in all
  batch_size: 8
  precision: float32    # on every machine that the tests run on
  average: 0.99
output:
  log_every: 20
  grid: {every: 100, rows: 2, columns: 5}
  checkpoint: {every: 50, keep: 2}
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what starts `gantool` in a process of its own."""
    for item in items:
        if not STARTING.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def mnist() -> Callable[[str], np.ndarray]:
    """Read a real file of MNIST by the beginning of its name: `train-images`, `t10k-labels`."""

    def read(name: str) -> np.ndarray:
        [path] = (REPOSITORY / "data" / "mnist").glob(f"{name}-*")
        content = gzip.decompress(path.read_bytes())
        dimensions = content[3]
        shape = struct.unpack(f">{dimensions}I", content[4 : 4 + 4 * dimensions])
        return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)

    return read


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory, mnist: Callable[[str], np.ndarray]) -> Path:
    """A folder with tiny.yaml and the first 300 digits of MNIST. Write nothing else into it."""
    folder = tmp_path_factory.mktemp("workshop")
    (folder / "digits").mkdir()
    for kind, dimensions in (("images", 3), ("labels", 1)):
        array = mnist(f"train-{kind}")[:DIGITS]
        header = bytes([0, 0, 8, dimensions]) + struct.pack(f">{dimensions}I", *array.shape)
        path = folder / "digits" / f"train-{kind}-idx{dimensions}-ubyte"
        path.write_bytes(header + array.tobytes())
    (folder / "tiny.yaml").write_text(TINY, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def tiny(workshop: Path) -> Path:
    """The recipe file of `workshop`."""
    return workshop / "tiny.yaml"


@pytest.fixture(scope="session")
def gantool(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Ended]:
    """Run `gantool` in a process from nothing; keywords: `cwd`, `timeout`, the environment."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    def run(*arguments: Any, cwd: Path = elsewhere, timeout: float = 120, **env: str) -> Ended:
        done = subprocess.run(
            [sys.executable, "-m", "gantool", *map(str, arguments)],
            cwd=cwd,
            env=os.environ | env,
            timeout=timeout,
            capture_output=True,
            text=True,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Where `gantool` is forked with TensorFlow imported."""
    with Nursery() as nursery:
        yield nursery


@pytest.fixture
def start(nursery: Nursery) -> Iterator[Callable[..., Started]]:
    """Start `gantool` in a process that has TensorFlow imported; keywords: the environment."""
    started: list[Started] = []

    def start(*arguments: Any, **env: str) -> Started:
        started.append(nursery.start(*arguments, **env))
        return started[-1]

    yield start
    for process in started:
        process.kill()


@pytest.fixture(scope="session")
def forked(nursery: Nursery) -> Callable[..., Ended]:
    """Run `gantool` in a process that has TensorFlow imported."""

    def run(*arguments: Any, seconds: float = 120) -> Ended:
        process = nursery.start(*arguments)
        try:
            code = process.wait(seconds)
        finally:
            process.kill()
        assert code is not None, process.so_far()
        return Ended(code, *process.so_far())

    return run


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run `gantool` in this process."""
    from gantool.cli.main import main

    def run(*arguments: Any) -> Ended:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def trained(
    workshop: Path, tmp_path_factory: pytest.TempPathFactory, forked: Callable[..., Ended]
) -> Path:
    """The run folder of tiny.yaml, trained at once for its 200 steps. Copy it to change it."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    ended = forked("train", workshop / "tiny.yaml", "--out", folder)
    assert ended.code == 0, ended.err
    (folder.parent / "stdout").write_text(ended.out)
    return folder


@pytest.fixture
def load_tiny(tiny: Path) -> Callable[..., Any]:
    """Load tiny.yaml with `--set` values, as a LoadedRecipe."""
    from gantool.recipe.edit import parse_override
    from gantool.recipe.load import find_recipe, load

    def load_with(*settings: str) -> Any:
        return load(find_recipe(str(tiny)), [parse_override(setting) for setting in settings])

    return load_with
