"""Who answers: people, by a link of their own or through a platform, or simulated raters."""

import dataclasses
import sqlite3

from partsjax.errors import InputError
from partsjax.judging.store import time_now


@dataclasses.dataclass(frozen=True)
class Source:
    """Where a person comes from; "" for one who was invited.

    platform: "prolific" or "connect". participant, study, session: as the platform names them.
    """

    platform: str = ""
    participant: str = ""
    study: str = ""
    session: str = ""


def add_rater(written: sqlite3.Connection, kind: str = "person", source: Source | None = None) -> int:
    """A new rater's number, in a transaction; kind: "person" or "simulated".

    Raises:
      InputError: the study has raters of the other kind.
    """
    other = {"person": "simulated", "simulated": "person"}[kind]
    query = "SELECT EXISTS (SELECT 1 FROM raters WHERE kind = ?)"
    if written.execute(query, (other,)).fetchone()[0]:
        found, wanted = ("simulated raters", "people") if kind == "person" else ("people", "simulated raters")
        raise InputError(f"this study has {found}, and {wanted} are never mixed with them; prepare another")
    return written.execute(
        "INSERT INTO raters (kind, platform, participant, platform_study, session, created_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (kind, *dataclasses.astuple(source or Source()), time_now()),
    ).lastrowid


def rater_from(connection: sqlite3.Connection, source: Source) -> int | None:
    """The rater that a platform's participant already is."""
    query = "SELECT rater FROM raters WHERE platform = ? AND participant = ?"
    row = connection.execute(query, (source.platform, source.participant)).fetchone()
    return row[0] if row else None


def count_raters(connection: sqlite3.Connection) -> int:
    return connection.execute("SELECT count(*) FROM raters").fetchone()[0]


def give_consent(written: sqlite3.Connection, rater: int) -> None:
    """Notes when a rater agreed to take part; the first time counts."""
    written.execute(
        "UPDATE raters SET consented_at = ? WHERE rater = ? AND consented_at IS NULL", (time_now(), rater)
    )


def has_consented(connection: sqlite3.Connection, rater: int) -> bool:
    query = "SELECT consented_at IS NOT NULL FROM raters WHERE rater = ?"
    return bool(connection.execute(query, (rater,)).fetchone()[0])


def source_of_rater(connection: sqlite3.Connection, rater: int) -> Source:
    """Where a rater comes from."""
    query = "SELECT platform, participant, platform_study, session FROM raters WHERE rater = ?"
    return Source(*connection.execute(query, (rater,)).fetchone())
