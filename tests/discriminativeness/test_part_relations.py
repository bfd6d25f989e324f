"""Three relations of parts that matter to parts that emerge, told apart where size alone decides."""

import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from partsjax.discriminativeness.part_drops import Blackouts, PartDrops, part_drops
from partsjax.discriminativeness.part_relations import RELATIONS, DetectedParts, part_relations
from partsjax.emergence.bootstrap import resamples
from partsjax.emergence.verdict import PRIOR_NAME, Estimate, PriorVerdict, Verdict
from tests.discriminativeness import plain

PARTS, CROPS = 40, 30
AREAS = np.random.default_rng(0).uniform(0.01, 0.4, PARTS)


def drops(worth, without: dict[int, int] | None = None) -> list[PartDrops]:
    """Parts that cost their area and what they are worth, on every crop; controls cost their area.

    without: of a part, on how many crops it has no control.
    """
    random, weights, found = np.random.default_rng(1), resamples(CROPS, 2), []
    for p, area in enumerate(AREAS):
        noise = random.normal(0, 0.01, (CROPS, 9))
        areas = np.full(CROPS, area)
        lost = noise + 5 * area
        lost[:, 0] += worth[p]
        lost[: (without or {}).get(p, 0), 1:] = math.nan
        blackouts = Blackouts(lost[:, 0], lost[:, 1:], areas, areas, np.zeros(CROPS))
        found.append(part_drops(blackouts, np.arange(CROPS), weights))
    return found


def detected(aps, excesses, rare=()) -> DetectedParts:
    verdicts = [
        Verdict(
            "conv5", "dog", f"part {p}", 20, 9 if p in rare else 20, 0,
            combination_ap_val=Estimate(ap, ap, ap),
            priors={PRIOR_NAME: PriorVerdict("place prior", excess=Estimate(excess, excess, excess))},
        )
        for p, (ap, excess) in enumerate(zip(aps, excesses, strict=True))
    ]  # fmt: skip
    samples = (np.repeat(np.array(values)[:, None], 1000, axis=1) for values in (aps, excesses))
    return DetectedParts(tuple(verdicts), *samples)


def planted(of_worth: float):
    """APs go by size; excesses by what the parts are worth, in this share, and else by nothing."""
    random = np.random.default_rng(3)
    worth, chance = random.normal(0, 0.3, (2, PARTS))
    excess = of_worth * worth + (1 - of_worth) * chance
    found = detected(AREAS + random.normal(0, 0.02, PARTS), excess)
    return part_relations(drops(worth), [found])


def test_size_alone_relates_plain_drops_to_ap_and_nothing_to_the_excess():
    found = planted(of_worth=0)
    assert list(found) == list(RELATIONS)
    assert found["drop_and_ap_val"].value > 0.7 and found["drop_and_ap_val"].over_things.low > 0.5
    for name in ("difference_and_excess", "drop_and_excess_given_area"):
        assert abs(found[name].value) < 0.2, name
        assert found[name].over_things.low < 0 < found[name].over_things.high


def test_with_size_out_parts_that_matter_beyond_it_are_those_that_emerge_beyond_place():
    found = planted(of_worth=1)
    for name in ("difference_and_excess", "drop_and_excess_given_area"):
        assert found[name].value > 0.8 and found[name].over_things.low > 0.6, name


def test_each_is_of_its_two_figures_over_the_parts_that_have_them():
    random = np.random.default_rng(5)
    worth, aps, excesses = random.normal(size=(3, PARTS))
    found = part_relations(
        drops(worth, {**dict.fromkeys(range(7), CROPS), 8: CROPS - 5, 9: CROPS - 1, 12: CROPS - 6}),
        [detected(aps, excesses, rare=(11, 3))],
        4,
    )
    parts, judged = drops(worth, {12: CROPS - 6}), np.delete(np.arange(PARTS), (3, 11))
    compared = judged[(judged == 7) | (judged > 9)]
    difference, drop, area = (
        np.array([getattr(p, name).value for p in parts]) for name in ("difference", "drop", "area")
    )
    expected = {
        "difference_and_excess": (30, spearmanr(difference[compared], excesses[compared]).statistic),
        "drop_and_excess_given_area": (
            38,
            plain.partial_rank_correlation(drop[judged], excesses[judged], area[judged]),
        ),
        "drop_and_ap_val": (38, spearmanr(drop[judged], aps[judged]).statistic),
    }
    for name, (number, value) in expected.items():
        assert found[name].number == number and found[name].value == pytest.approx(value), name
        assert not np.isnan([*found[name].over_things, *found[name].over_images]).any()


def test_classes_come_one_after_another():
    worth, aps, excesses = np.random.default_rng(5).normal(size=(3, PARTS))
    parts, whole = drops(worth), detected(aps, excesses)
    halves = [
        DetectedParts(whole.verdicts[half], whole.ap_samples[half], whole.excess_samples[half])
        for half in (slice(0, 17), slice(17, None))
    ]
    assert repr(part_relations(parts, halves)) == repr(part_relations(parts, [whole]))
