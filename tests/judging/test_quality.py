"""Gold, repeated items and time of each rater."""

import math

import pytest

from partsjax.judging.quality import kept_raters, qualities
from tests.judging import studies
from tests.judging.answering import answer, answers


@pytest.fixture(scope="module")
def study():
    return studies.study()


def test_each_rater_is_judged_by_gold_and_by_themselves(study):
    filters, gold = ([i for i in study.items if i.purpose == p] for p in ("filter", "gold"))
    practice = next(item for item in study.items if item.purpose == "practice")
    eye, noise = gold[:2]
    rows = [
        answer(1, practice, "color", seconds=900.0),  # practice is no gold
        answer(1, eye, "part", seconds=4.0),
        answer(1, noise, "none", seconds=5.0),
        answer(1, gold[2], "texture", seconds=30.0),  # one concept, but not that kind
        answer(1, noise, "part", repeat=1),  # gold once more
        answer(1, filters[0], "part"),
        answer(1, filters[0], "part", repeat=1),
        answer(1, filters[1], "part"),
        answer(1, filters[1], "none", repeat=1),
        answer(2, filters[0], "none", seconds=math.nan, simulated=True),
    ]
    first, second = qualities(study, answers(rows))
    assert (first.rater, first.answers, first.gold, first.gold_right) == (1, 2, 3, 2)
    assert first.gold_score == pytest.approx(2 / 3)
    assert (first.repeated, first.repeated_same, first.self_agreement) == (2, 1, 0.5)
    assert first.seconds == 10.0 and not first.simulated
    assert second.simulated and math.isnan(second.seconds)
    assert math.isnan(second.gold_score) and math.isnan(second.self_agreement)
    assert kept_raters([first, second], 0.0) == kept_raters([first, second], 0.6) == [1, 2]
    assert kept_raters([first, second], 0.7) == [2]  # without gold, nothing is held against them
