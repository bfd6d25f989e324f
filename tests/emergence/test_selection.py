"""The best filter of a part, and what a layer adds up to."""

import numpy as np

from partsjax.emergence.scoring import Scores
from partsjax.emergence.selection import best_filters, best_unregressed, summarize

NAN = np.nan
TRAIN = np.array([[0.2, 0.0, NAN, 0.5], [0.6, 0.0, NAN, 0.5], [0.6, 0.0, NAN, 0.1]], np.float32)
VAL = np.array([[0.9, 0.1, 0.0, NAN], [0.4, 0.2, 0.0, NAN], [0.8, 0.3, 0.0, NAN]], np.float32)


def scores() -> Scores:
    nothing = np.zeros(0)
    return Scores(TRAIN, VAL, TRAIN / 2, VAL / 2, nothing, nothing, nothing)


def rows():
    parts = ("head", "eye", "wing", "tail")
    return best_filters(
        "conv5", "horse", parts, scores(), np.array([50, 40, 0, 9]), np.array([50, 10, 12, 9])
    )


def test_chosen_on_train_and_read_on_val():
    head, eye, wing, tail = rows()
    assert (head.filter, round(head.ap_val, 6)) == (1, 0.4)  # not the 0.9 that val would choose
    assert (eye.filter, round(eye.ap_val, 6)) == (0, 0.1)  # all equal: the lowest number
    assert wing.filter is None and np.isnan(wing.ap_train) and np.isnan(wing.ap_val)
    assert tail.filter == 0 and np.isnan(tail.ap_val)
    assert [r.rare for r in rows()] == [False, False, False, True]


def test_a_layer_counts_judged_parts_alone():
    summary = summarize(rows(), best_unregressed(scores()))
    assert summary.parts == 2
    assert summary.parts_too_rare == ("horse:wing", "horse:tail")
    assert summary.best_filter_mean_ap_train == 0.3
    assert summary.best_filter_mean_ap_val == 0.25
    assert summary.best_filter_unregressed_mean_ap_val == 0.125
    assert (summary.best_filter_over_30_train, summary.best_filter_over_30_val) == (1, 1)


def test_a_layer_without_judged_parts_has_no_means():
    summary = summarize(rows()[2:], best_unregressed(scores())[2:])
    assert summary.parts == 0 and summary.best_filter_mean_ap_val is None
