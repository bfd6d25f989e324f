"""Simulated raters take a study: every item gets its raters, and nobody is mixed with people."""

import pytest

from partsjax.errors import InputError
from partsjax.judging.findings import study_findings
from partsjax.judging.quality import qualities
from partsjax.judging.raters import add_rater
from partsjax.judging.rehearsal import rehearse
from partsjax.judging.store import DATABASE, Store
from tests.judging import studies


@pytest.fixture
def store(tmp_path):
    made = studies.study(filters=60)
    with Store(studies.folder(tmp_path / "S", made) / DATABASE) as opened:
        yield opened


def test_every_item_has_its_raters_and_they_are_right_at_their_rate(store):
    planted = rehearse(store, raters=6, accuracy=0.8, seed=0)
    answers, study = store.answers(), store.study()
    of_filters = answers[(answers["purpose"] == "filter") & (answers["repeat"] == 0)]
    assert set(of_filters.groupby("item").size()) == {study.raters_per_item} and len(planted) == 60
    assert store.simulated() and answers["simulated"].all()
    right = (of_filters["kind"] == of_filters["item"].map(planted)).mean()
    assert right == pytest.approx(0.8, abs=0.08)
    found = qualities(study, answers)
    assert len(found) == 6 and all(of.gold for of in found) and any(of.repeated for of in found)
    gold = sum(of.gold_right for of in found) / sum(of.gold for of in found)
    assert gold == pytest.approx(0.8, abs=0.15)
    judged = {f.item.item: f.kind for f in study_findings(study, answers).every.filters if f.item}
    assert sum(judged[item] == kind for item, kind in planted.items()) > 0.8 * 60
    with pytest.raises(InputError, match="has its raters already"):
        rehearse(store, raters=2, accuracy=0.8, seed=1)
    assert len(store.raters()) == 6


def test_the_same_seed_says_the_same(store, tmp_path):
    rehearse(store, raters=4, accuracy=0.7, seed=3)
    with Store(studies.folder(tmp_path / "T", store.study()) / DATABASE) as other:
        rehearse(other, raters=4, accuracy=0.7, seed=3)
        given = [of.answers().drop(columns="answered_at") for of in (store, other)]
    assert given[0].equals(given[1])


def test_people_and_simulated_raters_are_never_mixed(store):
    with store.transaction() as written:
        add_rater(written)
    with pytest.raises(InputError, match="never mixed"):
        rehearse(store, raters=2, accuracy=0.8, seed=0)
    assert len(store.raters()) == 1 and not store.simulated()
