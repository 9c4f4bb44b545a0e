"""What can go wrong, each with the exit code that the command line ends with.

The text of an error is for a user: what is wrong, where, and what to do. It holds one or a
few lines and no traceback.
"""


class GantoolError(Exception):
    """Something failed while a command ran."""

    exit_code = 1


class InputError(GantoolError):
    """The command line, a recipe, an image or a checkpoint that was handed over is wrong."""

    exit_code = 2


class LostWorkerError(GantoolError):
    """Another worker, without which this one cannot go on, does not answer any more."""


class DivergedError(GantoolError):
    """A loss stopped being a finite number."""

    exit_code = 3


def printable(text: str) -> str:
    """Text from a file, such as a name, for a line: no other line, nothing a terminal obeys.

    A byte of a name that is no UTF-8, which Python holds as half of a surrogate pair, is shown as
    that byte.
    """
    return text if text.isprintable() else "".join(map(_printable, text))


def _printable(one: str) -> str:
    if one.isprintable():
        return one
    if "\udc80" <= one <= "\udcff":
        return f"\\x{ord(one) - 0xDC00:x}"
    return one.encode("unicode_escape").decode("ascii")
