"""The text of a recipe that suits pictures."""

from __future__ import annotations

import math
import textwrap
from functools import cache
from typing import NamedTuple

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from gantool.data.inspection.survey import Survey
from gantool.drafting.classes import Classes, classes_of
from gantool.drafting.data_section import channels_of, data_section
from gantool.drafting.frame import Frame, doublings, frame_of
from gantool.drafting.line import Line
from gantool.drafting.means import Means
from gantool.drafting.training import FEW, Training, training_of
from gantool.drafting.wishes import Wishes
from gantool.errors import InputError, printable

_WIDTH = 100
"""Columns of the text."""

_ROWS = 16
"""Of a grid with a row for each class."""

_FIGURES = 8
"""The fewest pictures of which figures say anything."""


class Draft(NamedTuple):
    """A recipe, and the choices in a line."""

    text: str
    summary: str


def refuse_unusable(found: Survey, wishes: Wishes) -> None:
    """Raise InputError where no recipe suits pictures, whatever they are to be trained with."""
    if not found.sizes:
        where, reason = found.unreadable[0]
        raise InputError(
            f"{found.name}: none of {found.looked_at:,} pictures can be used, as {where}: {reason}"
        )
    classes_of(found, wishes.labels)


def draft(found: Survey, wishes: Wishes, means: Means) -> Draft:
    """Write a recipe.

    Args:
        found: What is known of the pictures.
        wishes: Of the user.
        means: What the recipe is to be trained with.

    Raises:
        InputError: See `refuse_unusable`, which comes first, and `checked_size`.
    """
    frame = frame_of(found, means, wishes.size)
    channels = channels_of(found)
    classes = classes_of(found, wishes.labels)
    training = training_of(found, means, frame.size)
    text = (
        _environment()
        .get_template("recipe.yaml.j2")
        .render(
            about=_about(found, means),
            name=wishes.name,
            data=data_section(found, wishes, frame, channels, classes.lines, training.repeats),
            classes=classes.told,
            channels=channels.value,
            training=training,
            train=_train(training, means),
            output=_output(found, training, classes),
            **_networks(frame, training, classes.told),
            **_objective(found, training, means),
        )
    )
    return Draft(text, _summary(frame, channels, classes, training))


def _about(found: Survey, means: Means) -> str:
    looked = f", of which {found.looked_at:,} were looked at" if _is_sampled(found) else ""
    return (
        f"Drafted by `gantool new` for {printable(found.name)}, {found.images:,} pictures{looked},"
        f" and for {means.device}. Every choice has its reason beside it; `gantool check` tells"
        " what a change makes of it."
    )


def _is_sampled(found: Survey) -> bool:
    return found.looked_at < found.images


def _summary(frame: Frame, channels: Line, classes: Classes, training: Training) -> str:
    colours = {"1": "grey", "3": "RGB", "4": "RGB with transparency"}[channels.value]
    told = f", {classes.told:,} classes" if classes.told else ""
    changed = ", changed at random as far as need be" if training.is_few else ""
    return (
        f"{frame.size[0]}×{frame.size[1]} {colours}{told}{changed}; {training.steps:,} steps of"
        f" {training.batch * training.accumulate}"
    )


def _networks(frame: Frame, training: Training, classes: int) -> dict[str, object]:
    """The maps of both networks, and a word on them."""
    times = doublings(frame.size)
    assert times is not None
    width, base = training.width, [side // 2**times for side in frame.size]
    if training.method == "r3gan":
        networks = (
            "residual networks without normalisation, of R3GAN (Huang et al. 2024), as the recipes"
            " r3gan-32 and r3gan-64 have them"
        )
        told = "; the class goes with the vector, and the discriminator compares it"
    else:
        networks = (
            f"from the vector to {base[0]}×{base[1]} pixels, then twice as many each way until the"
            " picture is there; the discriminator goes the way back"
        )
        told = "; the class scales and shifts the maps, and the discriminator compares it"
    cited = f"{told} with what it sees (Miyato and Koyama 2018, cGANs with projection)"
    return {
        "networks": networks + (cited if classes else ""),
        "width": width,
        "base": base,
        "growing": [max(8 * width >> number, width // 2) for number in range(1, times + 1)],
        "shrinking": [min(width << number, 4 * width) for number in range(times)],
        "scale": round(2 / 1.04 / math.sqrt(2 * (times + 1)), 4),
        "penalty": _penalty(math.prod(frame.size)),
    }


_PENALTIES = {32: 0.05, 64: 2.0, 256: 150.0}
"""By sides, the weights that the authors of R3GAN begin with for CIFAR-10 and for FFHQ."""


def _penalty(pixels: int) -> float:
    """The weight of R3GAN's penalties for pictures of so many pixels."""
    sides = [math.log(side**2) for side in _PENALTIES]
    weights = [math.log(weight) for weight in _PENALTIES.values()]
    return float(f"{math.exp(np.interp(math.log(pixels), sides, weights)):.2g}")


def _objective(found: Survey, training: Training, means: Means) -> dict[str, object]:
    """What is minimised, and what the discriminator sees, with the reasons."""
    if training.method == "r3gan":
        objective = (
            "Relativistic, with penalties of real and generated pictures: no samples are left out"
            " of what is learnt, and nothing has to be balanced by hand (Huang et al. 2024)."
        )
    else:
        objective = (
            "The usual loss, with a penalty of the discriminator's slope at real pictures in every"
            " sixteenth step: cheap, and steady (Mescheder et al. 2018; Karras et al. 2020, ADA)."
        )
    count = f"{found.images:,} pictures are"
    if training.is_few:
        augmentation = (
            f"{count} fewer than {FEW:,}: the discriminator would soon know them by heart, so it"
            " sees them changed at random, the more the surer it is of them (Karras et al. 2020,"
            " ADA, with sets of 1,336 to 5,000). augmentation_probability in metrics.jsonl tells"
            " how much; samples do not show the changes while it is below 0.8."
        )
    else:
        augmentation = (
            f"{count} enough to go without: below {FEW:,}, Adaptive would change them at random."
        )
    return {
        "objective": objective,
        "augmentation": augmentation,
        "ramp": 500_000 if means.is_gpu else 100_000,
    }


def _train(training: Training, means: Means) -> list[Line]:
    length = f"{training.images:,} pictures are seen, over and over"
    if not means.is_gpu:
        length += "; more steps make better samples, and Ctrl-C ends a run at any time"
    lines = [
        Line("steps", str(training.steps), length),
        Line("batch_size", str(training.batch), training.reason),
    ]
    if training.accumulate > 1:
        update = training.accumulate * training.batch
        lines.append(
            Line(
                "accumulate",
                str(training.accumulate),
                f"{update} pictures in an update, in the memory of {training.batch}",
            )
        )
    half_life = "10000 images, ramp_up: 0.05"
    if training.method == "r3gan":
        half_life = f"{{Cosine: {{from: 0, to: 500000, over: {training.images // 2} images}}}}"
    lines.append(
        Line(
            "average",
            f"{{half_life: {half_life}}}",
            "samples are of averaged weights, which flicker less",
        )
    )
    return lines


def _output(found: Survey, training: Training, classes: Classes) -> list[Line]:
    every = training.every
    rows = f"rows: {classes.told}, columns: 8, layouts: [by-label]"
    grid = rows if 0 < classes.told <= _ROWS else "rows: 8, columns: 8"
    lines = [
        Line("log_every", str(max(1, every // 10))),
        Line("grid", f"{{every: {every}, {grid}}}"),
        Line("checkpoint", f"{{every: {every}, keep: 3}}"),
    ]
    count = found.images - len(found.unreadable)
    if count < _FIGURES:
        return lines
    keywords = f"{{samples: 1000, every: {2 * every}, features: random}}"
    metrics = ["Diversity", f"KernelDistance: {keywords}"]
    reason = "KernelDistance is right for small sets too, and its best step is kept as best.h5"
    if training.is_few:
        metrics.append(f"Memorization: {keywords}")
        reason += "; Memorization tells copies: about 0.5 is well, 1 is copies alone"
    lines.append(Line("metrics", "".join(f"\n    - {metric}" for metric in metrics), reason))
    return lines


def _comment(text: str, indent: int = 0) -> str:
    """The text as lines of a comment."""
    beginning = " " * indent + "# "
    sentence = text[:1].upper() + text[1:]
    if not sentence.endswith((".", ":", "…")):
        sentence += "."
    return textwrap.fill(
        sentence,
        _WIDTH,
        initial_indent=beginning,
        subsequent_indent=beginning,
        break_on_hyphens=False,
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("gantool.drafting"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["comment"] = _comment
    return environment
