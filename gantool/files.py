"""Files that are either complete or not there."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_UNFINISHED = ".gantool-tmp"
"""How the name of a file ends that gantool is still writing, or was when it was killed."""


@contextmanager
def complete_or_absent(path: Path, *, flushed: bool = True) -> Iterator[Path]:
    """Give a path beside `path` to write to; on success flush it to disk and rename it to `path`.

    Whoever opens `path` sees the old content or the whole new one, also after a power cut. When
    the block raises, the temporary file is removed and `path` is left as it was.

    Args:
        path: Of the file.
        flushed: Without it the file is not flushed, and a power cut may leave it incomplete.

    Raises:
        OSError: the folder is missing or cannot be written, or the disk is full. It names `path`.
    """
    # By chance and nothing else: processes of two containers may have one number, and one folder.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}{_UNFINISHED}")
    with errors_name(path):
        try:
            yield temporary
            if flushed:
                flush_to_disk(temporary)
            temporary.replace(path)
            if flushed:
                flush_to_disk(path.parent)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise


@contextmanager
def complete_or_absent_tree(path: Path) -> Iterator[Path]:
    """Give a path of the same name in a folder of its own, for a file or a folder to be made there.

    For writers that go by how a name ends, or that make a folder. On success what is made is
    flushed to disk and takes the place of `path`; when the block raises, `path` is left as it was.
    Whatever else the block leaves beside it is removed.

    Raises:
        OSError: As `complete_or_absent`.
    """
    own = path.with_name(f".{path.name}.{secrets.token_hex(8)}{_UNFINISHED}")
    with errors_name(path):
        own.mkdir()
        made, before = own / "made" / path.name, own / "before"
        try:
            made.parent.mkdir()
            yield made
            for each in (made, *made.rglob("*")):
                flush_to_disk(each)
            if path.is_dir():  # nothing takes the place of a folder that holds something
                path.replace(before)
            made.replace(path)
            flush_to_disk(path.parent)
        finally:
            if before.exists() and not path.exists():
                before.replace(path)
            shutil.rmtree(own, ignore_errors=True)


@contextmanager
def errors_name(path: Path) -> Iterator[None]:
    """Have each OSError of writing a file name that file, by its final name."""
    try:
        yield
    except OSError as error:
        # It may also be of another file, that the block reads.
        of_other = error.filename is not None and not str(error.filename).endswith(_UNFINISHED)
        if error.errno is None or of_other:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def write_bytes(path: Path, content: bytes | memoryview, *, flushed: bool = True) -> None:
    """Write `content` to `path`, whole or not at all; see `complete_or_absent`."""
    with complete_or_absent(path, flushed=flushed) as temporary, temporary.open("wb") as file:
        file.write(content)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`, whole or not at all."""
    write_bytes(path, text.encode())


def flush_to_disk(path: Path) -> None:
    """Return when a file's content, or the names in a folder, would outlive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_unfinished(folder: Path, name: str) -> None:
    """Remove what processes that were killed left of files they were writing in `folder`.

    Only for who knows that no other process is writing such files there now.

    Args:
        folder: Of the files.
        name: Of the files when they are whole; `*` stands for anything.
    """
    for path in folder.glob(f".{name}.*{_UNFINISHED}"):
        with suppress(FileNotFoundError):
            path.unlink()
