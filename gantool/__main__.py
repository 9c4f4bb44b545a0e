"""The command `gantool`, which `python -m gantool` is too."""

from collections.abc import Sequence
from typing import NoReturn

from gantool.cli.signals import heed_signals


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and end the process; signals are heeded before the rest is imported."""
    heed_signals()
    from gantool.cli.main import main

    main(arguments)


if __name__ == "__main__":
    main()
