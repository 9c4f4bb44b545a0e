"""Recipes, and the `--set` values that change them."""

from __future__ import annotations

from gantool.errors import GantoolError
from gantool.recipe.edit import parse_override
from gantool.recipe.load import find_recipe, load

from .. import scratch

_SETTINGS = 2

SMALL = b"""\
name: x
data: {source: mnist, size: [8, 8], channels: 1}
latent: {size: 4}
generator: {layers: [Dense: {units: 64}, Reshape: {target_shape: [8, 8, 1]}]}
discriminator: {layers: [Flatten, Dense: {units: 1}]}
loss: hinge
optimizers: {generator: Adam, discriminator: {SGD: {learning_rate: 1.e-2}}}
train: {steps: 9, batch_size: 2}
"""

PIECE = b"train: {steps: 9}\ndata: {size: [8, 8]}\ngenerator: {layers: [Dense: {units: 64}]}\n"
"""Enough to change; a whole recipe takes several times as long."""


def target(data: bytes) -> None:
    """Load a recipe; what stands behind zero bytes are `--set` values."""
    text, *settings = data.split(b"\0")
    path = scratch.file("x.yaml", text)
    try:
        overrides = [parse_override(_argument(setting)) for setting in settings[:_SETTINGS]]
        loaded = load(find_recipe(str(path)), overrides, steps=5 if len(data) % 3 == 0 else None)
        loaded.text.encode()
        loaded.recipe.model_dump_json()
        loaded.raise_problems()
    except GantoolError as error:
        str(error).encode()


def _argument(data: bytes) -> str:
    """Bytes as they arrive from a shell."""
    return data.decode("utf-8", "surrogateescape")


def seeds() -> list[bytes]:
    """A small recipe, parts of one, and what YAML can do."""
    return [
        SMALL,
        PIECE + b"\0train.steps=3\0generator.layers.0.Dense.units=8",
        SMALL.replace(b"hinge", b"hige") + b"output: {grid: {every: 1 epoch}}\n",
        b"initializer: {RandomNormal: {stddev: 0.02}}\nregularizers: [WeightClip: {limit: 1}]\n",
        b"a: &a [1, 2]\nb: *a\nc: {<<: {d: ~, e: .inf}, f: 'x', g: \"\\u00e9\"}\n",
        b"a: &a [x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]\n",
        b"!!python/object/apply:os.system ['id']\n",
        b"generator: {layers: [Lambda: {function: os.system}, os.system, keras.src.x.Y]}\n",
        b"a: |\n  text\nb: >-\n  more\n? c\n: 0x1f\n---\n",
        b"{a: 1}\0a.b.c=[1, {x: y}]\0a=*b",
    ]
