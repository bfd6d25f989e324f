"""The application: which address is whose, and what becomes of what goes wrong."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from partsjax.judging.web import entering, owner, rating
from partsjax.judging.web.guard import Guarded
from partsjax.judging.web.serving import STATIC, Serving, Shared, page, shared, static_file
from partsjax.judging.web.sessions import require_anyone

_WORDS = {404: "There is no such page.", 405: "This page cannot be asked for in this way."}


def application(folder: Path, serving: Serving) -> Guarded:
    """A study's pages as an ASGI application; `folder` is as `prepare` made it.

    Raises:
      InputError: no study, or one that is damaged.
    """
    ours = Shared(folder, serving)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            ours.close()

    made = Starlette(
        routes=_routes(),
        exception_handlers={HTTPException: _refused, sqlite3.Error: _unsaved, Exception: _failed},
        lifespan=lifespan,
    )
    made.state.shared = ours
    return Guarded(made)


def _routes() -> list[Route]:
    both = ["GET", "POST"]
    return [
        Route("/", entering.start),
        Route("/r/{token}", entering.enter),
        Route("/o/{token}", entering.enter_as_owner),
        Route("/enter/{token}", entering.enter_from_platform, methods=both),
        Route("/consent", entering.consent, methods=both),
        Route("/declined", entering.declined),
        Route("/instructions", rating.instructions),
        Route("/begin", entering.begin, methods=["POST"]),
        Route("/rate", rating.rate),
        Route("/answer", rating.answer, methods=["POST"]),
        Route("/undo", rating.undo, methods=["POST"]),
        Route("/feedback/{position:int}", rating.feedback),
        Route("/pause", rating.pause),
        Route("/batch", rating.batch, methods=both),
        Route("/done", rating.done),
        Route("/owner", owner.progress),
        Route("/owner/names", owner.names, methods=both),
        Route("/images/{name}", _image),
        Route("/static/{name}", _static),
    ]


async def _image(request: Request) -> Response:
    """One of the study's pictures: known names alone are looked for."""
    require_anyone(request)
    ours, name = shared(request), request.path_params["name"]
    if name not in ours.pictures:
        raise HTTPException(404)
    try:
        data = (ours.images / name).read_bytes()
    except OSError:
        raise HTTPException(404) from None
    kind = {"jpg": "jpeg"}.get(suffix := name.rpartition(".")[2], suffix)
    return Response(data, media_type=f"image/{kind}", headers={"Cache-Control": "private, max-age=86400"})


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in STATIC:
        raise HTTPException(404)
    return Response(static_file(name), media_type=STATIC[name], headers={"Cache-Control": "max-age=86400"})


async def _refused(request: Request, error: HTTPException) -> Response:
    words = _WORDS.get(error.status_code, "") if error.detail in ("Not Found", "Method Not Allowed") else ""
    return _said(request, words or error.detail, error.status_code, error.headers)


async def _unsaved(request: Request, error: sqlite3.Error) -> Response:
    return _said(request, "This could not be saved. Please try again in a moment.", 503)


async def _failed(request: Request, error: Exception) -> Response:
    return _said(request, "Something went wrong here. What you answered before is saved.", 500)


def _said(request: Request, words: str, status: int, headers=None) -> Response:
    if request.headers.get("accept") == "application/json":
        return JSONResponse({"problem": words}, status, headers=headers)
    response = page(request, "error.html", status=status, words=words)
    response.headers.update(headers or {})
    return response
