"""A rater's pages: instructions, one item a screen, feedback on the practice, pauses, the end."""

import secrets
import sqlite3
import time

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from partsjax.errors import InputError
from partsjax.judging import answering
from partsjax.judging.assignments import assign_batch, examples_and_practice, needs_rater
from partsjax.judging.items import Item
from partsjax.judging.raters import source_of_rater
from partsjax.judging.web import guard
from partsjax.judging.web.entering import lacks_consent
from partsjax.judging.web.forms import Fields, answer_of, whole
from partsjax.judging.web.platforms import PLATFORMS
from partsjax.judging.web.serving import Shared, page, shared
from partsjax.judging.web.sessions import current_rater
from partsjax.judging.web.words import answer_in_words, outcome_of


async def instructions(request: Request) -> Response:
    ours, rater = shared(request), current_rater(request)
    shown, practice = examples_and_practice(ours.study)
    begun = answering.last_batch(ours.connection, rater) is not None
    examples = [(item, answer_in_words(item.truth)) for item in shown]
    return page(request, "instructions.html", examples=examples, practice=len(practice), begun=begun)


async def rate(request: Request) -> Response:
    """The current item."""
    rater = current_rater(request)
    if lacks_consent(request, rater):
        return RedirectResponse("/consent", 303)
    screen = answering.next_screen(shared(request).connection, rater)
    if screen is None:
        return RedirectResponse("/batch", 303)
    return _item_page(request, rater, screen, Fields.of(screen.draft))


async def answer(request: Request) -> Response:
    """Keeps an answer. It is on the disk before the response begins."""
    ours, rater = shared(request), current_rater(request)
    guard.require_same_site(request, ours.serving.public_url)
    form = await guard.read_form(request)
    position, fields = whole(form, "position"), Fields.typed(form)
    try:
        batch, _ = answering.item_at(ours.connection, rater, position)
    except InputError as error:
        raise HTTPException(409, str(error)) from None
    try:
        given = answering.Given(
            rater, position, fields.key, answer_of(fields), _seconds(ours, rater, position, form)
        )
    except InputError as error:
        return _refused(request, rater, fields, str(error))
    await ours.writer.write(lambda written: answering.record_answer(written, given))
    return _onward(request, f"/feedback/{position}" if batch == 0 else "/rate")


async def undo(request: Request) -> Response:
    """Takes the last answer back; its screen comes again, filled in as it was."""
    ours, rater = shared(request), current_rater(request)
    guard.require_same_site(request, ours.serving.public_url)
    form = await guard.read_form(request)
    which = answering.Undoable(whole(form, "position"), whole(form, "answer"))
    await ours.writer.write(lambda written: answering.withdraw(written, rater, which))
    return _onward(request, "/rate")


async def feedback(request: Request) -> Response:
    """What is right to say of an item of the practice, beside what the rater said."""
    ours, rater = shared(request), current_rater(request)
    position = request.path_params["position"]
    try:
        batch, number = answering.item_at(ours.connection, rater, position)
    except InputError:
        raise HTTPException(404, "There is no such page.") from None
    said = answering.answer_at(ours.connection, rater, position)
    if batch != 0 or said is None:
        return RedirectResponse("/rate", 303)
    item = ours.study.items[number]
    values = {"item": item, "outcome": outcome_of(item, said), "said": answer_in_words(said)}
    return page(request, "feedback.html", truth=answer_in_words(item.truth), **values)


async def pause(request: Request) -> Response:
    ours, rater = shared(request), current_rater(request)
    screen = answering.next_screen(ours.connection, rater)
    return page(request, "pause.html", screen=screen, platform=bool(ours.serving.platform))


async def batch(request: Request) -> Response:
    """Between batches: what is done, and one more."""
    ours, rater = shared(request), current_rater(request)
    if answering.next_screen(ours.connection, rater) is not None:
        return RedirectResponse("/rate", 303)
    done = answering.last_batch(ours.connection, rater) or 0
    if _finished(ours, rater, done):
        return RedirectResponse("/done", 303)
    if request.method == "GET":
        before = answering.undoable(ours.connection, rater, None)
        return page(request, "batch.html", done=done, batches=ours.serving.batches, undoable=before)
    guard.require_same_site(request, ours.serving.public_url)
    await guard.read_form(request)
    if lacks_consent(request, rater):
        return RedirectResponse("/consent", 303)

    def work(written: sqlite3.Connection) -> int | None:
        if answering.next_screen(written, rater) is not None:  # of another tab
            return 0
        done = answering.last_batch(written, rater) or 0
        full = ours.serving.batches is not None and done >= ours.serving.batches
        return None if full else assign_batch(written, ours.study, rater)

    given = await ours.writer.write(work)
    return RedirectResponse("/done" if given is None else "/rate", 303)


async def done(request: Request) -> Response:
    """The end: thanks, the completion code, the way back. Who has more to do first sees no code."""
    ours, rater = shared(request), current_rater(request)
    if answering.next_screen(ours.connection, rater) is not None:
        return RedirectResponse("/rate", 303)
    batches = answering.last_batch(ours.connection, rater) or 0
    stops = ours.serving.batches is None and batches > 0
    if not stops and not _finished(ours, rater, batches):
        return RedirectResponse("/", 303)
    code, address = ours.serving.completion_code, ours.serving.return_url
    source = source_of_rater(ours.connection, rater)
    if source.platform in PLATFORMS and not address:
        address = PLATFORMS[source.platform].complete.format(code=code, study=source.study)
    return page(request, "done.html", batches=batches, code=code, address=address)


def _finished(ours: Shared, rater: int, done: int) -> bool:
    """Whether a rater has done as many batches as the owner wants, or all that there is to do."""
    if ours.serving.batches is not None and done >= ours.serving.batches:
        return True
    return not needs_rater(ours.connection, ours.study, rater)


def _item_page(
    request: Request, rater: int, screen: answering.Screen, fields: Fields, problem: str = ""
) -> Response:
    ours = shared(request)
    ours.opened[rater] = (screen.position, time.monotonic())
    following = answering.number_after(ours.connection, rater, screen.position)
    return page(
        request,
        "rate.html",
        status=422 if problem else 200,
        screen=screen,
        item=_shown(ours, screen.number),
        following=None if following is None else _shown(ours, following),
        fields=fields,
        key=fields.key or secrets.token_urlsafe(12),
        names=answering.names_used(ours.connection, rater),
        undoable=answering.undoable(ours.connection, rater, screen.position),
        problem=problem,
        batches=ours.serving.batches,
    )


def _shown(ours: Shared, number: int) -> Item:
    return ours.study.items[number]


def _refused(request: Request, rater: int, fields: Fields, problem: str) -> Response:
    """The same item again, filled in, with what is missing."""
    if _asks_json(request):
        return JSONResponse({"problem": problem}, 422)
    screen = answering.next_screen(shared(request).connection, rater)
    if screen is None:
        return RedirectResponse("/batch", 303)
    return _item_page(request, rater, screen, fields, problem)


def _onward(request: Request, address: str) -> Response:
    """To the next page: for the script in words, for a form by itself."""
    return JSONResponse({"next": address}) if _asks_json(request) else RedirectResponse(address, 303)


def _asks_json(request: Request) -> bool:
    return request.headers.get("accept", "") == "application/json"


def _seconds(ours: Shared, rater: int, position: int, form: dict[str, list[str]]) -> float | None:
    """How long an item took: as the browser says, and no longer than since it was served here.

    Both clocks run forward only; the browser's stands still while the page is not to be seen.
    """
    screen, since = ours.opened.get(rater, (None, 0.0))
    served = time.monotonic() - since if screen == position else None
    try:
        claimed = float(form.get("seconds", [""])[-1])
    except ValueError:
        return served
    if not 0 <= claimed < float("inf"):
        return served
    return claimed if served is None else min(claimed, served)
