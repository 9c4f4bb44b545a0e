"""The folder of a converted set, from its first shard to the last.

While a conversion goes on, everything lies in its folder `unfinished`: whole shards, and a manifest
of these. At the end the shards move up, and then the manifest, which makes the set complete.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from gantool.data.conversion import manifest
from gantool.data.conversion.manifest import Manifest
from gantool.errors import InputError
from gantool.locks import lock

UNFINISHED = "unfinished"
"""The folder in which a conversion goes on."""

_LOCK = "lock"


def shard_name(number: int, count: int) -> str:
    """The file of a shard, `number` from 0 on. It does not depend on where a set lies."""
    return f"images-{number:05d}-of-{count:05d}.tfrecord"


class ConversionFolder:
    """The destination of a conversion; nothing is written by opening it.

    Raises:
        InputError: it holds something that is no converted set.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.unfinished = path / UNFINISHED
        self._refuse_foreign()

    def complete(self) -> Manifest | None:
        """The manifest of the whole set; None while there is none.

        Raises:
            InputError: it is damaged.
        """
        return manifest.read(self.path)

    def so_far(self) -> Manifest | None:
        """The manifest of the shards that are finished; None before a conversion has begun.

        Raises:
            InputError: it is damaged.
        """
        return manifest.read(self.unfinished)

    def shard(self, file: str) -> Path:
        """Where a finished shard lies: above, if a run was killed while its shards moved up."""
        below = self.unfinished / file
        return below if below.is_file() else self.path / file

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other conversions out while the block runs.

        Raises:
            InputError: another conversion goes on here, or the folder cannot be written.
        """
        with ExitStack() as held:
            try:
                self._lock(held)
            except OSError as error:
                raise InputError(
                    f"cannot write into {self.path}: {error.strerror or error}; name another folder"
                ) from None
            yield

    def publish(self, whole: Manifest) -> None:
        """Make the set complete: give the shards and the manifest their final places.

        Raises:
            OSError: the disk failed.
        """
        for shard in whole.shards:
            if (here := self.unfinished / shard.file).is_file():
                here.replace(self.path / shard.file)
        manifest.write(self.path, whole)
        self.discard()

    def discard(self) -> None:
        """Remove what is unfinished."""
        for file in list(self.unfinished.iterdir()):
            file.unlink()
        self.unfinished.rmdir()
        with suppress(OSError):  # a folder that holds something stays
            self.path.rmdir()

    def _lock(self, held: ExitStack) -> None:
        def busy(_handle: int) -> None:
            raise InputError(
                f"{self.path}: another conversion writes into it; wait for its end, or name another"
                " folder"
            )

        while True:
            self.unfinished.mkdir(parents=True, exist_ok=True)
            # Another conversion may have finished, and removed the folder, between the two calls.
            with suppress(FileNotFoundError):
                held.enter_context(lock(self.unfinished / _LOCK, busy))
                return

    def _refuse_foreign(self) -> None:
        if not self.path.exists():
            return
        if not self.path.is_dir():
            raise InputError(f"{self.path}: a file; name a new folder")
        names = {entry.name for entry in self.path.iterdir()} - {UNFINISHED}
        if not names or self.complete() is not None:
            return
        so_far = self.so_far()
        known = set() if so_far is None else {shard.file for shard in so_far.shards}
        if foreign := sorted(names - known):
            raise InputError(
                f"{self.path}: holds something else ({foreign[0]}, for one); name a new folder"
            )
