"""`python -m gantool` is the command `gantool`."""

from gantool.cli.main import main

main()
