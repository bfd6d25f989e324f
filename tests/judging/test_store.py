"""The file of a study: the same bytes for the same study, refused where it is not whole, durable."""

import contextlib
import sqlite3

import pytest

from partsjax.errors import InputError
from partsjax.judging import store
from partsjax.judging.store import Store
from tests.judging import studies

COLUMNS = (
    "rater, simulated, item, purpose, object_class, layer, filter, repeat, consistent, kind, name, "
    "canonical, sure, seconds, answered_at, participant"
)


@pytest.fixture
def path(tmp_path):
    return studies.folder(tmp_path / "S") / store.DATABASE


def test_a_study_is_read_as_it_was_written(path):
    with Store(path) as opened:
        assert opened.study() == studies.study()
        assert ", ".join(opened.answers().columns) == COLUMNS and not len(opened.answers())
        assert not opened.simulated() and not len(opened.raters())


def test_the_same_study_has_the_same_bytes(path, tmp_path):
    again = studies.folder(tmp_path / "again") / store.DATABASE
    assert path.read_bytes() == again.read_bytes()
    assert {one.name for one in path.parent.iterdir()} == {store.DATABASE, store.IMAGES}
    with pytest.raises(InputError, match="is there already"):
        store.create(path, studies.study())


def test_answers_are_on_the_disk_when_a_transaction_ends(path):
    with Store(path) as opened:
        asked = ("journal_mode", "synchronous", "foreign_keys")
        assert [opened.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in asked] == ["wal", 2, 1]


def test_answers_are_only_added(path):
    with Store(path) as opened, opened.transaction() as written:
        written.execute("INSERT INTO raters VALUES (1, 'person', '', '', '', '', NULL, '')")
        written.execute("INSERT INTO assignments VALUES (1, 0, 0, 0, 0, '')")
        written.execute("INSERT INTO answers VALUES (1, 1, 0, 'k', 0, 'none', '', 3, 1.5, '')")
        for change in ("DELETE FROM answers", "UPDATE answers SET sure = 1"):
            with pytest.raises(sqlite3.IntegrityError, match="append only"):
                written.execute(change)


def test_a_transaction_is_all_or_nothing(path):
    with Store(path) as opened:
        with pytest.raises(ZeroDivisionError), opened.transaction() as written:
            written.execute("INSERT INTO merges VALUES ('a', 'b')")
            _ = 1 / 0
        assert opened.merges() == {}
        with opened.transaction() as written:
            written.execute("INSERT INTO merges VALUES ('a', 'b')")
        assert opened.merges() == {"a": "b"}


def _other_version(path):
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA user_version = 7")


def _other_application(path):
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE study (key, value)")


def _torn(path):
    path.write_bytes(path.read_bytes()[:-5000])


def _overwritten(path):
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xaa" * 8192 + data[12288:])


def _overwritten_where_answers_are(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        ((page,),) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'answers'")
        connection.execute("PRAGMA journal_mode = DELETE")
    data = bytearray(path.read_bytes())
    data[(page - 1) * 4096 : page * 4096] = b"\xaa" * 4096
    path.write_bytes(data)


def _text(path):
    path.write_text("answers", encoding="utf-8")


def _study_without_its_title(path):
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM study WHERE key = 'title'")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (_other_version, "is of version 7"),
        (_other_application, "is no study"),
        (_torn, "damaged"),
        (_overwritten, "damaged"),
        (_overwritten_where_answers_are, "damaged"),
        (_text, "damaged, or no study"),
        (_study_without_its_title, "damaged"),
        (lambda path: path.unlink(), "no such file; prepare"),
    ],
)
def test_what_is_no_whole_study_is_refused_in_one_line(path, harm, words):
    harm(path)
    with pytest.raises(InputError, match=words) as refused:
        Store(path)
    assert "\n" not in str(refused.value)


def test_names_are_counted_in_one_spelling():
    assert store.counted_name("  Front   Wheel\t") == "front wheel"
