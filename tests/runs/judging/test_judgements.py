"""What a study found, from its folder: figures, files, and the run they are compared with."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import partsjax as pj
from partsjax.errors import InputError
from partsjax.judging.findings import MeasuredFilters, study_findings
from partsjax.judging.store import DATABASE, Store
from partsjax.runs.judging import measured
from partsjax.runs.judging.judgements import judgements
from tests.judging import made_up, studies
from tests.judging.answering import fill

STUDY = studies.study(filters=24, network_digest="abc")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A folder with a study in `judging` that simulated raters have answered."""
    folder = tmp_path_factory.mktemp("W")
    fill(studies.folder(folder / "judging", STUDY) / DATABASE, made_up.said(STUDY))
    (folder / measured.KEPT).touch()
    return folder


@pytest.fixture(autouse=True)
def emergence(monkeypatch):
    """What is read of the run: filter 2 is the best of the horse's head, 4 and 5 the set of the cow's leg."""

    def verdict(object_class, part, best, combination, beyond=True):
        return SimpleNamespace(
            object_class=object_class, part=part, best_filter=best, combination=combination,
            judged=True, beyond_place=beyond,
        )  # fmt: skip

    verdicts = {
        "horse": [verdict("horse", "head", 2, ()), verdict("horse", "tail", 3, (), beyond=False)],
        "cow": [verdict("cow", "leg", 4, (4, 5))],
    }
    found = SimpleNamespace(
        about=SimpleNamespace(network_digest="abc"),
        verdicts=[v for of in verdicts.values() for v in of],
        judged={
            ("conv5", name): SimpleNamespace(
                evidence=SimpleNamespace(verdicts=of),
                scores=SimpleNamespace(ap_train=np.zeros((12, len(of)))),
            )
            for name, of in verdicts.items()
        },
    )
    monkeypatch.setattr(measured, "read", lambda folder: found)
    return found


SERVING = frozenset({("conv5", "horse", 2), ("conv5", "cow", 4), ("conv5", "cow", 5)})


def test_a_study_and_its_run_are_read_alike(run):
    found = pj.judgements(run)
    assert found.folder == run / "judging"
    with Store(run / "judging" / DATABASE) as store:
        answers = store.answers()
    parts = MeasuredFilters({"horse": ("head", "tail"), "cow": ("leg",)}, {"beyond_place": SERVING})
    expected = study_findings(STUDY, answers, parts)
    assert repr(found.findings) == repr(expected)
    assert judgements(str(run / "judging")).fractions.equals(found.fractions)
    assert set(found.associations["against"]) == {"beyond_place"} and found.summary["simulated"]
    assert "Simulated raters" in repr(found) and "<table>" in found._repr_html_()


def test_files_hold_the_frames(run, tmp_path):
    found = judgements(run, min_gold=0.5)
    found.save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(found.outputs)
    for name in ("judgments", "fractions", "names", "raters", "associations"):
        frame, read = getattr(found, name), pd.read_csv(tmp_path / f"{name}.csv", keep_default_na=False)
        assert list(read) == list(frame) and len(read) == len(frame) > 0
        assert set(read["simulated"].astype(str).str.lower()) == {"true"}
    assert json.loads((tmp_path / "summary.json").read_text(encoding="utf-8")) == found.summary


@pytest.mark.slow
def test_the_page_can_be_passed_on(run, tmp_path):
    images = run / "judging" / "images"
    shown = STUDY.items[0].pictures[0].highlighted
    (images / shown).write_bytes(b"picture")
    judgements(run).write_report(tmp_path / "report")
    assert (tmp_path / "report" / "images" / shown).read_bytes() == b"picture"  # the others are gone
    assert "Simulated" in (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def discriminativeness(folder, **about):
    pd.DataFrame(
        {
            "layer": "conv5",
            "object_class": ["horse", "horse", "cow"],
            "filter": [1, 2, 7],
            "discriminative": ["true", "false", "true"],
        }
    ).to_csv(folder / "filters.csv", index=False)
    return {"emergence": "", "network_digest": "abc", "layer": "conv5"} | about


def test_discriminative_filters_are_another_set(run, tmp_path, monkeypatch):
    monkeypatch.setattr(measured.manifest, "stands", lambda folder: discriminativeness(tmp_path))
    _, about = measured.measured_filters(STUDY, run / "judging", None, tmp_path)
    found, _ = measured.measured_filters(STUDY, run / "judging", None, tmp_path)
    assert found.sets["discriminative"] == {("conv5", "horse", 1), ("conv5", "cow", 7)}
    assert found.sets["beyond_place"] == SERVING and about == []


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (None, "no finished run"),
        ({"network_digest": "other"}, "another network"),
        ({"layer": "conv4"}, "does not ask about"),
    ],
)
def test_another_run_of_class_scores_is_refused(run, tmp_path, monkeypatch, manifest, message):
    about = manifest if manifest is None else discriminativeness(tmp_path, **manifest)
    monkeypatch.setattr(measured.manifest, "stands", lambda folder: about)
    with pytest.raises(InputError, match=message):
        judgements(run, discriminativeness=tmp_path)


def test_what_cannot_be_summarized_is_said_in_a_line(run, tmp_path, emergence):
    with pytest.raises(InputError, match="no such file"):
        judgements(tmp_path)
    empty = studies.folder(tmp_path / "empty", STUDY)
    with pytest.raises(InputError, match="nobody has answered"):
        judgements(empty)
    with pytest.raises(InputError, match="no rater reaches it"):
        judgements(fill_again(tmp_path / "wrong", accuracy=0.0), min_gold=0.5)
    with pytest.raises(InputError, match="from 0 to 1"):
        judgements(run, min_gold=2)
    with pytest.raises(InputError, match="needs the run"):
        alone = fill_again(tmp_path / "alone")
        judgements(alone, discriminativeness=tmp_path)
    assert "parts of the dataset are not known" in judgements(alone).notes[0]
    emergence.about.network_digest = "other"
    with pytest.raises(InputError, match="another network"):
        judgements(run)
    emergence.judged.pop(("conv5", "cow"))
    with pytest.raises(InputError, match="cow was not measured in conv5"):
        judgements(alone, run=run)


def fill_again(folder, accuracy=0.8):
    fill(studies.folder(folder, STUDY) / DATABASE, made_up.said(STUDY, accuracy=accuracy))
    return folder
