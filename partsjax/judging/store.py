"""A study as one SQLite file: what is asked, who was asked, and what they said."""

import contextlib
import dataclasses
import datetime
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from partsjax.errors import InputError
from partsjax.judging.items import Answer, Item, Picture, Study

DATABASE = "study.db"  # in the folder of a study
IMAGES = "images"
VERSION = 1
_APPLICATION = 0x706A6A75  # what says that an SQLite file is a study

# Times are UTC in ISO 8601. Answers are only ever added: an undone one has a withdrawal, and of several
# answers of a rater to the same screen the latest counts.
_SCHEMA = """
CREATE TABLE study (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE items (
  number INTEGER PRIMARY KEY, item TEXT NOT NULL UNIQUE,
  purpose TEXT NOT NULL CHECK (purpose IN ('filter', 'gold', 'practice')),
  object_class TEXT NOT NULL, layer TEXT NOT NULL, filter INTEGER NOT NULL,
  truth TEXT, accepted TEXT NOT NULL, explanation TEXT NOT NULL);
CREATE TABLE pictures (
  number INTEGER REFERENCES items, place INTEGER, plain TEXT NOT NULL, highlighted TEXT NOT NULL,
  PRIMARY KEY (number, place)) WITHOUT ROWID;
CREATE TABLE raters (
  rater INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('person', 'simulated')),
  platform TEXT NOT NULL, participant TEXT NOT NULL, platform_study TEXT NOT NULL, session TEXT NOT NULL,
  consented_at TEXT, created_at TEXT NOT NULL);
CREATE UNIQUE INDEX participants ON raters (platform, participant) WHERE participant != '';
CREATE TABLE tokens (
  token INTEGER PRIMARY KEY AUTOINCREMENT, role TEXT NOT NULL CHECK (role IN ('owner', 'entry', 'rater')),
  rater INTEGER REFERENCES raters, hash BLOB NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE assignments (
  rater INTEGER REFERENCES raters, position INTEGER, batch INTEGER NOT NULL,
  number INTEGER NOT NULL REFERENCES items, repeat INTEGER NOT NULL CHECK (repeat IN (0, 1)),
  assigned_at TEXT NOT NULL, PRIMARY KEY (rater, position)) WITHOUT ROWID;
CREATE INDEX assigned ON assignments (number);
CREATE TABLE answers (
  answer INTEGER PRIMARY KEY, rater INTEGER NOT NULL, position INTEGER NOT NULL, key TEXT NOT NULL,
  consistent INTEGER NOT NULL CHECK (consistent IN (0, 1)), kind TEXT NOT NULL, name TEXT NOT NULL,
  sure INTEGER NOT NULL CHECK (sure IN (1, 2, 3)), seconds REAL, answered_at TEXT NOT NULL,
  FOREIGN KEY (rater, position) REFERENCES assignments,
  UNIQUE (rater, position, key, consistent, kind, name, sure));
CREATE TABLE withdrawals (answer INTEGER PRIMARY KEY REFERENCES answers, withdrawn_at TEXT NOT NULL);
CREATE TABLE merges (name TEXT PRIMARY KEY, canonical TEXT NOT NULL) WITHOUT ROWID;
CREATE VIEW counted AS
  SELECT rater, position, max(answer) AS answer FROM answers
  WHERE answer NOT IN (SELECT answer FROM withdrawals) GROUP BY rater, position;
CREATE TRIGGER answers_do_not_change BEFORE UPDATE ON answers BEGIN SELECT raise(ABORT, 'append only'); END;
CREATE TRIGGER answers_stay BEFORE DELETE ON answers BEGIN SELECT raise(ABORT, 'append only'); END;
"""

_ANSWERS = """
SELECT s.rater, r.kind = 'simulated' AS simulated, i.item, i.purpose, i.object_class, i.layer, i.filter,
  s.repeat, a.consistent, a.kind, a.name, a.sure, a.seconds, a.answered_at, r.participant
FROM counted c JOIN answers a USING (answer) JOIN raters r ON r.rater = c.rater
JOIN assignments s ON s.rater = c.rater AND s.position = c.position JOIN items i USING (number)
ORDER BY s.rater, s.position
"""


def create(path: Path, study: Study) -> None:
    """Writes a study that nobody has answered yet: of the same study, the same bytes.

    Raises:
      InputError: there is such a file already.
    """
    path = Path(path)
    if path.exists():
        raise InputError(f"{path}: is there already; choose another folder for a new study")
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        _set_durable(connection)
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.executescript(f"BEGIN; {_SCHEMA}")
        _insert(connection, study)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def time_now() -> str:
    """UTC, as a study has it."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def counted_name(name: str) -> str:
    """A name as it is counted: in lower case, with single spaces."""
    return " ".join(name.casefold().split())


class Store:
    """An open study.

    Any number of processes may have one open, and read while one of them writes; a store is for one thread.

    Raises:
      InputError: there is no such file, or it is damaged, no study, or of another version.
    """

    def __init__(self, path: Path):
        self.path = Path(path)
        if not self.path.is_file():
            raise InputError(f"{path}: no such file; prepare makes a study")
        try:
            self.connection = _open(self.path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise InputError(
                    f"{path}: cannot be opened: {error}; see whether you may write there"
                ) from error
            raise InputError(f"{path}: is damaged, or no study ({error}); take it from a copy") from error
        try:
            self._study = _read(self.connection)
        except Exception as error:
            self.close()
            raise InputError(f"{path}: is damaged ({error!r:.80}); take it from a copy") from error

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All that is written inside or, after an exception, nothing; on the disk when it ends."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.commit()

    def commit(self) -> None:
        """Brings a transaction to the disk."""
        try:
            self.connection.execute("COMMIT")
        except sqlite3.Error:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    def study(self) -> Study:
        return self._study

    def simulated(self) -> bool:
        """Whether the raters are simulated; people and they are never in one study."""
        query = "SELECT EXISTS (SELECT 1 FROM raters WHERE kind = 'simulated')"
        return bool(self.connection.execute(query).fetchone()[0])

    def answers(self) -> pd.DataFrame:
        """All answers that count, one a row, in the order of raters and of what each was shown.

        Columns: rater, simulated (bool), item, purpose, object_class, layer, filter, repeat (0; 1 where the
        rater saw the item a second time), consistent (bool), kind ("none" where not consistent), name as
        typed, canonical (the name it counts as, after the owner's merges), sure, seconds (NaN where
        unknown), answered_at, participant ("" where the rater is of no platform).
        """
        frame = pd.read_sql_query(_ANSWERS, self.connection)
        merges = self.merges()
        counted = [merges.get(name, name) for name in map(counted_name, frame["name"])]
        frame.insert(frame.columns.get_loc("name") + 1, "canonical", pd.Series(counted, dtype=object))
        return frame.astype({"simulated": bool, "consistent": bool, "seconds": float})

    def raters(self) -> pd.DataFrame:
        """All raters: rater, simulated (bool), platform, participant, platform_study, session, consented_at,
        created_at; "" where a rater is of no platform."""
        frame = pd.read_sql_query("SELECT * FROM raters ORDER BY rater", self.connection)
        simulated = frame.pop("kind") == "simulated"
        frame.insert(1, "simulated", simulated.astype(bool))
        return frame

    def merges(self) -> dict[str, str]:
        """The owner's merges: by name as it is counted, what it is counted as instead."""
        return dict(self.connection.execute("SELECT name, canonical FROM merges ORDER BY name"))


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=20
    )
    try:
        application, version = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
        )
        if application != _APPLICATION:
            raise InputError(f"{path}: is no study of partsjax; prepare makes one")
        if version != VERSION:
            raise InputError(
                f"{path}: is of version {version}, and this partsjax reads version {VERSION}; "
                f"use the {'newer' if version > VERSION else 'older'} partsjax that made it"
            )
        (sound,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if sound != "ok":
            raise sqlite3.DatabaseError(" ".join(sound.split()))
        _set_durable(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _set_durable(connection: sqlite3.Connection) -> None:
    """What is committed is on the disk, readers do not wait for writers, and references hold."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _insert(connection: sqlite3.Connection, study: Study) -> None:
    values = {field.name: getattr(study, field.name) for field in dataclasses.fields(study)}
    items = values.pop("items")
    connection.executemany("INSERT INTO study VALUES (?, ?)", [(k, json.dumps(v)) for k, v in values.items()])
    for number, item in enumerate(items):
        connection.execute(
            "INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                *(item.item, item.purpose, item.object_class, item.layer, item.filter),
                json.dumps(dataclasses.asdict(item.truth)) if item.truth else None,
                json.dumps(item.accepted),
                item.explanation,
            ),
        )
        connection.executemany(
            "INSERT INTO pictures VALUES (?, ?, ?, ?)",
            [(number, place, one.plain, one.highlighted) for place, one in enumerate(item.pictures)],
        )


def _read(connection: sqlite3.Connection) -> Study:
    values = {key: json.loads(value) for key, value in connection.execute("SELECT key, value FROM study")}
    pictures: dict[int, list[Picture]] = {}
    for number, plain, highlighted in connection.execute(
        "SELECT number, plain, highlighted FROM pictures ORDER BY number, place"
    ):
        pictures.setdefault(number, []).append(Picture(plain, highlighted))
    items = [
        Item(
            *row[1:6],
            truth=Answer(**json.loads(row[6])) if row[6] else None,
            accepted=tuple(json.loads(row[7])),
            explanation=row[8],
            pictures=tuple(pictures.get(row[0], ())),
        )
        for row in connection.execute("SELECT * FROM items ORDER BY number")
    ]
    for name in ("layers", "classes"):
        values[name] = tuple(values[name])
    values["silent"] = tuple(map(tuple, values["silent"]))
    return Study(**values, items=tuple(items))
