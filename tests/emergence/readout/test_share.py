"""What readouts say: the share of decodable, how many filters it takes, and the four words."""

import dataclasses
import math
import types

import numpy as np
import pytest

from partsjax.emergence.bootstrap import RESAMPLES
from partsjax.emergence.estimate import Estimate
from partsjax.emergence.readout.judging import ReadoutScores
from partsjax.emergence.readout.share import readout_sanity, readout_verdicts
from partsjax.emergence.readout.verdict import CARRIED, ReadoutVerdict
from partsjax.emergence.sanity import Sanity

PLACE, SIZES = 0.1, (1, 2, 4, 5)


def said(set_ap, sparse, spread=0.02, noise=0.0):
    """Of one part: AP of its set, APs of readouts by size; how far they are spread over resamples."""
    random = np.random.default_rng(0)
    common = random.standard_normal(RESAMPLES) * spread
    resamples = set_ap + common
    verdict = types.SimpleNamespace(
        best_filter=3,
        prior=types.SimpleNamespace(ap_val=Estimate(PLACE, 0, 1)),
        excess=Estimate(set_ap - PLACE, 0, 1),
    )
    evidence = types.SimpleNamespace(
        verdicts=(verdict,),
        resamples=resamples[None].astype(np.float32),
        excess_resamples=(resamples - PLACE)[None].astype(np.float32),
    )
    readout = sparse[-1] + common + noise * random.standard_normal(RESAMPLES)
    aps = np.array(sparse)[:, None]
    scores = ReadoutScores(SIZES, aps + 0.1, aps, readout[None].astype(np.float32), np.zeros((0, 1)))
    return readout_verdicts(scores, evidence)[0]


@pytest.mark.parametrize(
    ("set_ap", "sparse", "word", "half"),
    [
        (0.5, (0.45, 0.5, 0.5, 0.6), "in one", 1),
        (0.5, (0.2, 0.3, 0.36, 0.6), "in a few filters", 4),
        (0.2, (0.2, 0.3, 0.36, 0.6), "spread out", 4),
        (0.2, (0.5, 0.3, 0.36, 0.6), "spread out", 1),
        (0.5, (0.1, 0.1, 0.1, 0.12), "not there", None),
    ],
)
def test_the_four_words(set_ap, sparse, word, half):
    found = said(set_ap, sparse)
    assert (found.carried, found.filters_for_half) == (word, half)
    assert found.ap_val.value == sparse[-1] and found.ap_train == pytest.approx(sparse[-1] + 0.1)
    if half is None:
        assert math.isnan(found.share_of_decodable.value)
    else:
        assert found.share_of_decodable.value == pytest.approx((set_ap - PLACE) / (sparse[-1] - PLACE))


def test_a_share_is_paired():
    """Where set and readout rise and fall together, their ratio hardly does."""
    paired, apart = said(0.5, (0.5, 0.5, 0.5, 0.5)), said(0.5, (0.5, 0.5, 0.5, 0.5), noise=0.02)
    assert paired.share_of_decodable.low == pytest.approx(1) == paired.share_of_decodable.high
    assert apart.share_of_decodable.low < 0.95 and apart.share_of_decodable.high > 1.05


def test_a_third_is_not_under_a_third():
    known = ReadoutVerdict(excess=Estimate(0.3, 0.2, 0.4), filters_for_half=2)
    third = dataclasses.replace(known, share_of_decodable=Estimate(1 / 3, 0, 1))
    under = dataclasses.replace(known, share_of_decodable=Estimate(0.33, 0, 1))
    assert (third.carried, under.carried) == ("in a few filters", "spread out")


def test_nothing_is_said_without_a_readout():
    assert ReadoutVerdict().carried == "" and len(set(CARRIED)) == 4
    found = said(0.5, (np.nan,) * 4)
    assert found.carried == "" and found.sizes == () and math.isnan(found.share_of_decodable.value)


def test_with_wrong_labels_the_share_is_that_of_the_mean_excesses():
    scores = {"prior_ap_val": Sanity(0.2, 0.1, 0.15), "excess_over_prior": Sanity(0.2, 0.06, 0.1)}
    readout = ReadoutVerdict(ap_val=Estimate(0.6, 0.5, 0.7), share_of_decodable=Estimate(0.5, 0.4, 0.6))
    found = readout_sanity(types.SimpleNamespace(sanity=scores), readout, np.array([0.4, 0.15]))
    assert found["readout_ap_val"] == Sanity(0.6, 0.4, 0.15)
    share = found["share_of_decodable"]
    assert (share.as_labeled, share.missing) == (0.5, pytest.approx(0.2)) and math.isnan(share.extra)
