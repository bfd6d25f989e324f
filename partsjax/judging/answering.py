"""What a rater is shown next, and what becomes of an answer."""

import dataclasses
import sqlite3

from partsjax.errors import InputError
from partsjax.judging.items import NONE, Answer
from partsjax.judging.store import time_now

_LONGEST = 3600.0  # seconds; an item that was open longer was left alone

_OPEN = """
SELECT s.position, s.batch, s.number FROM assignments s WHERE s.rater = ?1 AND NOT EXISTS (
  SELECT 1 FROM answers a WHERE a.rater = ?1 AND a.position = s.position
  AND NOT EXISTS (SELECT 1 FROM withdrawals w WHERE w.answer = a.answer))
ORDER BY s.position LIMIT 1
"""
_BEFORE = """
SELECT a.position, max(a.answer) FROM answers a JOIN assignments s USING (rater, position)
WHERE a.rater = ?1 AND s.batch > 0 AND a.position < ?2
AND NOT EXISTS (SELECT 1 FROM withdrawals w WHERE w.answer = a.answer)
GROUP BY a.position ORDER BY a.position DESC LIMIT 1
"""


@dataclasses.dataclass(frozen=True)
class Given:
    """An answer as it arrives.

    Attributes:
      rater, position: to which screen.
      key: names this one act of answering: the same key with the same answer is a retry, and adds nothing.
      seconds: how long it took, or None; brought between 0 and 3600.
    """

    rater: int
    position: int
    key: str
    answer: Answer
    seconds: float | None


@dataclasses.dataclass(frozen=True)
class Screen:
    """The first screen that a rater has not answered.

    Attributes:
      position: its place among all of the rater's.
      batch: 0 is the practice.
      number: of the item, in the study.
      place, size: which one of how many in the batch, from 0.
      draft: the answer that the rater withdrew here.
    """

    position: int
    batch: int
    number: int
    place: int
    size: int
    draft: Answer | None


@dataclasses.dataclass(frozen=True)
class Undoable:
    """The last answer that a rater can withdraw: its screen, and its number."""

    position: int
    answer: int


def next_screen(connection: sqlite3.Connection, rater: int) -> Screen | None:
    """What the rater is to answer next; None where nothing that was assigned is open."""
    row = connection.execute(_OPEN, (rater,)).fetchone()
    if row is None:
        return None
    position, batch, number = row
    first, size = connection.execute(
        "SELECT min(position), count(*) FROM assignments WHERE rater = ? AND batch = ?", (rater, batch)
    ).fetchone()
    return Screen(position, batch, number, position - first, size, answer_at(connection, rater, position))


def number_after(connection: sqlite3.Connection, rater: int, position: int) -> int | None:
    """The item of the screen after one, so that its pictures can be fetched early."""
    query = "SELECT number FROM assignments WHERE rater = ? AND position = ?"
    row = connection.execute(query, (rater, position + 1)).fetchone()
    return row[0] if row else None


def answer_at(connection: sqlite3.Connection, rater: int, position: int) -> Answer | None:
    """The latest answer to a screen, also one that was withdrawn."""
    row = connection.execute(
        "SELECT consistent, kind, name, sure FROM answers WHERE rater = ? AND position = ? "
        "ORDER BY answer DESC LIMIT 1",
        (rater, position),
    ).fetchone()
    if row is None:
        return None
    return Answer(bool(row[0]), None if row[1] == NONE else row[1], *row[2:])


def undoable(connection: sqlite3.Connection, rater: int, position: int | None) -> Undoable | None:
    """The last answer before a screen, or of all; none of the practice."""
    row = connection.execute(_BEFORE, (rater, 2**62 if position is None else position)).fetchone()
    return Undoable(*row) if row else None


def item_at(connection: sqlite3.Connection, rater: int, position: int) -> tuple[int, int]:
    """The batch of a screen, and the number of its item.

    Raises:
      InputError: the rater has no such screen.
    """
    query = "SELECT batch, number FROM assignments WHERE rater = ? AND position = ?"
    row = connection.execute(query, (rater, position)).fetchone()
    if row is None:
        raise InputError("this item is not one of yours; go on with the current one")
    return row


def last_batch(connection: sqlite3.Connection, rater: int) -> int | None:
    """The number of the latest batch that a rater was given; None where not even the practice."""
    return connection.execute("SELECT max(batch) FROM assignments WHERE rater = ?", (rater,)).fetchone()[0]


def record_answer(written: sqlite3.Connection, given: Given) -> None:
    """Adds an answer, in a transaction; it counts instead of earlier ones to the same screen."""
    item_at(written, given.rater, given.position)
    seconds = None if given.seconds is None else min(max(given.seconds, 0.0), _LONGEST)
    said = given.answer
    written.execute(
        "INSERT INTO answers (rater, position, key, consistent, kind, name, sure, seconds, answered_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            *(given.rater, given.position, given.key),
            *(said.consistent, said.kind or NONE, said.name, said.sure),
            *(seconds, time_now()),
        ),
    )


def withdraw(written: sqlite3.Connection, rater: int, which: Undoable) -> None:
    """Undoes an answer and earlier ones to the same screen, in a transaction; once, however often asked."""
    written.execute(
        "INSERT INTO withdrawals SELECT answer, ? FROM answers "
        "WHERE rater = ? AND position = ? AND answer <= ? ON CONFLICT DO NOTHING",
        (time_now(), rater, which.position, which.answer),
    )


def names_used(connection: sqlite3.Connection, rater: int) -> list[str]:
    """The names that a rater has given, the latest first."""
    rows = connection.execute(
        "SELECT name, max(answer) FROM answers WHERE rater = ? AND name != '' GROUP BY name ORDER BY 2 DESC",
        (rater,),
    )
    return [name for name, _ in rows]
