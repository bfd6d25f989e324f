"""Who a request comes from: a link's token becomes a cookie that no script and no other site can use."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from partsjax.judging.tokens import Bearer, bearer_of
from partsjax.judging.web.serving import shared

_KEPT = 90 * 24 * 3600  # seconds
_NOBODY = "This page is for people who were given a link to it. Please open that link again."


def remember(request: Request, response: Response, role: str, token: str) -> None:
    """Puts a token into the role's cookie."""
    ours = shared(request)
    secure = request.url.scheme == "https" or ours.serving.public_url.startswith("https:")
    response.set_cookie(
        ours.cookie(role), token, max_age=_KEPT, httponly=True, samesite="strict", secure=secure
    )


def current_rater(request: Request) -> int:
    """The rater's number.

    Raises:
      HTTPException: 401 where it is no rater's request.
    """
    bearer = _holder(request, "rater")
    if bearer is None or bearer.rater is None:
        raise HTTPException(401, _NOBODY)
    return bearer.rater


def require_owner(request: Request) -> None:
    """Raises HTTPException: 401 where it is not the owner's request."""
    if _holder(request, "owner") is None:
        raise HTTPException(401, _NOBODY)


def require_anyone(request: Request) -> None:
    """Raises HTTPException: 401 where it is neither a rater's request nor the owner's."""
    if _holder(request, "rater") is None and _holder(request, "owner") is None:
        raise HTTPException(401, _NOBODY)


def require_link(request: Request, role: str) -> str:
    """The token in the path of a link.

    Raises:
      HTTPException: 404 where it opens nothing.
    """
    token = request.path_params["token"]
    bearer = bearer_of(shared(request).connection, token)
    if bearer is None or bearer.role != role:
        raise HTTPException(
            404, "This link is not complete, or not valid any more. Please ask for a new one."
        )
    return token


def _holder(request: Request, role: str) -> Bearer | None:
    ours = shared(request)
    bearer = bearer_of(ours.connection, request.cookies.get(ours.cookie(role)))
    return bearer if bearer is not None and bearer.role == role else None
