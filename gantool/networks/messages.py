"""What Keras says of a layer, in a line for somebody who wrote a recipe."""

import re
from collections.abc import Sequence

_WRONG_RANK = re.compile(r"expected (min_|max_)?ndim=(\d+), found ndim=(\d+)")
_ENOUGH = 160
_RANK_NAMES = {
    1: "a vector",
    2: "rows × channels",
    3: "an image (height × width × channels)",
    4: "a volume (depth × height × width × channels)",
}


def times(shape: Sequence[int | None]) -> str:
    """A shape as people write it: 28×28×1; an unknown side is a question mark."""
    return "×".join("?" if side is None else str(side) for side in shape)


def construction_message(name: str, error: Exception) -> str:
    """Why a layer could not be made from its keywords."""
    return f"{name} cannot be made: {_gist(error)}"


def input_message(name: str, shape: Sequence[int | None], error: Exception) -> str:
    """Why a layer does not take an input of this shape (without the batch)."""
    found = _WRONG_RANK.search(str(error))
    if found:
        wanted = _RANK_NAMES.get(int(found[2]) - 1, f"{int(found[2]) - 1} dimensions")
        return f"{name} takes {wanted}, its input is {times(shape)}: reshape it before"
    return f"{name} does not fit its input of {times(shape)}: {_gist(error)}"


def running_message(network: str, error: Exception) -> str:
    """Why a network that could be built does not run."""
    caller = re.search(r"when calling (\w+)\.call\(\)", str(error))
    where = f"{caller[1]}: " if caller else ""
    return f"{network} cannot be run: {where}{_gist(error)}"


def _gist(error: Exception) -> str:
    """The first sentences of what Keras says; later ones repeat the call."""
    text = " ".join(re.sub(r"\x1b\[\d*m", "", str(error)).split()) or type(error).__name__
    text = re.sub(r"^Exception encountered when calling [^.]*\.call\(\)\. ", "", text)
    text = text.split(" Arguments received by")[0]
    sentences = re.split(r"(?<=[a-z0-9)\]'\"`])\.\s(?=[A-Z])", text)
    told = sentences[0]
    for sentence in sentences[1:]:
        if len(told) + len(sentence) > _ENOUGH:
            break
        told += f". {sentence}"
    return told.rstrip(".")
