"""The `data:` section of a recipe that suits pictures."""

from collections.abc import Iterator

from gantool.data.depth import told_of_white
from gantool.data.inspection.suggestion import quoted
from gantool.data.inspection.survey import Survey
from gantool.drafting.frame import Frame
from gantool.drafting.line import Line
from gantool.drafting.wishes import Wishes
from gantool.errors import printable

_NEARLY_ALL = 0.9
"""The share of pictures that one has to see through for transparency to be learnt."""


def data_section(
    found: Survey,
    wishes: Wishes,
    frame: Frame,
    channels: Line,
    classes: tuple[Line, ...],
    repeats: bool,
) -> list[Line]:
    """The lines of the section, each with its reason.

    Args:
        found: What is known of the pictures.
        wishes: Of the user.
        frame: The size of the pictures.
        channels: The line of `channels_of`.
        classes: The lines on classes.
        repeats: Whether a batch has more pictures than there are.
    """
    lines = [Line("source", quoted(wishes.source)), *_asked(wishes)]
    lines += [Line("size", f"[{frame.size[0]}, {frame.size[1]}]", frame.reason), channels, *classes]
    lines += [*_framing(frame), *_colours(found, channels), *_broken(found)]
    if repeats:
        lines.append(Line("repeat", "true", "there are fewer pictures than a batch has"))
    lines.append(
        Line(
            "flip",
            "false",
            "true mirrors every second picture, left to right, which makes twice as many of them:"
            " right for faces, animals and things, wrong for letters and digits",
        )
    )
    return lines


def channels_of(found: Survey) -> Line:
    """1, 3 or 4 channels, and why."""
    seen = found.sizes.total()
    if found.see_through >= _NEARLY_ALL * seen:
        return Line(
            "channels", "4", "transparency is learnt too; 3 puts data.background, white, behind"
        )
    through = (
        f"; {found.see_through:,} of the pictures have transparency, and white behind it"
        if found.see_through
        else ""
    )
    if found.grey == seen:
        return Line("channels", "1", f"all pictures are grey{through}")
    grey = f", though {found.grey:,} are grey" if found.grey else ""
    return Line("channels", "3", f"the pictures have colours{grey}{through}")


def _asked(wishes: Wishes) -> Iterator[Line]:
    if wishes.split is not None:
        yield Line("split", wishes.split)
    parts = wishes.features.model_dump(exclude_none=True).items()
    if parts:
        yield Line(
            "features", f"{{{', '.join(f'{part}: {quoted(name)}' for part, name in parts)}}}"
        )


def _framing(frame: Frame) -> Iterator[Line]:
    if frame.crop is not None:
        yield Line("crop", f"[{frame.crop}, {frame.crop}]", "the square with the face")
    if frame.pads:
        yield Line(
            "fit", "pad", "most pictures are longer than twice the size's: a crop would lose half"
        )


def _colours(found: Survey, channels: Line) -> Iterator[Line]:
    if channels.value != "4" and found.see_through > 0:
        yield Line("background", "white", "behind what is transparent; any CSS colour")
    if found.deep and told_of_white(found.largest, None):
        yield Line(
            "white", "auto", f"pixels of 16 bits go up to {found.largest:,} alone, of 65,535"
        )


def _broken(found: Survey) -> Iterator[Line]:
    if found.unreadable:
        where, reason = found.unreadable[0]
        count = len(found.unreadable)
        yield Line(
            "skip_unreadable",
            "true",
            f"{count:,} of the {found.looked_at:,} files looked at cannot be read, such as"
            f" {printable(where)}: {reason}",
        )
