"""The recipe as typed data: what may stand in it, with which defaults.

Structure, types and bounds are checked here. Whether a layer or an optimizer knows its keywords
is checked by `gantool.recipe.resolve`, and whether the layers fit each other by
`gantool.networks`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    SerializerFunctionWrapHandler,
    Tag,
    WithJsonSchema,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticKnownError

from gantool.recipe.component import (
    COMPONENT,
    Augmentation,
    Component,
    Hook,
    Initializer,
    Layer,
    Loss,
    Metric,
    Optimizer,
    Term,
)
from gantool.recipe.data import Data
from gantool.recipe.section import Section
from gantool.recipe.types import (
    Count,
    Every,
    Fraction,
    Interval,
    Natural,
    Number,
    Positive,
)


class Losses(Section):
    """A loss for each network."""

    generator: Loss = Field(description="What the generator minimises.")
    discriminator: Loss = Field(description="What the discriminator minimises.")


def is_for_each(loss: Any) -> bool:
    """Whether what stands under `loss` names a loss for each network."""
    return isinstance(loss, Losses) or (
        isinstance(loss, dict) and not {"generator", "discriminator"}.isdisjoint(loss)
    )


class Latent(Section):
    """The random vector that the generator turns into an image."""

    size: Count = Field(description="How many numbers the vector has.")
    distribution: Literal["normal", "uniform"] = Field(
        "normal", description="Of each number; normal: mean 0, standard deviation 1."
    )
    bounds: tuple[Number, Number] | None = Field(
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

    layers: list[Layer] = Field(
        min_length=1, description="From top to bottom: the first takes the network's input."
    )


class Generator(Network):
    """The layers that turn a latent vector into an image."""

    statistics: Literal["moving", "batch"] = Field(
        "moving",
        description="What BatchNormalization goes by in samples: the moving averages of training,"
        " or the statistics of one fixed batch of train.batch_size latents, the same for every"
        " sample, so that an image does not depend on those drawn beside it.",
    )


class Optimizers(Section):
    """One optimizer for each network."""

    generator: Optimizer = Field(description="Moves the weights of the generator.")
    discriminator: Optimizer = Field(description="Moves the weights of the discriminator.")


class Burst(Section):
    """Steps in which the discriminator runs ahead of the generator.

    The defaults are those of the first Wasserstein GAN code (Arjovsky et al. 2017).
    """

    discriminator: Count = Field(100, description="Updates of the discriminator in such a step.")
    first: Natural = Field(25, description="So many steps at the start of the run.")
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
        description="Whose updates come first; simultaneous: both networks are moved at once, from"
        " one forward pass.",
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


def _half_life(value: Any) -> Any:
    """Images or a schedule; pydantic would tell of each why it is not the other."""
    match value:
        case Component() | Interval():
            return value
        case dict() if len(value) == 1 and isinstance(next(iter(value.values())), dict):
            return Component.model_validate(value)
        case str() if re.fullmatch(_IMAGES, value):
            return Interval.of(value)
    raise ValueError(
        "write a half-life in images as in `500000 images`, or a schedule of a number of images,"
        f" not {value!r}"
    )


_IMAGES = r"[1-9]\d{0,17} images?"
_HalfLife = Annotated[
    Component | Interval,
    BeforeValidator(_half_life),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": f"^{_IMAGES}$"}, {COMPONENT: "Schedule"}]}
    ),
]


class Average(Section):
    """The moving average of the generator's weights; a number alone is its decay."""

    decay: Fraction | None = Field(
        None, description="What is left of the average after a step; rises to this at first."
    )
    half_life: _HalfLife | None = Field(
        None,
        description="In place of decay: after so many real images half of the average is left, so"
        " that it does not depend on the batch; or a schedule of a number of images.",
    )
    ramp_up: Positive | None = Field(
        None,
        description="The half-life is at most so many times the images seen so far, 0.05 in"
        " StyleGAN2; null: no such bound.",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_number(cls, value: Any) -> Any:
        if isinstance(value, (dict, Average)):
            return value
        # Told here, since it has no key of its own.
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise PydanticKnownError("float_type")
        if not value > 0:
            raise PydanticKnownError("greater_than", {"gt": 0})
        if not value < 1:
            raise PydanticKnownError("less_than", {"lt": 1})
        return {"decay": value}

    @model_validator(mode="after")
    def _one_pace(self) -> Average:
        if (self.decay is None) == (self.half_life is None):
            raise ValueError("give decay or half_life, one of the two")
        if self.ramp_up is not None and self.half_life is None:
            raise ValueError("ramp_up belongs to half_life")
        return self

    @model_serializer(mode="wrap")
    def _as_written(self, handler: SerializerFunctionWrapHandler) -> Any:
        return handler(self) if self.decay is None else self.decay


def _or_decay(schema: dict[str, Any]) -> None:
    schema["anyOf"].append({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1})


class Train(Section):
    """For how long, in which batches, at which precision."""

    steps: Count | None = Field(None, description="Steps in all; or give epochs.")
    epochs: Count | None = Field(None, description="Passes over the images; or give steps.")
    batch_size: Count = Field(description="Real images in a batch, and as many generated ones.")
    accumulate: Count = Field(
        1,
        description="Batches in an update, which takes the mean of their gradients, in the memory"
        " of one. What compares the images of a batch, as BatchNormalization does, does so in each"
        " of them.",
    )
    updates: Updates = Updates()
    precision: Literal["auto", "float32", "mixed_bfloat16", "mixed_float16"] = Field(
        "auto",
        description="auto: bfloat16 on processors that multiply in it (AMX, AVX-512 BF16) and on"
        " GPUs of compute capability 8.0 and up, float16 with loss scaling on 7.x; float32"
        " elsewhere, and for points. Weights are float32 always. The run's own recipe states"
        " which, and the run keeps to it.",
    )
    jit_compile: Literal["auto"] | bool = Field(
        "auto",
        description="Whether XLA compiles the losses and gradients of each update; auto: on a GPU."
        " Never with several replicas. It draws other numbers for dropout and gradient penalties"
        " than TensorFlow does.",
    )
    retries: Natural = Field(
        0,
        description="After a loss or gradient that is NaN or Inf, go back to the last checkpoint"
        " and on from there with other random numbers, at most so many times in the run; 0: stop.",
    )
    average: Average | None = Field(
        None,
        description="A moving average of the generator's weights, from which pictures are then"
        " drawn; 0.99 is short for {decay: 0.99}; null: none.",
        json_schema_extra=_or_decay,
    )

    @property
    def update_size(self) -> int:
        """Real images in an update."""
        return self.batch_size * self.accumulate

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

    every: Every = Field(Interval.of(1000), description="How often it is drawn.")
    rows: Count = Field(8, description="Samples from top to bottom.")
    columns: Count = Field(8, description="Samples from left to right.")
    layouts: list[Layout] = Field(
        ["by-seed"],
        min_length=1,
        description="by-seed: seeds 0, 1, 2, … row by row; by-label: a row for each label, a column"
        " for each seed; by-label-free: a row for each label, a seed for each image. The first is"
        " drawn as step-N.png, others as step-N-layout.png.",
    )


class Checkpoint(Section):
    """How often the run is saved, and how many of its checkpoints stay."""

    every: Every = Field(Interval.of(1000), description="How often the run is saved.")
    keep: Count = Field(3, description="The newest so many stay.")


class Output(Section):
    """What is written while training, and how often: in steps, `N epochs` or `N images`."""

    log_every: Every = Field(Interval.of(100), description="How often metrics.jsonl gets a row.")
    grid: Grid = Grid()
    checkpoint: Checkpoint = Checkpoint()
    metrics: list[Metric] = Field(
        [Component.model_validate("Diversity")],
        description="Figures of the samples for the rows of metrics.jsonl.",
    )
    hooks: list[Hook] = Field([], description="What else is done at pauses of training.")
    tensorboard: bool = Field(
        False,
        description="Whether the numbers of each row of metrics.jsonl, and the grids, are also"
        " written as event files into tensorboard/ of the run folder.",
    )
    on_write_error: Literal["stop", "continue"] = Field(
        "stop",
        description="Where a file cannot be written, as on a full disk: stop; or continue: warn, go"
        " on, and try again with the next one. Rows of metrics wait meanwhile; a run whose last"
        " checkpoint could not be written has failed all the same.",
    )


class Recipe(Section):
    """All that decides what a training run computes."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        max_length=100,
        description="Names the run folder: letters, digits, '.', '_' and '-'.",
    )
    seed: Natural = Field(0, description="Decides every random number of the run.")
    data: Data
    latent: Latent
    generator: Generator
    discriminator: Network
    initializer: Initializer | None = Field(
        None, description="For every kernel whose layer names none of its own."
    )
    spectral_normalization: Literal["discriminator", "generator", "both"] | None = Field(
        None,
        description="The networks in which every layer that has a kernel or embeddings is in"
        " SpectralNormalization; null: none but those that the layers name.",
    )
    loss: Annotated[
        Annotated[Loss, Tag(COMPONENT)] | Annotated[Losses, Tag("losses")],
        Discriminator(lambda loss: "losses" if is_for_each(loss) else COMPONENT),
    ] = Field(
        description="What both networks minimise, or one for each; non-saturating is the same as"
        " NonSaturating."
    )
    regularizers: list[Term] = Field(
        [], description="Penalties and decays that join the losses, and constraints of weights."
    )
    augment: Augmentation | None = Field(
        None,
        description="How images, real and generated, are changed at random before the discriminator"
        " sees them; null: not at all.",
    )
    optimizers: Optimizers
    train: Train
    output: Output = Output()

    @property
    def losses(self) -> Losses:
        """The loss of each network."""
        if isinstance(self.loss, Losses):
            return self.loss
        return Losses(generator=self.loss, discriminator=self.loss)
