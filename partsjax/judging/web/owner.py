"""The owner's pages: how far the study is, and which names mean the same.

They read all answers, so each request does it in a thread, through a connection of its own.
"""

import sqlite3
from collections.abc import Sequence

import pandas as pd
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from partsjax.judging.items import LONGEST_NAME
from partsjax.judging.store import Store, counted_name
from partsjax.judging.web import guard
from partsjax.judging.web.progress import progress_of
from partsjax.judging.web.serving import Shared, page, shared
from partsjax.judging.web.sessions import require_owner


async def progress(request: Request) -> Response:
    require_owner(request)
    ours = shared(request)

    def read():
        with Store(ours.path) as store:
            return progress_of(ours.study, store.answers(), store.raters())

    return page(request, "owner.html", progress=await run_in_threadpool(read))


async def names(request: Request) -> Response:
    """All names that were given, by what they count as; chosen ones become one."""
    require_owner(request)
    ours = shared(request)
    if request.method == "GET":
        return page(request, "names.html", groups=await run_in_threadpool(lambda: _groups(ours)), problem="")
    guard.require_same_site(request, ours.serving.public_url)
    form = await guard.read_form(request)
    chosen = [counted_name(name) for name in form.get("name", [])]
    action, canonical = form.get("action", [""])[-1], counted_name(form.get("canonical", [""])[-1])
    problem = _problem(action, chosen, canonical)
    if problem:
        groups = await run_in_threadpool(lambda: _groups(ours))
        return page(request, "names.html", status=422, groups=groups, problem=problem)
    if action == "merge":
        await ours.writer.write(lambda written: merge_names(written, chosen, canonical))
    else:
        await ours.writer.write(lambda written: separate_names(written, chosen))
    return RedirectResponse("/owner/names", 303)


def merge_names(written: sqlite3.Connection, chosen: Sequence[str], canonical: str) -> None:
    """Lets names, and what was merged into them before, count as another; in a transaction."""
    written.execute("DELETE FROM merges WHERE name = ?", (canonical,))
    for name in chosen:
        written.execute("UPDATE merges SET canonical = ? WHERE canonical = ?", (canonical, name))
        if name != canonical:
            written.execute("INSERT OR REPLACE INTO merges VALUES (?, ?)", (name, canonical))
    written.execute("DELETE FROM merges WHERE name = canonical")


def separate_names(written: sqlite3.Connection, chosen: Sequence[str]) -> None:
    """Undoes the merges into names."""
    written.executemany("DELETE FROM merges WHERE canonical = ?", [(name,) for name in chosen])


def _problem(action: str, chosen: Sequence[str], canonical: str) -> str:
    if action not in ("merge", "separate"):
        raise HTTPException(400, "This is not a form of the study.")
    if not chosen:
        return "Choose names first."
    if action == "merge" and (not canonical or len(canonical) > LONGEST_NAME or not canonical.isprintable()):
        return f"Say what the chosen names are to count as, in at most {LONGEST_NAME} characters."
    return ""


def _groups(ours: Shared) -> list[tuple[str, int, str, str]]:
    """By what names count as: how often, as what they were typed, and of which classes the items are."""
    with Store(ours.path) as store:
        answers = store.answers()
    used = answers[(answers["purpose"] == "filter") & (answers["name"] != "")]
    return [
        (canonical, len(group), _listed(group["name"].map(counted_name)), _listed(group["object_class"]))
        for canonical, group in used.groupby("canonical")
    ]


def _listed(values: pd.Series) -> str:
    return ", ".join(f"{value} ({count})" for value, count in values.value_counts().sort_index().items())
