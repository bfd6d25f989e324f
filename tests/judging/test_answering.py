"""Answers: none lost, none doubled, whatever retries, tabs and clocks do."""

import pytest

from partsjax.errors import InputError
from partsjax.judging import answering, store
from partsjax.judging.answering import Given, Undoable, next_screen, record_answer, undoable, withdraw
from partsjax.judging.assignments import assign_items
from partsjax.judging.items import Answer
from partsjax.judging.raters import add_rater
from partsjax.judging.store import Store
from tests.judging import studies

YES = Answer(consistent=True, kind="part", name="Front  wheel", sure=2)
NO = studies.NOISE


@pytest.fixture
def opened(tmp_path):
    with Store(studies.folder(tmp_path / "S") / store.DATABASE) as opened:
        with opened.transaction() as written:
            for _ in range(2):
                assign_items(written, add_rater(written), 1, [(0, 0), (1, 0), (12, 0), (0, 1)])
        yield opened


def say(opened, position, answer=YES, key="key", rater=1, seconds=2.0):
    with opened.transaction() as written:
        record_answer(written, Given(rater, position, key, answer, seconds))


def undo(opened, which, rater=1):
    with opened.transaction() as written:
        withdraw(written, rater, which)


def kinds(opened) -> dict[int, str]:
    """What counts, by the order of screens."""
    return dict(enumerate(opened.answers()["kind"]))


def test_an_answer_is_in_the_table(opened):
    say(opened, 0)
    say(opened, 3, NO, rater=2, seconds=None)
    first, second = opened.answers().to_dict("records")
    expected = {
        "rater": 1,
        "simulated": False,
        "item": opened.study().items[0].item,
        "purpose": "filter",
        "object_class": "horse",
        "layer": "conv5",
        "filter": 0,
        "repeat": 0,
        "consistent": True,
        "kind": "part",
        "name": "Front  wheel",
        "canonical": "front wheel",
        "sure": 2,
        "seconds": 2.0,
        "participant": "",
    }
    assert {name: first[name] for name in expected} == expected
    assert (second["rater"], second["repeat"], second["kind"], second["name"]) == (2, 1, "none", "")
    assert second["seconds"] != second["seconds"]


def test_a_retry_is_no_second_answer_and_a_changed_one_counts(opened):
    for _ in range(3):
        say(opened, 0, NO)
    assert opened.connection.execute("SELECT count(*) FROM answers").fetchone() == (1,)
    say(opened, 0, YES)  # back in the browser, another choice, the same form
    assert kinds(opened) == {0: "part"}


def test_of_two_tabs_the_latest_counts(opened):
    say(opened, 0, NO, "one tab")
    say(opened, 0, YES, "another tab")
    assert kinds(opened) == {0: "part"}
    assert opened.connection.execute("SELECT count(*) FROM answers").fetchone() == (2,)


def test_undo_brings_the_screen_back_with_what_was_said(opened):
    say(opened, 0)
    say(opened, 1, NO, "two")
    before = undoable(opened.connection, 1, next_screen(opened.connection, 1).position)
    assert before.position == 1
    undo(opened, before)
    screen = next_screen(opened.connection, 1)
    assert (screen.position, screen.place, screen.size, screen.draft) == (1, 1, 4, NO)
    assert kinds(opened) == {0: "part"}
    undo(opened, before)  # a second click takes nothing else back
    assert kinds(opened) == {0: "part"}
    say(opened, 1, YES, "three")
    undo(opened, before)  # nor does a retry that comes late
    assert kinds(opened) == {0: "part", 1: "part"}


def test_undo_takes_back_all_that_was_said_at_a_screen(opened):
    say(opened, 0, NO, "one tab")
    say(opened, 0, YES, "another tab")
    undo(opened, undoable(opened.connection, 1, None))
    assert kinds(opened) == {} and next_screen(opened.connection, 1).draft == YES
    assert undoable(opened.connection, 1, None) is None


def test_nobody_undoes_what_others_said(opened):
    say(opened, 0, rater=1)
    undo(opened, Undoable(0, 1), rater=2)
    assert kinds(opened) == {0: "part"}


def test_an_item_that_was_not_given_cannot_be_answered(opened):
    with pytest.raises(InputError, match="not one of yours"):
        say(opened, 9)
    assert kinds(opened) == {}


def test_clocks_that_jump_lose_nothing(opened, monkeypatch):
    for position, now in enumerate(("2031-01-01T00:00:00", "1999-01-01T00:00:00", "2026-01-01T00:00:00")):
        monkeypatch.setattr(answering, "time_now", lambda now=now: now)
        say(opened, position, seconds=(-5.0, 1e9, 3.0)[position])
    say(opened, 0, NO, "later, by a clock that was set back")
    assert kinds(opened) == {0: "none", 1: "part", 2: "part"}
    assert list(opened.answers()["seconds"]) == [2.0, 3600.0, 3.0]


def test_names_of_a_rater_are_the_rater_s_own(opened):
    say(opened, 0, rater=2)
    assert answering.names_used(opened.connection, 1) == []
    assert answering.names_used(opened.connection, 2) == ["Front  wheel"]


def test_merges_are_what_names_count_as(opened):
    say(opened, 0)
    with opened.transaction() as written:
        written.execute("INSERT INTO merges VALUES ('front wheel', 'wheel')")
    assert list(opened.answers()["canonical"]) == ["wheel"]
    assert list(opened.answers()["name"]) == ["Front  wheel"]
