"""Answers from elsewhere brought into a study: all of them or none, and none twice."""

import collections
import dataclasses
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from partsjax.errors import InputError
from partsjax.judging.assignments import assign_items
from partsjax.judging.exported import AnswerThere, RaterThere, from_csv, from_json
from partsjax.judging.items import NONE
from partsjax.judging.label_studio import from_tasks
from partsjax.judging.raters import Source, add_rater, rater_from
from partsjax.judging.store import Store

_COPY = "copy"  # the platform of raters who were invited to another copy of the study


@dataclasses.dataclass(frozen=True)
class Imported:
    """How many answers were new, and how many were known, or older than what their rater has said since."""

    new: int
    known: int
    raters: int


def answers_in(path: Path, study: str) -> list[AnswerThere]:
    """The answers in a file that export wrote as CSV or JSON, or that Label Studio exports as JSON.

    Args:
      study: the digest of the study they have to be of.

    Raises:
      InputError: it is no such file, of another study, or holds what is no answer.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if text.lstrip().startswith("["):
            return list(from_tasks(json.loads(text), study))
        if text.lstrip().startswith("{"):
            return from_json(json.loads(text), study)
        return from_csv(text, study)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except Exception as error:  # of many kinds
        raise InputError(
            f"{path}: neither what export writes nor what Label Studio exports as JSON ({error!r:.80})"
        ) from error


def import_answers(store: Store, answers: Sequence[AnswerThere]) -> Imported:
    """Adds answers, and their raters where these are not known: a platform's participant by name, others by
    their number and when they came.

    Raises:
      InputError: they name items that the study lacks, or are of simulated raters where people have answered,
        or the reverse; nothing is added then.
    """
    numbers = {item.item: (number, item.purpose) for number, item in enumerate(store.study().items)}
    if unknown := sorted({one.item for one in answers if one.item not in numbers}):
        raise InputError(
            f"{len(unknown)} items are not of this study, {unknown[0]!r:.40} first; import into a copy of "
            "the study that they are of"
        )
    new, raters, times = 0, {}, collections.Counter()
    with store.transaction() as written:
        for one in answers:
            if one.rater not in raters:
                raters[one.rater] = _rater(written, one.rater)
            number, purpose = numbers[one.item]
            screen = (raters[one.rater], number, one.repeat)
            position = _position(written, screen, times[screen], batch=0 if purpose == "practice" else 1)
            times[screen] += 1
            new += _added(written, raters[one.rater], position, one)
    return Imported(new, len(answers) - new, len(set(raters.values())))


def _rater(written: sqlite3.Connection, there: RaterThere) -> int:
    kind = "simulated" if there.simulated else "person"
    same = written.execute(
        "SELECT rater FROM raters WHERE rater = ? AND created_at = ? AND kind = ?",
        (there.rater, there.created_at, kind),
    ).fetchone()
    if same:
        return same[0]
    if there.participant:
        source = Source(there.platform, there.participant, there.platform_study, there.session)
    else:
        source = Source(_COPY, f"{there.rater} of {there.created_at}")
    known = rater_from(written, source)
    if known is not None:
        return known
    rater = add_rater(written, kind, source)
    written.execute("UPDATE raters SET consented_at = ? WHERE rater = ?", (there.consented_at or None, rater))
    return rater


def _position(written: sqlite3.Connection, screen: tuple[int, int, int], times: int, batch: int) -> int:
    """Where a rater was shown an item, repeated or not, after so many times; appended where never."""
    shown = written.execute(
        "SELECT position FROM assignments WHERE rater = ? AND number = ? AND repeat = ? ORDER BY position",
        screen,
    ).fetchall()
    if times < len(shown):
        return shown[times][0]
    rater, number, repeat = screen
    assign_items(written, rater, batch, [(number, repeat)])
    query = "SELECT max(position) FROM assignments WHERE rater = ?"
    return written.execute(query, (rater,)).fetchone()[0]


def _added(written: sqlite3.Connection, rater: int, position: int, one: AnswerThere) -> bool:
    """Whether it is later than what the rater has said there; then it is added, and counts."""
    said = one.answer
    content = (said.consistent, said.kind or NONE, said.name, said.sure)
    (latest,) = written.execute(
        "SELECT max(answered_at) FROM answers WHERE rater = ? AND position = ?", (rater, position)
    ).fetchone()
    if latest is not None and latest >= one.answered_at:
        return False
    written.execute(
        "INSERT INTO answers (rater, position, key, consistent, kind, name, sure, seconds, answered_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (rater, position, f"imported {one.answered_at}", *content, one.seconds, one.answered_at),
    )
    return True
