"""Where a picture comes from: all that it takes to draw it again. Knows no TensorFlow.

It stands in the PNG itself, in a tEXt chunk with the keyword `gantool` (PNG Specification, 11.3.3),
as a JSON object.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

from PIL.PngImagePlugin import PngImageFile
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gantool.data.drawing import TEXT_KEY
from gantool.errors import InputError, printable
from gantool.recipe.model import Layout
from gantool.sampling.grid import MAX_CELLS, Cell, Selection
from gantool.sampling.seeds import ranges_of, text_of

VERSION: Literal[1] = 1

MAX_SCALE = 64
"""To how many pixels a side one is enlarged at most."""

MAX_SPACING = 1024
"""Pixels between two images of a grid at most."""

_MAX_TEXT = 1 << 20
"""Characters; 10,000 seeds of 19 digits and as many labels take fewer."""

Weights = Literal["average", "raw"]
"""Which weights of a generator: their moving average, or those that training moves."""

_Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Side = Annotated[int, Field(ge=1, le=MAX_CELLS)]
_STRICT = ConfigDict(extra="forbid", frozen=True)


class Grid(BaseModel):
    """How images are laid out in a picture.

    Attributes:
        layout: By-label and by-label-free have a row a label, whose names stand beside them.
        rows: Of images.
        columns: Of images.
        spacing: White pixels between two images.
    """

    model_config = _STRICT

    layout: Layout
    rows: _Side
    columns: _Side
    spacing: int = Field(ge=0, le=MAX_SPACING)


class Provenance(BaseModel):
    """Where a picture comes from.

    Attributes:
        version: Of this format.
        checkpoint: `Checkpoint.sha256` of the checkpoint it was drawn from.
        weights: Of the generator.
        truncation: What latents were multiplied by, around the mean of their distribution.
        latents: SHA-256 of the latents, float32 [N, size] in little-endian bytes, where they came
            from a file; None where they are those of the seeds.
        seeds: As `0-63,70`, in order; numbers of rows of the file of latents, if there is one.
        labels: Classes shown; None for class seed mod classes, or where there are no labels.
        grid: How images are laid out; None for one image by itself.
        scale: Pixels a side that one was enlarged to.
    """

    model_config = _STRICT

    version: Literal[1] = VERSION
    checkpoint: _Digest
    weights: Weights
    truncation: float = Field(ge=0.0, le=1.0, allow_inf_nan=False)
    latents: _Digest | None
    seeds: str
    labels: tuple[Annotated[int, Field(ge=0, le=2**31 - 1)], ...] | None = Field(min_length=1)
    grid: Grid | None
    scale: int = Field(ge=1, le=MAX_SCALE)

    @property
    def selection(self) -> Selection:
        """The images in it."""
        layout = "by-seed" if self.grid is None else self.grid.layout
        return Selection(ranges_of(self.seeds), self.labels, layout)

    def of(self, cell: Cell) -> Provenance:
        """That of one image of it by itself."""
        seeds = text_of([range(cell.seed, cell.seed + 1)])
        labels = None if cell.label is None else (cell.label,)
        return self.model_copy(update={"seeds": seeds, "labels": labels, "grid": None})

    def text(self) -> str:
        """JSON in ASCII; `provenance_of` reads it again."""
        return self.model_dump_json()

    @property
    def problem(self) -> str | None:
        """Why no picture shows this; None where one can."""
        try:
            count, grid = self.selection.count, self.grid
        except ValueError as error:
            return str(error)
        places = 1 if grid is None else grid.rows * grid.columns
        if not 1 <= count <= places <= MAX_CELLS:
            return f"{count:,} images in {places:,} places"
        rows = None if grid is None or grid.layout == "by-seed" else grid.rows
        if rows is not None and (rows != len(self.labels or ()) or count != places):
            return "labels that are not those of the rows"
        return None


class _Version(BaseModel):
    """What the metadata of any version say."""

    version: int


def provenance_of(path: Path) -> Provenance:
    """Read where a picture comes from.

    Nothing but the chunks before the pixels is read, and nothing that they announce is unfolded
    without a limit.

    Raises:
        InputError: The file is no PNG, or does not say where it comes from, or says what no gantool
            has written.
    """
    text = _text_in(path)
    if text is None:
        raise InputError(
            f"{path}: does not say where it comes from; `gantool sample` writes that into each PNG"
        )
    if len(text) > _MAX_TEXT:
        raise _damaged(path, f"they have {len(text):,} characters")
    try:
        version = _Version.model_validate_json(text, strict=True).version
        if version != VERSION:
            raise InputError(
                f"{path}: its metadata have version {version}; this gantool reads version {VERSION}"
            )
        found = Provenance.model_validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = "".join(f"{printable(str(part)[:60])}: " for part in first["loc"][:4])
        raise _damaged(path, where + first["msg"]) from None
    if found.problem is not None:
        raise _damaged(path, found.problem)
    return found


def _damaged(path: Path, reason: str) -> InputError:
    return InputError(f"{path}: its metadata of gantool are damaged: {printable(reason)[:200]}")


def _text_in(path: Path) -> str | None:
    """The text of our keyword in a PNG; None where it has none."""
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: not a file")
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    with file:
        try:
            # It stops before the pixels, so their number does not matter, and unfolds a megabyte
            # of a text at most.
            found = PngImageFile(file).info.get(TEXT_KEY)
        # A damaged file makes Pillow raise several kinds of errors.
        except Exception as error:
            with suppress(OSError):
                file.seek(0)
                if not file.read(8).startswith(b"\x89PNG\r\n\x1a\n"):
                    raise InputError(f"{path}: not a PNG") from None
            reason = printable(str(error))[:200]
            raise InputError(f"{path}: a damaged PNG ({reason})") from None
    return found if isinstance(found, str) else None
