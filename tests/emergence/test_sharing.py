"""Which parts beyond place a filter serves, and how filters are shared."""

import itertools

import numpy as np

from partsjax.emergence.sharing import SharedFilters, serving, shared_filters
from tests.emergence.test_verdict import NOT_FITTED, verdict

HEAD = verdict(best_filter=3, combination=(3, 8))
EAR = verdict(part="ear", best_filter=1, combination=(8, 9))
COW = verdict(object_class="cow", part="head", best_filter=9, combination=(12,))
PLACE_ALONE = verdict(part="torso", best_filter=3, combination=(3, 40), q_value=0.3)


def test_a_filter_serves_the_parts_it_is_the_best_of_or_in_the_set_of():
    found = serving([HEAD, EAR, NOT_FITTED, PLACE_ALONE, COW])
    assert list(found.items()) == [
        (("conv5", 1), (EAR,)),
        (("conv5", 3), (HEAD,)),
        (("conv5", 8), (HEAD, EAR)),
        (("conv5", 9), (EAR, COW)),
        (("conv5", 12), (COW,)),
    ]


def test_layers_stay_apart_in_their_order():
    late, early = verdict(layer="z"), verdict(layer="a")
    assert list(serving([late, early])) == [("z", 3), ("z", 8), ("a", 3), ("a", 8)]


def test_sharing_counts_filters_by_parts_and_by_classes():
    assert shared_filters([HEAD, EAR, NOT_FITTED, PLACE_ALONE, COW]) == SharedFilters(5, 2, 1)
    assert shared_filters([PLACE_ALONE, NOT_FITTED]) == SharedFilters(0, 0, 0)


def test_sharing_is_that_of_plain_code():
    rng = np.random.default_rng(0)
    verdicts = [
        verdict(
            object_class=object_class,
            part=part,
            best_filter=int(rng.integers(20)),
            combination=tuple(np.unique(rng.integers(0, 20, 3)).tolist()),
            q_value=rng.random() / 10,
        )
        for object_class, part in itertools.product("abc", "defgh")
    ]
    of = [[v for v in verdicts if v.beyond_place and v.serves(number)] for number in range(20)]
    classes = [{v.object_class for v in parts} for parts in of]
    assert shared_filters(verdicts) == SharedFilters(
        sum(map(bool, of)), sum(len(parts) > 1 for parts in of), sum(len(some) > 1 for some in classes)
    )
