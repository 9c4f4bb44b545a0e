"""The recipe as typed data: what may stand in it, with which defaults.

Structure, types and bounds are checked here. Whether a layer or an optimizer knows its keywords
is checked by `gantool.recipe.components`, and whether the layers fit each other by
`gantool.networks`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from PIL import ImageColor
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    WithJsonSchema,
    field_validator,
    model_serializer,
    model_validator,
)

MAX_COUNT = 2**63 - 1
"""The largest whole number that TensorFlow has."""
MAX_SEED = MAX_COUNT

Count = Annotated[int, Field(gt=0, le=MAX_COUNT)]

COMPONENT = "component"
"""Marks, in the JSON Schema of these models, where `gantool.recipe.schema` puts its definitions."""


class Section(BaseModel):
    """A mapping of a recipe: unknown keys are errors, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Component(BaseModel):
    """`Name` or `Name: {keyword: value}`: a class and the keywords it is made with."""

    model_config = ConfigDict(frozen=True)

    name: str
    keywords: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _from_yaml(cls, value: Any) -> Any:
        name, keywords = _name_and_keywords(value)
        return {"name": name, "keywords": keywords}


def _name_and_keywords(value: Any) -> tuple[str, dict[str, Any]]:
    if isinstance(value, Component):
        return value.name, value.keywords
    if isinstance(value, str):
        return value, {}
    if not isinstance(value, dict) or not value:
        raise ValueError("write `Name` or `Name: {keyword: value}` here")
    if len(value) > 1:
        keys = list(value)
        raise ValueError(
            f"one name is expected here, not {len(value)} ({', '.join(map(str, keys))});"
            f" are the keywords of {keys[0]} indented below it?"
        )
    [(name, keywords)] = value.items()
    if keywords is None:
        keywords = {}
    if not isinstance(keywords, dict):
        raise ValueError(f"the keywords of {name} are a mapping: `{name}: {{keyword: value}}`")
    return str(name), {str(key): item for key, item in keywords.items()}


def _tagged(value: Any) -> Any:
    """Turn `Name: {keyword: value}` into the form in which pydantic picks a class by its tag."""
    if isinstance(value, Section):
        return value
    name, keywords = _name_and_keywords(value)
    return {"kind": name, **keywords}


class Interval(BaseModel):
    """So many steps, or so many epochs: `500`, `1 epoch`, `2 epochs`."""

    model_config = ConfigDict(frozen=True)

    count: int
    in_epochs: bool = False

    @classmethod
    def of(cls, written: int | str) -> Interval:
        """The interval that a recipe writes so."""
        return cls.model_validate(written)

    @model_validator(mode="before")
    @classmethod
    def _from_yaml(cls, value: Any) -> Any:
        if isinstance(value, Interval):
            return value
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_COUNT:
            return {"count": value}
        if isinstance(value, str) and (found := _EPOCHS.fullmatch(value)):
            return {"count": int(found[1]), "in_epochs": True}
        raise ValueError(
            f"write a number of steps of at least 1, or epochs as in `1 epoch`, not {value!r}"
        )

    @model_serializer
    def _as_written(self) -> int | str:
        if not self.in_epochs:
            return self.count
        return f"{self.count} epoch" + ("s" if self.count > 1 else "")


_EPOCHS = re.compile(r"([1-9]\d{0,17}) epochs?")

Every = Annotated[
    Interval,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "exclusiveMinimum": 0, "maximum": MAX_COUNT},
                {"type": "string", "pattern": f"^{_EPOCHS.pattern}$"},
            ]
        }
    ),
]
Layer = Annotated[Component, WithJsonSchema({COMPONENT: "Layer"})]
Initializer = Annotated[Component, WithJsonSchema({COMPONENT: "Initializer"})]
Optimizer = Annotated[Component, WithJsonSchema({COMPONENT: "Optimizer"})]


class Data(Section):
    """Which images, and how they are brought to the size and values that the networks see."""

    source: str = Field(
        min_length=1,
        description="A catalogue name (mnist), a folder, a zip of images, an IDX file, or TFRecord"
        " files (a glob such as faces/*.tfrecord).",
    )
    size: tuple[Count, Count] = Field(description="Height and width in pixels.")
    channels: Literal[1, 3, 4] = Field(
        3, description="1 for grey, 3 for RGB, 4 for RGB with transparency."
    )
    range: tuple[FiniteFloat, FiniteFloat] = Field(
        (-1.0, 1.0), description="What black and white become for the networks."
    )
    labels: bool = Field(False, description="Whether the networks are told each image's class.")
    flip: bool = Field(False, description="Mirror every second image, at random, left to right.")
    crop: tuple[Count, Count] | None = Field(
        None,
        description="Height and width of the centred piece that is kept before resizing; without"
        " it, the largest one with the proportions of `size`.",
    )
    background: str = Field(
        "white",
        description="The colour behind transparent pixels: a CSS name or #rrggbb. Without effect"
        " where `channels` is 4.",
    )

    @field_validator("range")
    @classmethod
    def _range_rises(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not value[0] < value[1]:
            raise ValueError("the range is [value of black, value of white], the lower one first")
        return value

    @field_validator("background")
    @classmethod
    def _background_is_a_colour(cls, value: str) -> str:
        try:
            ImageColor.getrgb(value)
        except ValueError:
            raise ValueError(
                f"{value!r} is no colour; write a CSS name such as white, or '#rrggbb' in quotes"
            ) from None
        return value


class Latent(Section):
    """The random vector that the generator turns into an image."""

    size: Count
    distribution: Literal["normal", "uniform"] = "normal"
    bounds: tuple[FiniteFloat, FiniteFloat] | None = Field(
        None, description="Of the uniform distribution, low end included; [-1, 1) if not given."
    )

    @model_validator(mode="after")
    def _bounds_fit(self) -> Latent:
        if self.bounds is None:
            return self
        if self.distribution != "uniform":
            raise ValueError("bounds belong to the uniform distribution")
        if not self.bounds[0] < self.bounds[1]:
            raise ValueError("bounds are [low, high], the lower one first")
        return self


class Network(Section):
    """The layers of one network, from its input to its output."""

    layers: list[Layer] = Field(min_length=1)


class Generator(Network):
    """The layers that turn a latent vector into an image."""

    statistics: Literal["moving", "batch"] = Field(
        "moving",
        description="What BatchNormalization goes by in samples: the moving averages of training,"
        " or the statistics of one fixed batch of train.batch_size latents, the same for every"
        " sample, so that an image does not depend on those drawn beside it.",
    )


class GradientPenalty(Section):
    """weight · mean (‖∇D(x̂)‖₂ − 1)², x̂ between a real and a generated image (WGAN-GP, eq. 3)."""

    kind: Literal["GradientPenalty"] = "GradientPenalty"
    weight: float = Field(10.0, gt=0, allow_inf_nan=False)


class WeightClip(Section):
    """Every weight of the discriminator to ±limit after each update of it (WGAN, algorithm 1)."""

    kind: Literal["WeightClip"] = "WeightClip"
    limit: float = Field(gt=0, allow_inf_nan=False)
    batch_normalization: Literal["weights", "all", "none"] = Field(
        "weights",
        description="weights: scale and offset of BatchNormalization are clipped like other"
        " weights; all: its moving statistics too; none: nothing of it.",
    )


class WeightDecay(Section):
    """weight · ½ Σ w² over all weights of a network, biases too, in the loss of each network."""

    kind: Literal["WeightDecay"] = "WeightDecay"
    weight: float = Field(gt=0, allow_inf_nan=False)


Regularizer = Annotated[
    Annotated[GradientPenalty | WeightClip | WeightDecay, Field(discriminator="kind")],
    BeforeValidator(_tagged),
    WithJsonSchema({COMPONENT: "Regularizer"}),
]
REGULARIZERS: tuple[type[Section], ...] = (GradientPenalty, WeightClip, WeightDecay)


class Optimizers(Section):
    """One optimizer for each network."""

    generator: Optimizer
    discriminator: Optimizer


class Burst(Section):
    """Steps in which the discriminator runs ahead of the generator.

    The defaults are those of the first Wasserstein GAN code (Arjovsky et al. 2017).
    """

    discriminator: Count = Field(100, description="Updates of the discriminator in such a step.")
    first: int = Field(25, ge=0, le=MAX_COUNT, description="So many steps at the start of the run.")
    every: Count | None = Field(
        500, description="And each step whose number, counted from 0, it divides; null: none."
    )


class Updates(Section):
    """What one step is made of."""

    discriminator: Count = Field(
        1, description="Updates of the discriminator a step, each with a batch of its own."
    )
    generator: Count = Field(1, description="Updates of the generator a step.")
    order: Literal["discriminator-first", "generator-first", "simultaneous"] = Field(
        "discriminator-first",
        description="simultaneous: both networks are moved at once, from one forward pass.",
    )
    latents: Literal["fresh", "shared"] = Field(
        "fresh",
        description="fresh: each update draws its own; shared: all updates of a step use the same.",
    )
    real_and_generated: Literal["together", "separate"] = Field(
        "together",
        description="together: one update of the discriminator from the sum of its two losses;"
        " separate: one from the real images, then one from the generated ones.",
    )
    burst: Burst | None = Field(
        None, description="Steps with more updates of the discriminator; null: none."
    )

    @model_validator(mode="after")
    def _simultaneous_is_one_pass(self) -> Updates:
        alone = (1, 1, "together", None)
        asked = (self.discriminator, self.generator, self.real_and_generated, self.burst)
        if self.order == "simultaneous" and asked != alone:
            raise ValueError(
                "simultaneous updates are one of each network, from one forward pass: leave"
                " discriminator, generator, real_and_generated and burst out"
            )
        return self


class Train(Section):
    """For how long, in which batches, at which precision."""

    steps: Count | None = Field(None, description="Steps in all; or give epochs.")
    epochs: Count | None = Field(None, description="Passes over the images; or give steps.")
    batch_size: Count
    updates: Updates = Updates()
    precision: Literal["auto", "float32", "mixed_bfloat16", "mixed_float16"] = Field(
        "auto",
        description="auto: bfloat16 or float16 with float32 weights where the device computes in"
        " them many times as fast, float32 elsewhere; the run's own recipe states which.",
    )
    jit_compile: Literal["auto"] | bool = Field(
        "auto",
        description="Whether XLA compiles the updates of the networks whole; auto: on a GPU. It"
        " draws other numbers for dropout and gradient penalties than TensorFlow does.",
    )
    retries: int = Field(
        0,
        ge=0,
        le=MAX_COUNT,
        description="After a loss or gradient that is not finite, go back to the last checkpoint"
        " and on from there with other random numbers, at most so many times; 0: stop.",
    )
    average: float | None = Field(
        None, gt=0, lt=1, description="Decay of the moving average of the generator; null: none."
    )

    @model_validator(mode="after")
    def _one_length(self) -> Train:
        if self.steps is None and self.epochs is None:
            raise ValueError("give steps or epochs")
        if self.steps is not None and self.epochs is not None:
            raise ValueError("give steps or epochs, not both (--steps N takes the place of either)")
        return self


Layout = Literal["by-seed", "by-label", "by-label-free"]


class Grid(Section):
    """The picture of samples that is drawn while training."""

    every: Every = Interval.of(1000)
    rows: Count = 8
    columns: Count = 8
    layouts: list[Layout] = Field(
        ["by-seed"],
        min_length=1,
        description="by-seed: seeds 0, 1, 2, … row by row; by-label: a row for each label, a column"
        " for each seed; by-label-free: a row for each label, a seed for each image. The first is"
        " drawn as step-N.png, others as step-N-layout.png.",
    )


class Checkpoint(Section):
    """How often the run is saved, and how many of its checkpoints stay."""

    every: Every = Interval.of(1000)
    keep: Count = Field(3, description="The newest so many stay.")


class Output(Section):
    """What is written while training, and how often: in steps, or in epochs as in `1 epoch`."""

    log_every: Every = Interval.of(100)
    grid: Grid = Grid()
    checkpoint: Checkpoint = Checkpoint()
    on_write_error: Literal["stop", "continue"] = Field(
        "stop",
        description="Where a file cannot be written, as on a full disk: stop; or continue, and try"
        " again when the next one is due.",
    )


class Recipe(Section):
    """All that decides what a training run computes."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        max_length=100,
        description="Names the run folder: letters, digits, '.', '_' and '-'.",
    )
    seed: int = Field(0, ge=0, le=MAX_SEED, description="Decides every random number of the run.")
    data: Data
    latent: Latent
    generator: Generator
    discriminator: Network
    initializer: Initializer | None = Field(
        None, description="For every kernel whose layer names none of its own."
    )
    loss: Literal["non-saturating", "minimax", "least-squares", "hinge", "wasserstein", "softmax"]
    regularizers: list[Regularizer] = []
    optimizers: Optimizers
    train: Train
    output: Output = Output()

    @property
    def logits(self) -> int:
        """How many numbers the discriminator gives for an image."""
        return 2 if self.loss == "softmax" else 1
