"""The server of the page: for whoever has its address, on this machine alone."""

from __future__ import annotations

import socket
from collections.abc import Callable
from secrets import compare_digest

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gantool.errors import InputError, printable
from gantool.explore.explorer import Explorer, File
from gantool.explore.page import page_of
from gantool.explore.wish import Wish, wish_of

_NAMES = ["127.0.0.1", "localhost"]
"""Of this machine, in addresses. A page of another one can have its own name lead here (DNS
rebinding), but not send one of these."""

_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def serve(explorer: Explorer, token: str, listener: socket.socket) -> None:
    """Answer requests until a signal comes, which is raised again then.

    Args:
        explorer: Draws.
        token: With which each address begins.
        listener: Where requests come in.
    """
    config = uvicorn.Config(
        app_of(explorer, token),
        log_level="critical",  # what is wrong with a request is told in its answer
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
    )
    uvicorn.Server(config).run(sockets=[listener])


def app_of(explorer: Explorer, token: str) -> Starlette:
    """The pages below `/TOKEN/`; there is nothing else, and no file is read for them."""
    page = page_of(explorer)

    def show_page(_: Request) -> Response:
        headers = {**_HEADERS, "Content-Security-Policy": page.policy}
        return Response(page.html, media_type="text/html", headers=headers)

    routes = [
        Route("/", show_page),
        Route("/shown.png", _picture(explorer.shown)),
        Route("/sheet.png", _picture(explorer.sheet)),
        Route("/picture.png", _download(explorer.picture, "image/png")),
        Route("/latent.npy", _download(explorer.latent, "application/octet-stream")),
    ]
    return Starlette(
        routes=routes,
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=_NAMES, www_redirect=False),
            Middleware(Guard, token=token),
        ],
        exception_handlers={InputError: _refused, Exception: _failed},
    )


class Guard:
    """Answers 404 to each request whose path does not begin with a token.

    Args:
        app: Answers the others.
        token: The token.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._token = app, token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        given = scope["path"].removeprefix("/").partition("/")[0]
        known = compare_digest(given.encode(errors="replace"), self._token)
        answer = self._app if known else PlainTextResponse("Not Found", 404)
        # What is below it is all that the app sees of a path.
        await answer({**scope, "root_path": f"/{given}"}, receive, send)


# Starlette calls what is no coroutine on a thread, so that drawing holds up no other answer.
def _picture(draw: Callable[[Wish], memoryview]) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        drawn = draw(wish_of(request.query_params))
        return Response(bytes(drawn), media_type="image/png", headers=_HEADERS)

    return answer


def _download(make: Callable[[Wish], File], kind: str) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        file = make(wish_of(request.query_params))
        headers = {**_HEADERS, "Content-Disposition": f'attachment; filename="{file.name}"'}
        return Response(bytes(file.content), media_type=kind, headers=headers)

    return answer


def _refused(_: Request, error: Exception) -> Response:
    return PlainTextResponse(printable(str(error)), 400, _HEADERS)


def _failed(_: Request, error: Exception) -> Response:
    first = (str(error).strip() or "no further words").splitlines()[0]
    told = printable(f"unexpected error: {type(error).__name__}: {first}")
    return PlainTextResponse(told, 500, _HEADERS)
