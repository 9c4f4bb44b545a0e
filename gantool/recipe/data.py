"""The section `data` of a recipe: which examples, and what becomes of them for the networks."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from PIL import ImageColor
from pydantic import BeforeValidator, Field, field_validator, model_validator

from gantool.recipe.section import Section
from gantool.recipe.types import BOOLEANS, IS_WHOLE, Count, Number

_OF_IMAGES = (
    *("split", "features", "channels", "fit", "crop", "crop_at", "resize", "transpose", "rotate"),
    *("flip", "background", "white", "skip_unreadable"),
)
"""Keys that points have no use for."""


_TABLE = re.compile(r"\.(csv|tsv|txt|json)$", re.IGNORECASE)
"""What the name of a file of labels ends in."""


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _as_text(value: Any) -> Any:
    """Names of classes may be numbers: `classes: [3, 7]`."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class Features(Section):
    """Names of what records, arrays and members of archives hold, in place of the usual ones."""

    image: str | None = Field(None, min_length=1, description="Where the image is.")
    label: str | None = Field(None, min_length=1, description="Where its class is.")


class LabelFile(Section):
    """A table of files and their classes: CSV, TSV or JSON."""

    file: str = Field(
        min_length=1,
        description="A path relative to the source, to the recipe, or to the working folder.",
    )
    column: str | None = Field(
        None, min_length=1, description="Of the class, where the table has several."
    )


class Data(Section):
    """Which images, and how they are brought to the size and values that the networks see."""

    source: str = Field(
        min_length=1,
        description="A catalogue name (mnist), points (ring, grid), a folder or an archive of"
        " images, files of records or arrays, or a pattern of paths (faces/*.tfrecord,"
        " pictures/**/*.jpg); a path is relative to the recipe, then to the working folder.",
    )
    split: Literal["train", "test", "validation", "all"] | None = Field(
        None,
        description="Which split of a source that has several (folders train, test, val; files"
        " …-train…, …-test…); null: the training images.",
    )
    features: Features = Field(
        Features(),
        description="Names under which records, arrays or members of archives hold the image and"
        " its label.",
    )
    size: tuple[Count, Count] | None = Field(
        None, description="Height and width in pixels; left out for points, which have none."
    )
    channels: Annotated[Literal[1, 3, 4], IS_WHOLE] = Field(
        3,
        description="1 for grey, 3 for RGB, 4 for RGB with transparency; any image is brought to"
        " it.",
    )
    range: tuple[Number, Number] = Field(
        (-1.0, 1.0),
        description="What black and white become for the networks; of points, the part of the plane"
        " that pictures show.",
    )
    labels: bool | LabelFile | tuple[str, ...] = Field(
        False,
        description="Whether the networks are told each image's class. true: by the folders that"
        " images lie in, or the labels that records, arrays and archives hold; labels.csv: by a"
        " table of files and classes; Smiling, or several as in [Smiling, Male]: by CelebA's list"
        " of attributes.",
    )
    classes: tuple[Annotated[str, BeforeValidator(_as_text)], ...] | None = Field(
        None,
        description="Names of the classes in the order of their numbers; null: whole numbers by"
        " their value, names in natural order. The run's own recipe states them.",
    )
    fit: Literal["crop", "pad", "stretch"] = Field(
        "crop",
        description="How an image of other proportions than `size` is brought to it: crop what is"
        " too much, pad with the background, or stretch.",
    )
    crop: tuple[Count, Count] | None = Field(
        None,
        description="Height and width of the piece that is kept before resizing; without it, the"
        " largest one with the proportions of `size`, or all where `fit` is not crop.",
    )
    crop_at: Literal["center", "top", "bottom", "left", "right"] = Field(
        "center", description="Which piece is kept."
    )
    resize: Literal["lanczos", "nearest", "box"] = Field(
        "lanczos", description="By which filter; nearest keeps pixel art as it is."
    )
    transpose: bool = Field(
        False, description="Exchange rows and columns of each image, as EMNIST needs it."
    )
    rotate: Annotated[Literal[0, 90, 180, 270], IS_WHOLE] = Field(
        0, description="Turn each image clockwise, in degrees."
    )
    flip: bool | Literal["horizontal", "vertical", "both"] = Field(
        False,
        description="Mirror each image with a probability of one half: true or horizontal, left to"
        " right; vertical, top to bottom; both, each by itself.",
    )
    background: str = Field(
        "white",
        description="The colour behind transparent pixels and of what `fit: pad` adds: a CSS name"
        " or #rrggbb. Where `channels` is 4, both are transparent.",
    )
    white: Count | Literal["auto"] | None = Field(
        None,
        description="The value of white in pixels of 16 bits, as 4095 of a camera with 12; auto:"
        " the largest in the set; null: 65535.",
    )
    skip_unreadable: bool = Field(
        False, description="Leave images out that cannot be used, and list them, not stop."
    )
    balance: bool = Field(
        False,
        description="Draw every class equally often: of a large one not all images in an epoch, of"
        " a small one some several times.",
    )
    repeat: bool = Field(
        False,
        description="Go through the images again within a batch that is larger than the set.",
    )

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of an example for the networks: [H, W, C] of an image, [2] of a point."""
        return (2,) if self.size is None else (*self.size, self.channels)

    def class_names(self, count: int) -> tuple[str, ...]:
        """Names of the `count` classes; their numbers where the recipe states none."""
        return self.classes or tuple(map(str, range(count)))

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of an image."""
        assert self.size is not None
        return self.size

    @model_validator(mode="after")
    def _points_are_no_images(self) -> Data:
        given = [word for word in _OF_IMAGES if word in self.model_fields_set]
        if self.size is None and given:
            raise ValueError(f"{given[0]} belongs to images: give their size, too")
        return self

    @model_validator(mode="after")
    def _balance_is_of_classes(self) -> Data:
        if self.balance and self.labels is False:
            raise ValueError("balance draws classes equally often, and there are none: set labels")
        return self

    @field_validator("range")
    @classmethod
    def _range_rises(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not value[0] < value[1]:
            raise ValueError("the range is [value of black, value of white], the lower one first")
        return value

    @field_validator("labels", mode="before")
    @classmethod
    def _labels_are_a_switch_or_named(cls, value: Any) -> Any:
        if isinstance(value, str):
            switch = BOOLEANS.get(value.lower())
            if switch is not None:
                return switch
            return LabelFile(file=value) if _TABLE.search(value) else (value,)
        table = isinstance(value, dict) and {"file"} <= set(value) <= {"file", "column"}
        words = list(value.values()) if table else value
        if isinstance(words, (list, tuple)) and all(map(_is_name, words)) and words:
            return LabelFile(**value) if table else tuple(words)
        if not isinstance(value, (bool, LabelFile)):
            raise ValueError(
                "labels are true, false, a table such as labels.csv or {file: labels.csv, column:"
                " breed}, or attributes such as [Smiling, Male]"
            )
        return value

    @field_validator("flip", mode="before")
    @classmethod
    def _flip_is_a_switch_or_a_way(cls, value: Any) -> Any:
        value = BOOLEANS.get(value.lower(), value) if isinstance(value, str) else value
        if not isinstance(value, bool) and value not in ("horizontal", "vertical", "both"):
            raise ValueError(f"flip is true, false, horizontal, vertical or both, not {value!r}")
        return value

    @field_validator("white", mode="before")
    @classmethod
    def _white_is_a_value(cls, value: Any) -> Any:
        whole = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 65536
        if not whole and value not in (None, "auto"):
            raise ValueError(f"white is a whole number from 1 to 65535, or auto, not {value!r}")
        return value

    @field_validator("classes")
    @classmethod
    def _classes_differ(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if value is not None and (len(value) < 2 or len(set(value)) < len(value)):
            raise ValueError("classes are two names or more, each given once")
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
