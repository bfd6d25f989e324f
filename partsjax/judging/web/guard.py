"""What every request goes through: no posting from other sites, no large bodies, and a browser's headers."""

import asyncio
import urllib.parse

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

MOST_BYTES = 64 * 1024  # of a form
_PATIENCE = 20  # seconds for a form to arrive
_POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex",
}


class Guarded:
    """An application, all of whose answers have the headers; kept by nobody unless they say otherwise."""

    def __init__(self, application):
        self._application = application

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return

        async def sending(message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._application(scope, receive, sending)


def require_same_site(request: Request, public: str) -> None:
    """Refuses what another site's page posts; public: the study's own address, where a proxy is before it.

    A browser says where a posting comes from: in Sec-Fetch-Site, or older ones in Origin.
    """
    headers = Headers(scope=request.scope)
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    own = {headers.get("host", "")} | ({urllib.parse.urlsplit(public).netloc} if public else set())
    same = site == "same-origin" if site is not None else origin is not None
    if not same or (origin is not None and urllib.parse.urlsplit(origin).netloc not in own):
        raise HTTPException(403, "This came from another page than the study's own; go back and try again.")


async def read_form(request: Request) -> dict[str, list[str]]:
    """The fields of a posted form.

    Raises:
      HTTPException: 400, 408, 413 or 415 where it is none, or too large, or does not arrive.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "This is not a form of the study.")
    data = bytearray()
    try:
        async with asyncio.timeout(_PATIENCE):
            async for piece in request.stream():
                data += piece
                if len(data) > MOST_BYTES:
                    raise HTTPException(413, "This is more than a form of the study can hold.")
    except TimeoutError:
        raise HTTPException(408, "The form did not arrive; try again.") from None
    except ClientDisconnect:
        raise HTTPException(400, "The form did not arrive; try again.") from None
    try:
        fields = urllib.parse.parse_qs(
            data.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=2000
        )
    except ValueError:
        raise HTTPException(400, "This is not a form of the study.") from None
    return fields
