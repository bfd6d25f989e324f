"""What is made of the drops of a part and of its controls."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from partsjax.discriminativeness.part_drops import Blackouts, PartCounts, count_parts, part_drops
from partsjax.emergence.bootstrap import resamples
from tests.discriminativeness import plain


def blackouts(drops, controls, areas=0.1) -> Blackouts:
    """Crops whose row of controls is NaN have none."""
    areas = np.broadcast_to(areas, len(drops)).astype(np.float64)
    none = np.isnan(controls).any(axis=1)
    return Blackouts(
        drops, controls, areas, np.where(none, np.nan, 0.9 * areas), np.where(none, np.nan, 0.04)
    )


@given(some.integers(0, 2**32 - 1))
def test_drops_of_a_part_are_the_means_over_its_crops_and_differences_over_those_with_a_control(seed):
    random = np.random.default_rng(seed)
    drops, controls, areas = random.normal(1, 1, 6), random.normal(0, 1, (6, 8)), random.uniform(0.01, 0.2, 6)
    controls[random.random(6) < 0.4] = np.nan
    of, draws = random.integers(0, 4, 6), [np.arange(4), *random.integers(0, 4, (5, 4))]
    weights = np.array([np.bincount(d, minlength=4) for d in draws], np.float32).T
    found = part_drops(blackouts(drops, controls, areas), of, weights)
    has = ~np.isnan(controls[:, 0])
    control, difference = controls.mean(axis=1), drops - controls.mean(axis=1)
    for r, d in enumerate(draws):
        expected = {
            "drop": plain.resampled_mean(drops, of, d),
            "area": plain.resampled_mean(areas, of, d),
            "control": plain.resampled_mean(control[has], of[has], d),
            "difference": plain.resampled_mean(difference[has], of[has], d),
            "per_area": plain.resampled_mean(difference[has], of[has], d, areas[has]),
        }
        for name, value in expected.items():
            figure = getattr(found, name)
            np.testing.assert_allclose(figure.samples[r], value, rtol=1e-9, atol=1e-12)
            if not r:
                np.testing.assert_allclose(figure.value, value, rtol=1e-9, atol=1e-12)
    assert (found.crops, found.controlled) == (6, has.sum())
    assert found.without_control == pytest.approx(1 - has.mean())
    if has.any():
        assert found.control_area == pytest.approx(0.9 * areas[has].mean())
        assert found.on_part == pytest.approx(0.04)
    else:
        assert np.isnan([found.control_area, found.on_part]).all()


@pytest.mark.parametrize(("effect", "expected"), [(1.0, True), (0.0, False), (-1.0, False)])
def test_a_part_is_discriminative_by_what_it_costs_over_its_controls(effect, expected):
    random = np.random.default_rng(0)
    crops = random.normal(5, 2, 60)  # a crop that loses much loses it anywhere
    controls = crops[:, None] + random.normal(0, 0.5, (60, 8))
    drops = crops + effect + random.normal(-0.05, 0.5, 60)
    found = part_drops(blackouts(drops, controls), np.arange(60), resamples(60, 0))
    assert found.discriminative is expected and found.drop.low > 0
    np.testing.assert_allclose(found.per_area.value, 10 * found.difference.value)


def with_controls(number: int, crops: int = 60):
    """All that the first crops lose is lost with the part, and the others have no control."""
    controls = np.where(np.arange(crops)[:, None] < number, np.zeros((crops, 8)), np.nan)
    return part_drops(blackouts(np.linspace(1, 2, crops), controls), np.arange(crops), resamples(crops, 0))


def test_under_six_crops_with_a_control_nothing_is_said():
    assert with_controls(6).discriminative is True
    few, none = with_controls(5), with_controls(0)
    assert few.discriminative is None and few.difference.low > 0
    assert none.discriminative is None and none.without_control == 1
    unknown = (none.control, none.difference, none.per_area)
    assert np.isnan([value for figure in unknown for value in figure.estimate]).all()
    assert none.drop.value == pytest.approx(1.5) and math.isnan(none.on_part)


def test_a_part_that_no_crop_has_is_unknown():
    nothing = np.zeros(0)
    found = part_drops(blackouts(nothing, np.zeros((0, 8))), np.zeros(0, int), resamples(9, 0))
    assert found.crops == 0 and found.discriminative is None and math.isnan(found.without_control)
    figures = (found.area, found.drop, found.difference, found.per_area)
    assert np.isnan([value for figure in figures for value in figure.estimate]).all()


def test_parts_without_a_control_are_counted_apart():
    nothing = part_drops(blackouts(np.zeros(0), np.zeros((0, 8))), np.zeros(0, int), resamples(9, 0))
    lost = blackouts(np.zeros(20), np.ones((20, 8)))
    harmless = part_drops(lost, np.arange(20), resamples(20, 0))
    counts = count_parts([with_controls(60), with_controls(50), harmless, with_controls(0), nothing])
    assert counts == PartCounts(
        compared=3, discriminative=2, uncontrolled=1, blackouts=200, without_control=70
    )
