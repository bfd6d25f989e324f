"""Answers as a table that another copy of the same study can read: CSV or JSON, and back."""

import dataclasses
import datetime
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from partsjax.errors import InputError
from partsjax.judging.items import NONE, Answer
from partsjax.judging.store import Store

_TYPED = ("participant", "session", "platform_study", "name", "canonical")
_FORMULA = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "'",
)  # what a spreadsheet takes for more than text, and what says it is not


@dataclasses.dataclass(frozen=True)
class RaterThere:
    """A rater of another copy of the study.

    platform, participant, platform_study, session: as of a platform, "" where invited.
    rater, created_at: which one in its copy. consented_at: or "".
    """

    simulated: bool
    platform: str
    participant: str
    platform_study: str
    session: str
    rater: str
    created_at: str
    consented_at: str


@dataclasses.dataclass(frozen=True)
class AnswerThere:
    """An answer that was given to a copy of the study; answered_at: UTC in ISO 8601; seconds: or None."""

    rater: RaterThere
    item: str
    repeat: int
    answer: Answer
    seconds: float | None
    answered_at: str


ANSWER_COLUMNS = (
    *("study", "simulated", "platform", "participant", "platform_study", "session"),
    *("rater", "created_at", "consented_at"),
    *("item", "purpose", "object_class", "layer", "filter", "repeat"),
    *("consistent", "kind", "name", "canonical", "sure", "seconds", "answered_at"),
)
_OF_RATER = tuple(field.name for field in dataclasses.fields(RaterThere))


def exported(store: Store) -> pd.DataFrame:
    """All answers that count with all that is known of their raters, one a row: `ANSWER_COLUMNS`. Times are
    text, what is unknown of a rater is ""."""
    raters = store.raters().fillna("")
    answers = store.answers().drop(columns=["simulated", "participant"])
    frame = raters[list(_OF_RATER)].merge(answers, on="rater", validate="one_to_many")
    return frame.assign(study=store.study().digest)[list(ANSWER_COLUMNS)]


def as_csv(frame: pd.DataFrame) -> str:
    """What raters typed is kept from being computed by a spreadsheet: an apostrophe goes before it."""
    safe = frame.assign(**{name: frame[name].map(_as_text) for name in _TYPED})
    return safe.to_csv(index=False, lineterminator="\n")


def as_json(frame: pd.DataFrame) -> str:
    rows = json.loads(frame.to_json(orient="records"))
    content = {"simulated": bool(frame["simulated"].any()), "answers": rows}
    return json.dumps(content, indent=1) + "\n"


def _as_text(typed: str) -> str:
    return f"'{typed}" if typed.startswith(_FORMULA) else typed


def from_csv(text: str, study: str) -> list[AnswerThere]:
    """What `as_csv` gave.

    Args:
      study: the digest of the study it has to be of.

    Raises:
      InputError: it is of another study, or holds what is no answer.
      Exception: of any kind, where it is something else.
    """
    frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    for name in _TYPED:
        frame[name] = frame[name].str.removeprefix("'")
    return list(_answers(frame.to_dict("records"), study))


def from_json(content: Mapping[str, Any], study: str) -> list[AnswerThere]:
    """What `as_json` gave, parsed; as `from_csv`."""
    return list(_answers(content["answers"], study))


def _answers(rows: Iterable[Mapping[str, Any]], study: str) -> Iterator[AnswerThere]:
    for number, row in enumerate(rows, start=1):
        if row["study"] != study:
            raise InputError(f"answer {number} is of another study; import it into a copy of that one")
        try:
            consistent = _flag(row["consistent"])
            answer = Answer(
                consistent, row["kind"] if row["kind"] != NONE else None, row["name"], int(row["sure"])
            )
            at = utc(row["answered_at"])
        except (InputError, ValueError) as error:
            raise InputError(f"answer {number}: {error}") from error
        of_rater = {name: str(row[name]) for name in _OF_RATER if name != "simulated"}
        yield AnswerThere(
            RaterThere(simulated=_flag(row["simulated"]), **of_rater),
            row["item"],
            int(row["repeat"]),
            answer,
            None if row["seconds"] in ("", None) else float(row["seconds"]),
            at,
        )


def utc(text: str) -> str:
    """A time in ISO 8601, as studies have it.

    Raises:
      InputError: it is none, or does not say how far it is from UTC.
    """
    try:
        found = datetime.datetime.fromisoformat(text)
    except (TypeError, ValueError):
        found = None
    if found is None or found.tzinfo is None:
        raise InputError(f"{text!r:.40} is no time in ISO 8601 with its zone; give one as export does")
    return found.astimezone(datetime.UTC).isoformat(timespec="milliseconds")


def _flag(value: Any) -> bool:
    """True and False, also as CSV has them."""
    known = {"true": True, "false": False}
    if str(value).lower() not in known:
        raise ValueError(f"{value!r:.20} is neither true nor false")
    return known[str(value).lower()]
