"""Nulls of one's own touch nothing of ours: their columns, counts and words appear."""

import dataclasses
import json

import numpy as np
import pytest

import partsjax as pj
from tests import tiny


def mirrored(ground, seed):
    def left_to_right(crops):
        left, top, right, bottom = crops.truth.boxes
        truth = dataclasses.replace(
            crops.truth, boxes=np.stack([crops.size - right, top, crops.size - left, bottom])
        )
        return dataclasses.replace(crops, truth=truth)

    return dataclasses.replace(ground, train=left_to_right(ground.train), val=left_to_right(ground.val))


@pytest.mark.slow
def test_their_columns_counts_and_words_appear(tmp_path):
    nulls = (
        pj.Null("mirrored", "mirrored <parts>", truth_of=mirrored),
        pj.Null("turned", "turned filters", network_of=lambda network, seed: tiny.network(mirrored=True)),
    )
    robots = pj.load_dataset("shapeparts", classes=["robot"])
    found = pj.measure(tiny.network(), robots, nulls=nulls, search=pj.Search("greedy"), limit=20)
    assert [c for c in found.parts if c.endswith("ed_ap_val")] == ["mirrored_ap_val", "turned_ap_val"]
    assert found.parts.mirrored_ap_train.notna().any() and found.parts.turned_emerges_strict.notna().all()
    found.save(tmp_path)
    counts = json.loads((tmp_path / "summary.json").read_text())["layers"]["conv2"]["nulls"]
    assert {name: of["label"] for name, of in counts.items()} == {n.name: n.label for n in nulls}
    found.write_report(tmp_path / "report")
    page = (tmp_path / "report" / "index.html").read_text()
    assert "Mirrored &lt;parts&gt;</th>" in page and "Turned filters</th>" in page and "null-2" in page
