"""Items whose answer is known show it."""

import collections

import numpy as np
import pytest

from partsjax.judging.gold import known_items
from partsjax.judging.items import KINDS, PICTURES

SIDE = 80


@pytest.fixture(scope="module")
def scenes():
    return list(np.random.default_rng(0).integers(0, 256, (12, SIDE, SIDE, 3)).astype(np.uint8))


@pytest.fixture(scope="module")
def known(scenes):
    return known_items(scenes, SIDE, seed=0)


def test_gold_and_practice_have_concepts_and_noise(known):
    of = {purpose: [i for i in known if i.purpose == purpose] for purpose in ("gold", "practice")}
    assert [i.purpose for i in known] == ["gold"] * 12 + ["practice"] * 6
    for items in of.values():
        assert {i.truth.kind for i in items} >= {"part", "texture", "color", None} <= {*KINDS, None}
    assert sum(not i.truth.consistent for i in of["gold"]) == 4
    assert all(i.explanation for i in of["practice"]) and not any(i.explanation for i in of["gold"])


def test_every_item_has_ten_pictures_with_a_region(known):
    for item in known:
        assert len(item.pictures) == PICTURES
        for picture, inside in item.pictures:
            assert picture.shape == (SIDE, SIDE, 3) and picture.dtype == np.uint8
            assert inside.shape == (SIDE, SIDE) and 0.003 < inside.mean() < 0.4
        assert len({picture.tobytes() for picture, _ in item.pictures}) == PICTURES


def test_colors_are_in_the_region_and_nowhere_else(known, scenes):
    for name, channel in (("red", 0), ("green", 1), ("blue", 2)):
        (item,) = (i for i in known if i.truth.name == name)
        for picture, inside in item.pictures:
            assert (picture[inside].argmax(axis=-1) == channel).all()
            assert any((picture[~inside] == scene[~inside]).all() for scene in scenes)


def test_regions_of_noise_lie_all_over(known):
    for item in (i for i in known if not i.truth.consistent):
        centers = np.array([np.argwhere(inside).mean(axis=0) / SIDE for _, inside in item.pictures])
        assert np.ptp(centers, axis=0).min() > 0.5
        cells = collections.Counter(map(tuple, np.floor(centers * [3, 4]).clip(0, [2, 3]).astype(int)))
        assert max(cells.values()) <= 2
