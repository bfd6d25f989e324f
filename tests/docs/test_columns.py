"""The page of columns names every column and key that a run writes, and no other."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from partsjax.emergence.nulls import NULLS
from partsjax.judging.exported import ANSWER_COLUMNS
from partsjax.reporting.comparison import comparison_tables as comparison
from partsjax.reporting.discriminative import drop_tables as class_scores
from partsjax.reporting.judging import judging_tables as judging
from partsjax.runs.supervision.log import METRIC_COLUMNS as METRICS
from tests import tiny
from tests.runs.running import run

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "columns.md").read_text(encoding="utf-8")


def documented(heading: str) -> list[list[str]]:
    """First cells of a heading's tables: the names in each, those of a null once for every null."""
    section = re.search(rf"^#+ {re.escape(heading)}$(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL).group(1)
    tables = [
        re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE) for table in section.split("|---|---|\n")[1:]
    ]
    return [[name for cell in table for name in _names(cell)] for table in tables]


def _names(cell: str) -> list[str]:
    named = re.findall(r"`([^`]+)`", cell)
    nulls = NULLS if any("{null}" in name for name in named) else [""]
    return [name.replace("{null}", null) for null in nulls for name in named]


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    folder = tiny.write_folder(tmp_path_factory.mktemp("data") / "photos", images=12)
    workdir = tmp_path_factory.mktemp("run")
    descriptions = folder.parent / "units.csv"
    descriptions.write_text("layer,unit,text\nconv1,0,a beast's head\n", encoding="utf-8")
    further = dict.fromkeys(("iou", "readouts", "own_evidence", "sanity"), True)
    run(folder, workdir, nulls=tuple(NULLS), report=True, descriptions=str(descriptions), **further)
    return workdir


def header(path: Path) -> list[str]:
    return pd.read_csv(path, nrows=0).columns.to_list()


@pytest.mark.slow
def test_files_of_emergence(workdir):
    (parts,), (combinations,), (filters,) = map(
        documented, ("parts.csv", "combinations.csv", "filters.parquet")
    )
    assert sorted(parts) == sorted(header(workdir / "parts.csv"))
    assert combinations == header(workdir / "combinations.csv")
    assert documented("descriptions.csv") == [header(workdir / "descriptions.csv")]
    assert filters == pd.read_parquet(workdir / "filters.parquet").columns.to_list()
    (sanity,) = documented("sanity.csv")
    assert sanity == header(workdir / "sanity.csv")
    top, layer = documented("summary.json")
    summary = json.loads((workdir / "summary.json").read_text())
    assert top == list(summary) and sorted(layer) == sorted(summary["layers"]["conv1"])
    (manifest,) = documented("manifest.json")
    assert sorted(manifest) == sorted(json.loads((workdir / "manifest.json").read_text()))
    arrays = {re.sub(r"^array\d+$", "array0", name) for name in np.load(workdir / "resamples.npz")}
    assert arrays == set(documented("resamples.npz")[0])


@pytest.mark.slow
def test_the_files_it_lists_are_those_of_a_workdir(workdir):
    (listed,) = documented("Emergence")
    assert {name.split("/")[0] for name in listed} == {path.name for path in workdir.iterdir()}


@pytest.mark.parametrize(
    ("heading", "columns"),
    [
        ("metrics.csv", METRICS),
        ("comparison.csv", comparison.comparison_columns(NULLS)),
        ("pairs.csv", comparison.PAIR_COLUMNS),
        ("differences.csv", comparison.DIFFERENCE_COLUMNS),
        ("part_differences.csv", comparison.PART_DIFFERENCE_COLUMNS),
        ("filters.csv of class scores", class_scores.FILTER_COLUMNS),
        ("parts.csv of class scores", class_scores.PART_DROP_COLUMNS),
        ("judgments.csv", judging.JUDGMENT_COLUMNS),
        ("fractions.csv", judging.FRACTION_COLUMNS),
        ("names.csv", judging.NAME_COLUMNS),
        ("raters.csv", judging.RATER_COLUMNS),
        ("associations.csv", judging.ASSOCIATION_COLUMNS),
        ("answers.csv", ANSWER_COLUMNS),
    ],
)
def test_files_of_other_questions(heading, columns):
    assert documented(heading) == [list(columns)]
