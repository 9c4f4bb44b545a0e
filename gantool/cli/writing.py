"""Errors of writing, as lines for a user."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gantool.errors import InputError


@contextmanager
def errors_of_writing(path: Path) -> Iterator[None]:
    """Within, an OSError becomes an InputError that names the path."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error
