"""Plans: the smallest study whose interval is narrow enough, and its cost."""

import math

import pytest

from partsjax.judging import planning
from partsjax.judging.planning import Aim, interval_width, plans

AIM = Aim(width=0.1, fraction=0.3, accuracy=0.8, pay=12.0, seconds=20.0)


@pytest.mark.parametrize("scale", [0.5, 1.5, 2.4, 5.5])
def test_the_smallest_study_is_found(monkeypatch, scale):
    def width(aim, items, *others):
        return scale / math.sqrt(items)

    monkeypatch.setattr(planning, "interval_width", width)
    (plan,) = plans(AIM, (3,), (6,), seed=0)
    least = (scale / AIM.width) ** 2
    assert least <= plan.items <= 1.06 * least + 1 and plan.width <= AIM.width


def test_too_few_raters_do_not_reach_it(monkeypatch):
    monkeypatch.setattr(planning, "interval_width", lambda *_: 0.11)
    (plan,) = plans(AIM, (5,), (4, 6), seed=0)  # four raters cannot be five of an item
    assert plan.raters == 6 and plan.items is None and math.isnan(plan.cost)


def test_costs_are_of_all_that_raters_do():
    plan = planning.Plan(per_item=3, raters=6, items=400, width=0.1, aim=AIM)
    assert plan.screens == pytest.approx(400 * 3 / 6 / 0.8)  # one in five is gold or repeated
    assert plan.hours == pytest.approx(6 * (plan.screens * 20 + 300) / 3600)
    assert plan.cost == pytest.approx(12 * plan.hours)


def test_raters_who_never_err_leave_the_binomial_interval():
    right = Aim(width=0.1, fraction=0.3, accuracy=1.0, pay=1.0, seconds=1.0)
    width = interval_width(right, 300, per_item=3, raters=12, seed=0)
    assert width == pytest.approx(2 * 1.96 * math.sqrt(0.3 * 0.7 / 300), rel=0.1)
    assert interval_width(AIM, 300, per_item=3, raters=6, seed=0) > 1.05 * width
