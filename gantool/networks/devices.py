"""What training computes on, and what a recipe that leaves precision and XLA open gets there."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import tensorflow as tf

from gantool.device import cores, has_bfloat16, processor
from gantool.kernels.gpu import gpus
from gantool.memory import gpu_memory, machine_memory
from gantool.recipe.data import Data
from gantool.recipe.document import Problem
from gantool.recipe.load import LoadedRecipe
from gantool.recipe.model import Train
from gantool.recipe.spec import Spec


@dataclass(frozen=True)
class Device:
    """The device that networks are computed on.

    Attributes:
        name: What it is, such as `2 cores of AMD EPYC` or `NVIDIA H100`.
        is_gpu: Whether it is a GPU; else the processor.
        precision: The fastest one whose losses are those of float32 to within noise.
        reason: Why that is the fastest.
    """

    name: str
    is_gpu: bool
    precision: str
    reason: str


def find_device() -> Device:
    """The first GPU that TensorFlow sees, or the processor."""
    found = gpus()
    if not found:
        count = cores()
        name = f"{count} core{'s' if count > 1 else ''} of {processor()}"
        return Device(name, False, *_precision_of_processor(has_bfloat16()))
    details = tf.config.experimental.get_device_details(found[0])
    name = details.get("device_name", "GPU")
    return Device(name, True, *_precision_of_gpu(details.get("compute_capability", (0, 0))))


def with_precision_for(device: Device, data: Data) -> Device:
    """The device, with float32 where the data are points, which bfloat16 does not tell apart."""
    if data.size is not None or device.precision == "float32":
        return device
    return replace(device, precision="float32", reason="points need it")


def available_memory(device: Device) -> int:
    """Bytes that networks could have at most: of the machine, or of a larger GPU."""
    return max(machine_memory(), (gpu_memory() or 0) if device.is_gpu else 0)


def _precision_of_processor(bfloat16: bool) -> tuple[str, str]:
    if bfloat16:
        return "mixed_bfloat16", "the processor has bfloat16"
    return "float32", "the processor has no bfloat16"


def _precision_of_gpu(capability: tuple[int, int]) -> tuple[str, str]:
    """By compute capability: NVIDIA's tensor cores take float16 since 7.0, bfloat16 since 8.0."""
    reason = f"the GPU has compute capability {capability[0]}.{capability[1]}"
    if capability >= (8, 0):
        return "mixed_bfloat16", reason
    return ("mixed_float16" if capability >= (7, 0) else "float32"), reason


def stating_precision(loaded: LoadedRecipe, device: Device) -> LoadedRecipe:
    """The recipe with the device's precision written into it, where it says `auto`.

    So a run goes on in the precision that it began with, on whatever device.
    """
    if loaded.recipe.train.precision != "auto":
        return loaded
    return loaded.stating(("train", "precision"), device.precision)


def compiles(train: Train, device: Device, replicas: int = 1) -> bool:
    """Whether XLA compiles the updates.

    On a processor that loses: XLA has no convolutions of oneDNN's speed. Updates of several
    replicas hold sums over all of them, which XLA does not compile.
    """
    wanted = device.is_gpu if train.jit_compile == "auto" else train.jit_compile
    return wanted and replicas == 1


def described(asked: Train, train: Train, device: Device, replicas: int = 1) -> str:
    """A line that states the device and, of what was `asked` for, what is trained with there."""
    chosen = f" (auto: {device.reason})" if asked.precision == "auto" else ""
    xla = "updates compiled by XLA" if compiles(train, device, replicas) else "without XLA"
    chosen_xla = " (auto)" if asked.jit_compile == "auto" else ""
    return f"{device.name}, {train.precision}{chosen}, {xla}{chosen_xla}"


WITHOUT_XLA = (
    *("AugMix", "CutMix", "MixUp", "RandAugment", "RandomElasticTransform", "RandomPerspective"),
    *("RandomRotation", "RandomShear", "RandomTranslation", "RandomZoom"),
)
"""They turn and warp pictures, or draw from a gamma distribution."""


def stating_compilation(loaded: LoadedRecipe, device: Device) -> LoadedRecipe:
    """The recipe with `train.jit_compile: false` in it where `auto` would compile such a layer."""
    train = loaded.recipe.train
    if train.jit_compile != "auto" or not compiles(train, device) or not _found(loaded):
        return loaded
    return loaded.stating(("train", "jit_compile"), False)


def compilation_problems(loaded: LoadedRecipe, device: Device, replicas: int) -> Iterator[Problem]:
    """Tell the layers that XLA cannot compile where it is to compile the updates."""
    if compiles(loaded.recipe.train, device, replicas):
        for part in _found(loaded):
            yield Problem(
                part.path,
                f"{part.name} cannot be compiled by XLA: set train.jit_compile to false, or"
                f" remove the {part.name}",
            )


def _found(loaded: LoadedRecipe) -> list[Spec]:
    return list(_without_xla([loaded.specs.generator, loaded.specs.discriminator]))


def _without_xla(values: Iterable[object]) -> Iterator[Spec]:
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from _without_xla(value)
        elif isinstance(value, Spec):
            if value.name in WITHOUT_XLA:
                yield value
            yield from _without_xla(value.keywords.values())
