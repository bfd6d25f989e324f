"""Detectors that read no pixel, and have no ties to lose by, are beyond place no more often than by chance.

They show the list prior's boxes, the crops of each box in an order of their own: a random one, by the size of
the object, by its shape. They are judged as sets of filters are, on 50 sets of images.

"By chance" is of all parts and sets of images. On 116 crops of diggers the list is in truth better than the
place prior for one part, the boom, which lies on either side (by 0.06 AP): it is beyond place in a few sets.
"""

import functools
from pathlib import Path

import numpy as np
import pytest
import scipy.stats

from partsjax.data import shapeparts
from partsjax.data.coco_parts import read_coco_parts
from partsjax.data.crops import Crops, class_crops
from partsjax.emergence import ground as of_class
from partsjax.emergence.bootstrap import Resampled, resampled_ap, resamples
from partsjax.emergence.estimate import CHANCE
from partsjax.emergence.fixed_boxes import LIST_PRIOR, on_every_crop
from partsjax.emergence.ground import Ground
from partsjax.emergence.method import Method
from partsjax.emergence.nearest import PLACE_PRIOR
from partsjax.emergence.place_prior import PriorDetections, judge_place, mean_ap, of_part
from partsjax.emergence.verdict import PRIOR_NAME, PriorVerdict, Verdict, with_q_values

PHOTOGRAPHS = Path(__file__).resolve().parents[3] / "shared" / "data" / "pascal_part_animals"
METHOD, SIZE, SETS = Method(), 224, 50
KINDS = ("in random order", "by size", "by shape")


@functools.cache
def drawn(object_class: str) -> tuple[Crops, Crops]:
    """As many train crops as in a run, and 400 held-out images to take sets of 100 from."""
    dataset = shapeparts.read_shapeparts(classes=[object_class], per_class=400)
    train, val = (class_crops(dataset, object_class, split, SIZE) for split in ("train", "val"))
    return train.select(train.image_index < 100), val


@functools.cache
def photographed(object_class: str) -> tuple[Crops, Crops]:
    dataset = read_coco_parts(PHOTOGRAPHS, classes=[object_class])
    return tuple(class_crops(dataset, object_class, split, SIZE) for split in ("train", "val"))


def some_images(crops: Crops, count: int, seed: int) -> Crops:
    images = np.random.default_rng(seed).permutation(np.unique(crops.image_index))[:count]
    return crops.select(np.isin(crops.image_index, images))


def in_order(boxes: PriorDetections, crops: Crops, kind: str, seed: int, sign: int = 1) -> PriorDetections:
    """Each box's crops at random, or by the object's size or shape; of `sign` -1 the smallest first."""
    width, height = (crops.object_boxes[:, 2:] - crops.object_boxes[:, :2]).T
    key = {"by size": width * height, "by shape": width / height}.get(kind)
    key = np.random.default_rng(seed).random(len(crops)) if key is None else sign * key
    rank = np.unique(key, return_inverse=True)[1] / len(crops)
    return PriorDetections(boxes.boxes, boxes.scores + rank[boxes.crops], boxes.crops)


def better_sign(ground: Ground, part: int, kind: str) -> int:
    """Which end to begin from, by train AP."""
    boxes, truth = ground.detected(LIST_PRIOR, part)[0], of_part(ground.train, part).truth
    either = [in_order(boxes, ground.train, kind, 0, sign) for sign in (1, -1)]
    return 1 - 2 * int(np.argmax([mean_ap(judge_place(found, truth, METHOD)[:1], truth) for found in either]))


def place(ground: Ground, part: int) -> Resampled:
    """As `Ground.judged` has it, without the figures on train, which are the same for every set."""
    return ground.resampled(ground.judge_unseen(ground.detected(PLACE_PRIOR, part)[1], part), part)


def list_as_one_tie(ground: Ground, part: int) -> Resampled:
    """The list prior, each box's crops in one step: as any order of them beats, for the envelope."""
    one, *_ = ground.judge_unseen(ground.detected(LIST_PRIOR, part)[1], part)
    box = np.arange(len(one.scores)) // len(ground.val)
    tied = one._replace(scores=-box.astype(float))
    return resampled_ap(ground.curve(tied, ground.positives(part)), ground.weights)


def judged(splits, parts, images: int, prior=place, sets: int = SETS) -> dict[str, list[list[Verdict]]]:
    """By kind, the verdicts on every set of images; q-values are over the parts of a set."""
    train, val = splits
    whole = Ground(train, val, METHOD, 0)
    grounds = [Ground(train, some_images(val, images, seed), METHOD, seed) for seed in range(sets)]
    found = {kind: [[] for _ in grounds] for kind in KINDS}
    for part in map(train.parts.index, parts):
        boxes = whole.detected(LIST_PRIOR, part)[0]
        boxes = boxes.boxes[boxes.crops == 0]
        signs = {kind: better_sign(whole, part, kind) for kind in KINDS}
        as_in_verdicts = grounds[0].judged(PLACE_PRIOR, part).ap_val
        assert np.array_equal(place(grounds[0], part).samples, as_in_verdicts.samples, equal_nan=True)
        for seed, ground in enumerate(grounds):
            other = prior(ground, part)
            for kind in KINDS:
                shown = in_order(on_every_crop(boxes, ground.val), ground.val, kind, seed, signs[kind])
                one, *_ = ground.judge_unseen(shown, part)  # no ties: the same in all orders
                ap = resampled_ap(ground.curve(one, ground.positives(part)), ground.weights)
                found[kind][seed].append(verdict(ground, part, ap, other))
    return {kind: [with_q_values(of_set) for of_set in sets] for kind, sets in found.items()}


def verdict(ground: Ground, part: int, ap: Resampled, other: Resampled) -> Verdict:
    excess = ap - other
    against = PriorVerdict("", np.nan, other.estimate, excess.estimate, excess.p_value)
    return Verdict(
        layer="blind",
        object_class=ground.train.object_class,
        part=ground.train.parts[part],
        num_train=int(ground.train.truth.positives[part]),
        num_val=int(ground.val.truth.positives[part]),
        best_filter=0,
        combination_ap_val=ap.estimate,
        priors={PRIOR_NAME: against},
    )


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    """200 of the 1,000 are enough for a rate."""
    monkeypatch.setattr(of_class, "resamples", lambda images, seed: resamples(images, seed)[:, :200])


def rate(of_kind: list[list[Verdict]], what) -> float:
    return float(np.mean([what(v) for of_set in of_kind for v in of_set]))


def check_nominal(found: dict[str, list[list[Verdict]]]):
    """Of all parts and sets at most the nominal share; and where nothing is beyond place in truth, a false
    discovery rate is the share of runs that find anything: of 50 at most what luck allows in 999 of 1,000."""
    level = METHOD.false_discovery_rate
    most = scipy.stats.binom.ppf(0.999, SETS, level)
    for kind, of_kind in found.items():
        assert len(of_kind) == SETS
        assert rate(of_kind, lambda v: v.prior.p_value <= level) <= level, kind
        assert rate(of_kind, lambda v: v.beyond_place) <= level, kind
        assert rate(of_kind, lambda v: v.emerges_strict) <= CHANCE, kind
        assert sum(any(v.beyond_place for v in of_set) for of_set in of_kind) <= most, kind


DRAWN = {
    "quadruped": ("head", "ear", "muzzle", "neck", "torso", "leg", "tail"),
    "digger": ("body", "cab", "window", "wheel", "exhaust", "boom", "bucket"),
}


def of_drawn(**options):
    """Both classes of one run."""
    each = [judged(drawn(name), parts, 100, **options) for name, parts in DRAWN.items()]
    merged = {kind: [a + b for a, b in zip(*(found[kind] for found in each), strict=True)] for kind in KINDS}
    return {kind: [with_q_values(of_set) for of_set in sets] for kind, sets in merged.items()}


@pytest.mark.slow
def test_blind_sets_on_drawn_images():
    found = of_drawn()
    check_nominal(found)
    assert rate(found["by shape"], lambda v: v.combination_ap_val.low > METHOD.emergence_ap) > 0.1


@pytest.mark.slow
@pytest.mark.skipif(not PHOTOGRAPHS.is_dir(), reason=f"no real photographs at {PHOTOGRAPHS}")
def test_blind_sets_on_real_photographs():
    check_nominal(judged(photographed("sheep"), ("head", "neck", "torso"), 150))


@pytest.mark.slow
def test_a_list_judged_as_one_tie_would_let_blind_sets_through():
    found = judged(drawn("quadruped"), DRAWN["quadruped"], 100, list_as_one_tie, 10)
    for kind, of_kind in found.items():
        assert rate(of_kind, lambda v: v.beyond_place) > 4 * METHOD.false_discovery_rate, kind
