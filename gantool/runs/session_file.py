"""session.json: what the session that trains a run, or trained it last, knows beside its rows."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gantool.files import write_text
from gantool.runs.run_folder import RunFolder

_Natural = Annotated[int, Field(ge=0, lt=2**53)]


class NetworkTable(BaseModel):
    """The layers of a network.

    Attributes:
        rows: Number, layer, output and parameters of each, as text.
        parameters: Of all layers.
    """

    model_config = ConfigDict(frozen=True)

    rows: list[tuple[str, str, str, str]]
    parameters: _Natural


class Session(BaseModel):
    """What a session knows.

    Attributes:
        computing: What it computes on, and how.
        images: Number of real images.
        last_step: Steps in all.
        networks: By their names.
        diverged: How it diverged, if it did.
    """

    model_config = ConfigDict(frozen=True)

    computing: str
    images: _Natural
    last_step: _Natural
    networks: dict[str, NetworkTable]
    diverged: str | None = None


def write_session(folder: RunFolder, session: Session) -> None:
    """Write it, whole or not at all.

    Raises:
        OSError: It cannot be written.
    """
    write_text(folder.session, session.model_dump_json() + "\n")


def read_session(folder: RunFolder) -> Session | None:
    """Read it; None where there is none that can be read, as in a run of gantool 0.1."""
    try:
        return Session.model_validate_json(folder.session.read_bytes())
    except (OSError, ValidationError):
        return None
