"""The recipe as typed data: what may stand in it, with which defaults.

Structure, types and bounds are checked here. Whether a layer or an optimizer knows its keywords
is checked by `gantool.recipe.components`, and whether the layers fit each other by
`gantool.networks`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from PIL import ImageColor
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    PositiveInt,
    WithJsonSchema,
    field_validator,
    model_validator,
)

MAX_SEED = 2**63 - 1

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
    size: tuple[PositiveInt, PositiveInt] = Field(description="Height and width in pixels.")
    channels: Literal[1, 3] = Field(3, description="1 for grey, 3 for RGB.")
    range: tuple[FiniteFloat, FiniteFloat] = Field(
        (-1.0, 1.0), description="What black and white become for the networks."
    )
    labels: bool = Field(False, description="Whether the networks are told each image's class.")
    flip: bool = Field(False, description="Mirror every second image, at random, left to right.")
    crop: tuple[PositiveInt, PositiveInt] | None = Field(
        None,
        description="Height and width of the centred piece that is kept before resizing; without"
        " it, the largest one with the proportions of `size`.",
    )
    background: str = Field(
        "white", description="The colour behind transparent pixels: a CSS name or #rrggbb."
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

    size: PositiveInt
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


class GradientPenalty(Section):
    """weight · mean (‖∇D(x̂)‖₂ − 1)², x̂ between a real and a generated image (WGAN-GP, eq. 3)."""

    kind: Literal["GradientPenalty"] = "GradientPenalty"
    weight: float = Field(10.0, gt=0, allow_inf_nan=False)


class WeightClip(Section):
    """Every trainable weight of the discriminator to ±limit after its update (WGAN, alg. 1)."""

    kind: Literal["WeightClip"] = "WeightClip"
    limit: float = Field(gt=0, allow_inf_nan=False)


Regularizer = Annotated[
    Annotated[GradientPenalty | WeightClip, Field(discriminator="kind")],
    BeforeValidator(_tagged),
    WithJsonSchema({COMPONENT: "Regularizer"}),
]
REGULARIZERS: tuple[type[Section], ...] = (GradientPenalty, WeightClip)


class Optimizers(Section):
    """One optimizer for each network."""

    generator: Optimizer
    discriminator: Optimizer


class Updates(Section):
    """What one step is made of."""

    discriminator: PositiveInt = Field(1, description="Updates of the discriminator a step.")
    generator: PositiveInt = Field(1, description="Updates of the generator a step, after those.")
    real_and_generated: Literal["together", "separate"] = Field(
        "together",
        description="together: one update of the discriminator from the sum of its two losses;"
        " separate: one from the real images, then one from the generated ones.",
    )


class Train(Section):
    """For how long, in which batches, at which precision."""

    steps: PositiveInt | None = Field(None, description="Steps in all; or give epochs.")
    epochs: PositiveInt | None = Field(None, description="Passes over the images; or give steps.")
    batch_size: PositiveInt
    updates: Updates = Updates()
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"
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


class Grid(Section):
    """The picture of samples that is drawn while training."""

    every: PositiveInt = Field(1000, description="In steps.")
    rows: PositiveInt = 8
    columns: PositiveInt = 8


class Checkpoint(Section):
    """How often the run is saved, and how many of its checkpoints stay."""

    every: PositiveInt = Field(1000, description="In steps.")
    keep: PositiveInt = Field(3, description="The newest so many stay.")


class Output(Section):
    """What is written while training, and how often."""

    log_every: PositiveInt = Field(100, description="In steps.")
    grid: Grid = Grid()
    checkpoint: Checkpoint = Checkpoint()


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
    generator: Network
    discriminator: Network
    initializer: Initializer | None = Field(
        None, description="For every kernel whose layer names none of its own."
    )
    loss: Literal["non-saturating", "minimax", "least-squares", "hinge", "wasserstein"]
    regularizers: list[Regularizer] = []
    optimizers: Optimizers
    train: Train
    output: Output = Output()
