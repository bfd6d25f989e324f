"""How a study is served: what its owner chose, and what requests share."""

import dataclasses
import functools
import hashlib
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

from partsjax.errors import InputError
from partsjax.judging.items import KINDS, LONGEST_NAME, SURENESS, Study
from partsjax.judging.store import DATABASE, IMAGES, Store
from partsjax.judging.web.words import EXPLAINED, counted_share
from partsjax.judging.web.writer import Writer

_PACKAGE = "partsjax.judging.web"
STATIC = {"study.css": "text/css", "study.js": "text/javascript", "study.svg": "image/svg+xml"}


@dataclasses.dataclass(frozen=True)
class Serving:
    """What the owner chose.

    Attributes:
      batches: how many batches a rater does at most; None for as long as items need raters.
      consent: the text that raters agree to first; "" for none.
      platform: a key of `PLATFORMS` whose participants come by the entry link; "" for none.
      max_raters: how many participants may come by that link.
      completion_code: shown at the end; "" for none.
      return_url: where raters go at the end; "" for the platform's own address, or nowhere.
      public_url: the study's address as raters see it, where that is not the server's own; "" where it is.
    """

    batches: int | None = None
    consent: str = ""
    platform: str = ""
    max_raters: int = 500
    completion_code: str = ""
    return_url: str = ""
    public_url: str = ""


def require_pictures(folder: Path, study: Study) -> None:
    """Raises `InputError` where pictures of the study are not in its folder."""
    known = {name for item in study.items for one in item.pictures for name in (one.plain, one.highlighted)}
    there = {path.name for path in (folder / IMAGES).glob("*")}
    if lacking := sorted(known - there):
        raise InputError(
            f"{folder / IMAGES}: lacks {len(lacking)} of {len(known)} pictures, {lacking[0]} first; copy the "
            "study's whole folder"
        )


class Shared:
    """What requests share: the study, a connection to read by, the writer; for one event loop."""

    def __init__(self, folder: Path, serving: Serving):
        self.serving = serving
        self.images = Path(folder) / IMAGES
        self.path = Path(folder) / DATABASE
        self.store = Store(self.path)
        self.study: Study = self.store.study()
        self.writer = Writer(self.path)
        self.pictures = frozenset(
            name
            for item in self.study.items
            for one in item.pictures
            for name in (one.plain, one.highlighted)
        )
        self.opened: dict[int, tuple[int, float]] = {}  # by rater, the screen shown last, and when

    def close(self) -> None:
        self.writer.close()
        self.store.close()

    @property
    def connection(self):
        return self.store.connection

    def cookie(self, role: str) -> str:
        """The name of a role's cookie: browsers share cookies among the ports of a machine."""
        return f"{role}_{self.study.digest[:12]}"


def shared(request: Request) -> Shared:
    return request.app.state.shared


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page, filled in; all that is filled in is escaped."""
    ours = shared(request)
    values |= {"study": ours.study, "simulated": ours.store.simulated()}
    return HTMLResponse(templates().get_template(template).render(values), status)


@functools.cache
def templates() -> jinja2.Environment:
    found = jinja2.Environment(
        loader=jinja2.PackageLoader(_PACKAGE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    found.filters["share"] = counted_share
    found.globals.update(
        KINDS=KINDS, EXPLAINED=EXPLAINED, SURENESS=SURENESS, LONGEST_NAME=LONGEST_NAME, static=_static_address
    )
    return found


@functools.cache
def static_file(name: str) -> bytes:
    return resources.files(_PACKAGE).joinpath("static", name).read_bytes()


@functools.cache
def _static_address(name: str) -> str:
    """With its content in it, so that a browser may keep the file."""
    return f"/static/{name}?{hashlib.sha256(static_file(name)).hexdigest()[:12]}"
