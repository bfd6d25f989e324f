"""What is found of a class and of a layer: each figure from drops, verdicts and the same resamples."""

import dataclasses

import numpy as np
import pytest

from partsjax.discriminativeness.correlation import rank_correlation
from partsjax.discriminativeness.filters import Cutoff, exceeding
from partsjax.discriminativeness.findings import ClassDrops, class_findings, layer_findings
from partsjax.discriminativeness.part_drops import Blackouts, count_parts, part_drops
from partsjax.discriminativeness.part_relations import DetectedParts, part_relations
from partsjax.discriminativeness.relation import CRITERIA, overlap, semantic
from partsjax.emergence.bootstrap import resamples
from partsjax.emergence.verdict import PRIOR_NAME, Estimate, PriorVerdict, Verdict

CUTOFF = Cutoff()
CROPS, FILTERS, PARTS = 30, 20, ("head", "leg", "tail", "ear")
IMAGES = 2 * np.sort(np.random.default_rng(9).integers(0, 18, CROPS))  # numbers with gaps


def drops(seed: int) -> ClassDrops:
    """Filter 3 matters before the softmax and 5 after it; part p is in a share of the crops."""
    random = np.random.default_rng(seed)
    before, after = (random.normal(0, 0.3, (CROPS, FILTERS)).astype(np.float32) for _ in range(2))
    before[:, 3] += 5
    after[:, 5] += 5
    gone = random.random((CROPS, len(PARTS))) < 0.3
    part = np.where(gone, np.nan, random.normal(2, 1, gone.shape) + np.arange(4))
    controls = np.where(gone[..., None], np.nan, random.normal(1, 1, (*gone.shape, 8)))
    shares = [np.where(gone, np.nan, random.uniform(0.05, 0.2, gone.shape)) for _ in range(3)]
    for array in (controls, *shares[1:]):
        array[::5, 1] = np.nan  # beside the leg no control fits on every fifth crop, beside the tail on none
        array[:, 2] = np.nan
    peaks, right = np.zeros((CROPS, FILTERS), np.float32), np.arange(CROPS) % 4 > 0
    gradient = (before + random.normal(0, 0.1, before.shape)).astype(np.float32)
    return ClassDrops(before, after, gradient, peaks, peaks.astype(int), 7, part, controls, *shares, right)


def verdicts(object_class: str, seed: int, parts=PARTS) -> list[Verdict]:
    """The head emerges by all criteria, the leg by the paper's, the tail by none, the ear is too rare."""
    random = np.random.default_rng(seed)
    figures = zip(
        parts,
        (0.6, 0.4, 0.1, 0.9),
        (0.4, 0.1, 0.05, 0.8),
        (20, 20, 20, 9),
        (0.01, 0.2, 0.4, 0.01),
        strict=True,
    )
    return [
        Verdict(
            "conv5", object_class, part, 20, num_val, 3 + p, combination=(3 + p, 8 + p),
            combination_ap_train=train, combination_ap_val=Estimate(low + random.random() / 9, low, 0.9),
            priors={PRIOR_NAME: PriorVerdict("place prior", excess=Estimate(random.random(), 0.05, 0.2))},
            q_value=q_value,
        )
        for p, (part, train, low, num_val, q_value) in enumerate(figures)
    ]  # fmt: skip


def detected(name: str, number: int, parts=PARTS) -> DetectedParts:
    samples = np.random.default_rng(number).random((2, len(parts), 1000))
    return DetectedParts(tuple(verdicts(name, number, parts)), *samples)


def findings(name: str = "dog", number: int = 0, cutoff: Cutoff = CUTOFF, parts=PARTS):
    return class_findings(drops(number), IMAGES, detected(name, number, parts), cutoff, seed=4)


@pytest.fixture(scope="module")
def dog():
    return findings()


def test_a_class_adds_up_its_drops(dog):
    lost = drops(0)
    index = np.unique(IMAGES, return_inverse=True)[1]
    count = index.max() + 1
    weights = resamples(count, (4, count))
    for found, per_crop in (
        (dog.before.delta, lost.before),
        (dog.after.delta, lost.after),
        (dog.gradient, lost.gradient),
        (dog.top1, lost.recognized),
    ):
        per_crop = per_crop.astype(np.float64)
        np.testing.assert_allclose(found.value, per_crop.mean(axis=0), rtol=1e-9)
        again = (per_crop.T @ weights[index]) / weights[index].sum(axis=0)
        np.testing.assert_allclose(found.samples, again, rtol=1e-9, atol=1e-12)
    assert (dog.layer, dog.object_class, dog.crops) == ("conv5", "dog", CROPS)
    np.testing.assert_array_equal(dog.discriminative, exceeding(lost.before.mean(axis=0)))
    assert np.flatnonzero(dog.discriminative).tolist() == [3] and dog.counts == dog.before.counts
    correlation = rank_correlation(dog.before.delta, dog.gradient, seed=4)
    assert repr(dog.gradient_correlation) == repr(correlation) and correlation.value > 0.5
    for p, found in enumerate(dog.parts):
        has = ~np.isnan(lost.part[:, p])
        columns = (lost.part, lost.controls, lost.areas, lost.control_areas, lost.on_part)
        expected = part_drops(Blackouts(*(a[has, p] for a in columns)), index[has], weights)
        assert found.crops == has.sum() < CROPS and found.on_part == pytest.approx(
            expected.on_part, nan_ok=True
        )
        np.testing.assert_array_equal(found.area.samples, expected.area.samples)
        np.testing.assert_array_equal(found.difference.samples, expected.difference.samples)


def test_what_is_discriminative_is_asked_of_the_score_before_or_after_the_softmax_and_by_the_factor(dog):
    after = findings(cutoff=Cutoff(3.0, after_softmax=True))
    assert np.flatnonzero(after.discriminative).tolist() == [5] and after.counts == after.after.counts
    none = findings(cutoff=Cutoff(5.0))
    assert not none.discriminative.any() and none.counts == dog.counts


def test_filters_of_parts_that_emerge_are_semantic(dog):
    for criterion, parts in (("beyond_place", (0,)), ("paper", (0, 1)), ("strict", (0,))):
        expected = semantic(verdicts("dog", 0), "dog", criterion, FILTERS)
        np.testing.assert_array_equal(dog.semantic[criterion], expected)
        assert set(np.flatnonzero(expected)) == {f for p in parts for f in (3 + p, 8 + p)}
        assert dog.overlap[criterion] == overlap(dog.discriminative, expected, 4)
    assert dog.detects(3) == ("head",) and dog.detects(9) == ("leg",)
    assert (
        dog.detects(5) == dog.detects(6) == dog.detects(0) == ()
    )  # the tail does not emerge, the ear is rare


def test_parts_are_counted_and_related_to_what_emerges(dog):
    assert repr(dog.relations) == repr(part_relations(dog.parts, [dog.detected], 4))
    assert [dog.relations[name].number for name in dog.relations] == [2, 3, 3]  # the tail has no control
    assert dog.part_counts == count_parts(dog.parts)
    assert (dog.part_counts.compared, dog.part_counts.uncontrolled) == (3, 1)


def test_a_layer_puts_its_classes_together(dog):
    cat = findings("cat", 1)
    cat = dataclasses.replace(cat, discriminative=dog.discriminative | (np.arange(FILTERS) == 11))
    found = layer_findings([dog, cat], seed=4)
    assert found.sharing.distinct == 2 and found.sharing.histogram.tolist() == [18, 1, 1]
    both = np.stack([dog.discriminative, cat.discriminative])
    for name in CRITERIA:
        semantic_of = np.stack([dog.semantic[name], cat.semantic[name]])
        assert found.overlap[name] == overlap(both, semantic_of, 4)
    parts = [*dog.parts, *cat.parts]
    assert repr(found.relations) == repr(part_relations(parts, [dog.detected, cat.detected], 4))
    assert found.sums.parts == count_parts(parts) and (found.sums.filters, found.sums.distinct) == (3, 2)
