"""A run that takes its scores with wrong labels, too: the table, its file, and what is left alone."""

import numpy as np
import pandas as pd
import pytest

import partsjax as pj
from partsjax.emergence.changed_truth import DRAWS
from partsjax.emergence.genetic import Genetic
from partsjax.emergence.ground import Ground
from partsjax.runs.emergence.result import SANITY_FILE
from tests import tiny

QUICK = pj.Search("greedy", genetic=Genetic(population=10, generations=2))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return pj.load_dataset("coco_parts", tiny.write_folder(tmp_path_factory.mktemp("data"), images=8))


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def measured(dataset, cache, **more):
    settings = {"search": QUICK, "nulls": "shuffled", "progress": False, "batch_size": 8, "cache": cache}
    return pj.measure(tiny.network(), dataset, **settings | more)


@pytest.fixture(scope="module")
def found(dataset, cache):
    return measured(dataset, cache, sanity=True, readouts=True, iou=True)


@pytest.mark.slow
def test_every_score_is_that_of_its_column_and_aps_fall(found):
    wide = found.sanity.set_index(["layer", "object_class", "part", "score"])
    names = list(dict.fromkeys(found.sanity.score))
    assert {"excess_over_prior", "hit_rate", "readout_ap_val", "share_of_decodable"} <= {*names}
    names.remove("iou_val")
    parts = found.parts.set_index(["layer", "object_class", "part"])
    for name in names:
        pd.testing.assert_series_equal(
            wide.as_labeled.xs(name, level="score"), parts[name], check_names=False, check_dtype=False
        )
    aps = found.sanity[found.sanity.score == "combination_ap_val"]
    assert (aps.missing < aps.as_labeled).all() and (aps.extra < aps.as_labeled).all()
    pd.testing.assert_series_equal(aps.fall_extra, 1 - aps.extra / aps.as_labeled, check_names=False)
    assert all(not null.sanity for v in found.verdicts for null in v.nulls["shuffled"].verdicts)


@pytest.mark.slow
def test_it_is_saved_read_and_on_the_page_and_absent_elsewhere(dataset, found, cache, tmp_path):
    found.save(tmp_path / "with")
    pd.testing.assert_frame_equal(pj.read(tmp_path / "with").sanity, found.sanity)
    assert len(pd.read_csv(tmp_path / "with" / SANITY_FILE)) == len(found.sanity)
    found.write_report(tmp_path / "report", progress=False)
    assert 'id="sanity"' in (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    without = measured(dataset, cache)
    without.save(tmp_path / "without")
    assert without.sanity.empty and SANITY_FILE not in {p.name for p in (tmp_path / "without").iterdir()}
    pd.testing.assert_frame_equal(without.parts, found.parts[without.parts.columns])


@pytest.mark.slow
def test_with_the_labels_as_they_are_no_score_changes(dataset, found, monkeypatch):
    right = property(lambda self: dict.fromkeys(("missing", "extra"), (self.val.truth,) * DRAWS))
    monkeypatch.setattr(Ground, "val_mislabeled", right)
    same = measured(dataset, None, nulls=(), sanity=True, readouts=True, iou=True).sanity
    pd.testing.assert_series_equal(same.as_labeled, found.sanity.as_labeled)
    for error in ("missing", "extra"):
        np.testing.assert_allclose(same[error], same.as_labeled, atol=1e-6)
    assert (abs(found.sanity.missing - found.sanity.as_labeled) > 1e-3).mean() > 0.8
