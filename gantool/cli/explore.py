"""`gantool explore`: a page to look through a generator."""

from __future__ import annotations

import os
import secrets
import socket
from importlib.util import find_spec
from pathlib import Path

import click

from gantool.cli.loading import say
from gantool.cli.steering import build, open_checkpoint
from gantool.errors import InputError

_HOST = "127.0.0.1"
_NEEDED = ("starlette", "uvicorn")


@click.command()
@click.argument("place", type=click.Path(path_type=Path), metavar="CKPT")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Of the page's address.  [default: a free one]",
)
def explore(place: Path, port: int | None) -> None:
    """Look through the generator of CKPT, a checkpoint or a run folder, in a browser.

    Open the address that is printed. The page has seeds and classes to choose, principal directions
    to move along and ways from seed to seed, and saves what is shown. It is served on this machine
    alone, to whoever has the address. Ctrl-C ends it.
    """
    if missing := [package for package in _NEEDED if find_spec(package) is None]:
        raise InputError(
            f"gantool explore needs {' and '.join(missing)}, which is not here:"
            " pip install '.[explore]' in the clone"
        )
    opened = open_checkpoint(place, None)
    opened.refuse_points("explore shows")
    with _listener(port) as listener:
        sampler = build(opened, None)
        from gantool.explore.explorer import Explorer
        from gantool.explore.server import serve

        explorer = Explorer(opened.checkpoint, sampler, opened.names)
        token = secrets.token_urlsafe()
        say(f"{opened.checkpoint.path}, step {sampler.header.step}; Ctrl-C ends it")
        click.echo(f"http://{_HOST}:{listener.getsockname()[1]}/{token}/")
        serve(explorer, token, listener)


def _listener(port: int | None) -> socket.socket:
    """A socket that only this machine reaches.

    Raises:
        InputError: The port is taken, or not to be had.
    """
    try:
        listener = socket.create_server((_HOST, port or 0))
    except OSError as error:
        reason = os.strerror(error.errno or 0)  # that of the error names the address, too
        raise InputError(
            f"--port {port}: cannot be had ({reason}); name another, or leave it out"
        ) from error
    # Its connections have it, too. Without it, an answer's head waits 40 ms for the end of the
    # last one to be acknowledged.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
