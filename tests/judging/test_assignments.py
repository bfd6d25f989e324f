"""Who is shown what: items reach their number of raters evenly; batches have gold and repeated items."""

import collections
import datetime

import numpy as np
import pytest

from partsjax.errors import InputError
from partsjax.judging import assignments, store
from partsjax.judging.answering import Given, last_batch, next_screen, record_answer
from partsjax.judging.assignments import (
    assign_batch,
    assign_practice,
    examples_and_practice,
    needs_rater,
    ordered,
)
from partsjax.judging.raters import Source, add_rater, rater_from
from partsjax.judging.store import Store
from tests.judging import studies

NO = studies.NOISE


@pytest.fixture
def opened(tmp_path):
    study = studies.study(filters=30, batch_size=20, gold_share=0.1, repeat_share=0.15)
    with Store(studies.folder(tmp_path / "S", study) / store.DATABASE) as opened:
        yield opened


def rater(opened, kind="person", source=None) -> int:
    with opened.transaction() as written:
        return add_rater(written, kind, source)


def batch(opened, rater) -> list[tuple[int, int]]:
    """Gives one more; its items and whether they are repeated."""
    with opened.transaction() as written:
        number = assign_batch(written, opened.study(), rater)
    query = "SELECT number, repeat FROM assignments WHERE rater = ? AND batch = ? ORDER BY position"
    return opened.connection.execute(query, (rater, number)).fetchall()


def answer_all(opened, rater) -> None:
    while screen := next_screen(opened.connection, rater):
        with opened.transaction() as written:
            record_answer(written, Given(rater, screen.position, f"key{screen.position}", NO, 1.0))


def test_a_batch_has_gold_and_repeated_items_and_the_repeated_ones_come_twice_well_apart(opened):
    shown = batch(opened, rater(opened))
    purposes = collections.Counter(
        opened.study().items[number].purpose for number, repeat in shown if not repeat
    )
    assert purposes == {"filter": 15, "gold": 2} and len(shown) == 20
    numbers = [number for number, _ in shown]
    again = [place for place, (_, repeat) in enumerate(shown) if repeat]
    assert len(again) == 3
    for place in again:
        assert opened.study().items[numbers[place]].purpose == "filter"
        assert place - numbers.index(numbers[place]) >= 4


@pytest.mark.parametrize(
    ("fresh", "golds", "repeats"), [(15, 2, 3), (1, 0, 1), (3, 0, 3), (2, 1, 0), (40, 9, 1)]
)
def test_an_order_has_all_and_the_repeated_ones_twice(fresh, golds, repeats):
    for seed in range(20):
        order = ordered(range(fresh), range(100, 100 + golds), repeats, np.random.default_rng(seed))
        counts = collections.Counter(order)
        assert counts == {
            **{n: 1 + (n < repeats) for n in range(fresh)},
            **{100 + n: 1 for n in range(golds)},
        }


def test_orders_differ_by_rater_and_batch_and_follow_from_the_seed(opened, tmp_path):
    first, second = rater(opened), rater(opened)
    shown = [batch(opened, first), batch(opened, second), batch(opened, first)]
    assert len({tuple(one) for one in shown}) == 3
    few = studies.study(filters=15, batch_size=20, gold_share=0, repeat_share=0)  # all of them for everyone
    with Store(studies.folder(tmp_path / "few", few) / store.DATABASE) as small:
        one, other = (batch(small, rater(small)) for _ in range(2))
        assert one != other and sorted(one) == sorted(other)
    copy = Store(studies.folder(tmp_path / "copy", opened.study()) / store.DATABASE)
    with copy:
        again = rater(copy)
        assert batch(copy, again) == shown[0]


def test_items_reach_their_number_of_raters_evenly(opened):
    counts = collections.Counter()
    for _ in range(6):  # 15 of 30 items each, three raters an item: exactly all
        shown = batch(opened, rater(opened))
        counts.update(number for number, repeat in shown if not repeat and number < 30)
        assert max(counts.values()) - min(counts.values() if len(counts) == 30 else [0]) <= 1
    assert set(counts.values()) == {3} and len(counts) == 30
    late = rater(opened)
    assert not needs_rater(opened.connection, opened.study(), late) and batch(opened, late) == []


def test_a_rater_sees_every_item_until_none_is_left_and_a_small_batch_has_fewer_gold_items(opened):
    alone = rater(opened)
    sizes = []
    while shown := batch(opened, alone):
        sizes.append(len(shown))
        answer_all(opened, alone)
    assert sizes == [20, 20]
    assert last_batch(opened.connection, alone) == 2
    answers = opened.answers()
    fresh = answers[(answers["purpose"] == "filter") & (answers["repeat"] == 0)]
    assert sorted(fresh["filter"].value_counts()) == [2] * 15  # of two classes each
    assert not needs_rater(opened.connection, opened.study(), alone)


def test_what_a_rater_leaves_is_given_to_others(opened, monkeypatch):
    for _ in range(6):
        batch(opened, rater(opened))
    assert batch(opened, rater(opened)) == []
    later = datetime.datetime.now(datetime.UTC) + 2 * assignments.HELD
    monkeypatch.setattr(assignments, "time_now", lambda: later.isoformat(timespec="milliseconds"))
    assert len(batch(opened, rater(opened))) == 20


def test_the_practice_comes_once_and_its_first_half_is_shown_instead(opened):
    one = rater(opened)
    for _ in range(2):
        with opened.transaction() as written:
            assign_practice(written, opened.study(), one)
    shown, practice = examples_and_practice(opened.study())
    query = "SELECT i.item, s.batch FROM assignments s JOIN items i USING (number) WHERE rater = ?"
    assert opened.connection.execute(query, (one,)).fetchall() == [(item.item, 0) for item in practice]
    assert {item.item for item in shown}.isdisjoint(item.item for item in practice) and len(shown) == 2


@pytest.mark.parametrize(("first", "second"), [("person", "simulated"), ("simulated", "person")])
def test_people_and_simulated_raters_are_never_mixed(opened, first, second):
    rater(opened, first)
    assert opened.simulated() == (first == "simulated")
    with pytest.raises(InputError, match="never mixed"):
        rater(opened, second)
    assert len(opened.raters()) == 1


def test_a_participant_is_one_rater(opened):
    source = Source("prolific", "P1", "study", "session")
    one = rater(opened, source=source)
    assert rater_from(opened.connection, source) == one
    assert rater_from(opened.connection, Source("prolific", "P1", "study", "another")) == one
    assert rater_from(opened.connection, Source("connect", "P1", "study", "session")) is None
    (row,) = opened.raters().to_dict("records")
    assert row["participant"] == "P1" and row["platform"] == "prolific" and not row["simulated"]
