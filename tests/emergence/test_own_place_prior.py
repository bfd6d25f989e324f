"""A place prior of one's own touches nothing of ours: its columns appear."""

import numpy as np
import pytest

import partsjax as pj
from tests import tiny


def mean_box(train, crops, method):
    """The mean train box in every crop, surer of wider objects."""
    box = train.truth.boxes[:, 0][:, train.truth.valid[0]].mean(axis=1)
    left, top, right, bottom = crops.object_boxes.T
    ratio = (right - left) / (bottom - top)
    return pj.PriorDetections(np.tile(box, (len(crops), 1)), ratio, np.arange(len(crops)))


@pytest.mark.slow
def test_its_columns_appear():
    prior = pj.PlacePrior("mean_box", "mean box", mean_box)
    robots = pj.load_dataset("shapeparts", classes=["robot"])
    search = pj.Search("greedy")
    found = pj.measure(
        tiny.network(), robots, nulls=(), priors=[prior], search=search, limit=20, progress=False
    )
    parts = found.parts
    assert parts["mean_box_ap_train"].max() > 0.2 and parts["mean_box_ap_val"].max() > 0.1
    excess = parts["combination_ap_val"] - parts["mean_box_ap_val"]
    np.testing.assert_allclose(parts["excess_over_mean_box"], excess, atol=1e-6)
    assert (parts["excess_over_mean_box_low"] <= parts["excess_over_mean_box_high"]).all()
    assert found.verdicts[0].priors["mean_box"].label == "mean box"
