"""Descriptions beside the same texts on other filters."""

import itertools

import numpy as np
import pytest

from partsjax.emergence.descriptions import Description, described_layers, held_against_truth
from tests.emergence.descriptions.layers import PARTS, measured_layer

TEXTS = ("dog's ear", "cat", "ear", "head", "sky", "tail of a cat", "dog head and ear")


def layers(rows, aps, **more):
    measured = {"conv5": measured_layer(aps, **more), "conv4": measured_layer(aps)}
    described = [Description("line 2", "conv5", *row) for row in rows]
    return described_layers(held_against_truth(described, measured), measured, seed=0)


def plain(rows, aps: np.ndarray, filters) -> tuple[float, float]:
    """Mean AP, and share above the place prior, with these filters in place of the rows'."""
    named = {
        "dog's ear": [(0, 1)], "ear": [(0, 1), (1, 0)], "head": [(0, 0)], "tail of a cat": [(1, 1)],
        "dog head and ear": [(0, 0), (0, 1)],
    }  # fmt: skip
    found = [
        (aps[f, c, p], (0.3, 0.5)[p])
        for (_, text), f in zip(rows, filters, strict=True)
        for c, p in named.get(text, ())
    ]
    return np.mean([ap for ap, _ in found]), np.mean([ap > prior for ap, prior in found])


def test_permuted_texts_are_those_of_all_orders():
    """100 of 7! orders: near the mean over all of them."""
    aps = np.random.default_rng(1).random((9, 2, 2)).astype(np.float32)
    rows = list(zip((8, 1, 2, 3, 0, 5, 6), TEXTS, strict=True))
    (of,) = layers(rows, aps)
    assert (of.descriptions, of.of_a_part, of.of_a_class, of.of_nothing) == (7, 5, 1, 1)
    filters = [f for f, _ in rows]
    assert (of.mean_ap_val, of.over_prior) == pytest.approx(plain(rows, aps, filters))
    every = np.array([plain(rows, aps, order) for order in itertools.permutations(filters)])
    error = every.std(axis=0) / 10
    assert abs(of.permuted_ap_val - every[:, 0].mean()) < 4 * error[0]
    assert abs(of.permuted_over_prior - every[:, 1].mean()) < 4 * error[1]
    assert abs(of.as_good - (every[:, 0] >= of.mean_ap_val).mean()) < 0.2
    assert (of.tested, of.beyond_place) == (0, 0)


def test_descriptions_that_hold_are_better_than_permuted_ones():
    """Ten filters each of one part alone, and described as it: as good hardly ever. All the same: always."""
    aps = np.zeros((40, 2, 2), np.float32)
    parts = list(itertools.product(range(2), range(2)))
    texts = [f"{c}'s {part}" for c, of in PARTS.items() for part in of]
    for f in range(40):
        aps[f, *parts[f % 4]] = 0.9
    (of,) = layers([(f, texts[f % 4]) for f in range(40)], aps)
    assert (of.mean_ap_val, of.over_prior, of.as_good) == (pytest.approx(0.9), 1, 0)
    assert of.permuted_ap_val == pytest.approx(0.9 / 4, abs=0.05)
    (wrong,) = layers([(f, texts[(f + 1) % 4]) for f in range(40)], aps)
    assert (wrong.mean_ap_val, wrong.over_prior, wrong.as_good) == (0, 0, 1)
    (same,) = layers([(f, texts[0]) for f in range(40)], aps)
    assert same.as_good == 1 and same.permuted_ap_val == pytest.approx(same.mean_ap_val)


def test_nothing_named_is_nothing_known():
    (of,) = layers([(0, "sky"), (1, "dog")], np.ones((4, 2, 2), np.float32))
    figures = of.mean_ap_val, of.permuted_ap_val, of.as_good, of.over_prior, of.permuted_over_prior
    assert np.isnan(figures).all() and of.figures["as_good"] is None
    assert (of.of_a_part, of.of_a_class, of.of_nothing) == (0, 1, 1)


def test_a_part_without_held_out_boxes_does_not_count():
    aps = np.full((4, 2, 2), 0.4, np.float32)
    aps[:, 1] = np.nan
    (of,) = layers([(0, "ear"), (1, "tail")], aps)
    assert of.mean_ap_val == pytest.approx(0.4) and of.of_a_part == 2


def test_pairs_beyond_place_are_counted_once():
    tested = {"dog": {"tested": [(0, 0, 0.01), (1, 0, 0.9)]}}
    (of,) = layers([(0, "head"), (0, "dog head"), (1, "head")], np.ones((4, 2, 2)), **tested)
    assert (of.tested, of.beyond_place) == (2, 1)
