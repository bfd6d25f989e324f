"""How raters and the owner come in, and what raters agree to first."""

import urllib.parse

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from partsjax.judging import raters
from partsjax.judging.answering import last_batch
from partsjax.judging.assignments import assign_practice
from partsjax.judging.tokens import Bearer, make_token
from partsjax.judging.web import guard
from partsjax.judging.web.platforms import PLATFORMS, query_of, source_of
from partsjax.judging.web.serving import page, shared
from partsjax.judging.web.sessions import current_rater, remember, require_link


async def enter(request: Request) -> Response:
    """A rater's link. The page that follows goes on by itself, from the study's own address: a browser that
    comes from another site does not send a strict cookie yet."""
    return _entered(request, "rater", "/")


async def enter_as_owner(request: Request) -> Response:
    return _entered(request, "owner", "/owner")


def _entered(request: Request, role: str, address: str) -> Response:
    token = require_link(request, role)
    response = page(request, "entered.html", address=address)
    remember(request, response, role, token)
    return response


async def enter_from_platform(request: Request) -> Response:
    """A platform's link: who agrees becomes a rater, or is the one that the participant was."""
    ours = shared(request)
    require_link(request, "entry")
    platform = ours.serving.platform
    source = source_of(platform, request.query_params) if platform else None
    if source is None:
        where = PLATFORMS[platform].title if platform else "the platform that invited you"
        raise HTTPException(400, f"This link works from {where} only: it has to say who you are.")
    if request.method == "GET":
        address = f"{request.url.path}?{urllib.parse.urlencode(query_of(source))}"
        return page(request, "consent.html", text=_paragraphs(ours.serving.consent), address=address)
    guard.require_same_site(request, ours.serving.public_url)
    await guard.read_form(request)
    token = await ours.writer.write(lambda written: _join(written, source, ours.serving.max_raters))
    if token is None:
        raise HTTPException(403, "This study has all the participants it needs. Thank you for your interest.")
    response = RedirectResponse("/", 303)
    remember(request, response, "rater", token)
    return response


def _join(written, source: raters.Source, most: int) -> str | None:
    rater = raters.rater_from(written, source)
    if rater is None:
        if raters.count_raters(written) >= most:
            return None
        rater = raters.add_rater(written, "person", source)
    raters.give_consent(written, rater)
    return make_token(written, Bearer("rater", rater))


async def start(request: Request) -> Response:
    """Where a rater is sent who comes in."""
    ours, rater = shared(request), current_rater(request)
    if lacks_consent(request, rater):
        return RedirectResponse("/consent", 303)
    begun = last_batch(ours.connection, rater) is not None
    return RedirectResponse("/rate" if begun else "/instructions", 303)


def lacks_consent(request: Request, rater: int) -> bool:
    ours = shared(request)
    return bool(ours.serving.consent) and not raters.has_consented(ours.connection, rater)


async def consent(request: Request) -> Response:
    """The text that a rater who was invited agrees to."""
    ours, rater = shared(request), current_rater(request)
    if request.method == "GET":
        return page(request, "consent.html", text=_paragraphs(ours.serving.consent), address="/consent")
    guard.require_same_site(request, ours.serving.public_url)
    await guard.read_form(request)
    await ours.writer.write(lambda written: raters.give_consent(written, rater))
    return RedirectResponse("/instructions", 303)


async def declined(request: Request) -> Response:
    """For those who do not agree."""
    platform = shared(request).serving.platform
    return page(request, "declined.html", platform=PLATFORMS[platform].title if platform else "")


async def begin(request: Request) -> Response:
    """The end of the instructions."""
    ours, rater = shared(request), current_rater(request)
    guard.require_same_site(request, ours.serving.public_url)
    await guard.read_form(request)
    if lacks_consent(request, rater):
        return RedirectResponse("/consent", 303)
    await ours.writer.write(lambda written: assign_practice(written, ours.study, rater))
    return RedirectResponse("/rate", 303)


def _paragraphs(text: str) -> list[str]:
    return [" ".join(one.split()) for one in text.split("\n\n") if one.strip()]
