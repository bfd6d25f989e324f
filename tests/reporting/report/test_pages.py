"""The pages of reports of every shape: whole, linked, safe, and the same every time."""

import dataclasses
import filecmp
import itertools
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from partsjax.reporting.report import write_emergence_report
from partsjax.reporting.report.names import Links
from tests.reporting.report import pages, synthetic

HOSTILE_PARTS = tuple((name, other) for name in synthetic.HOSTILE for other in synthetic.HOSTILE[:3])


def _bare(folder: Path):
    """What a run has that made no pictures, scored no filters and ran no nulls."""
    full = synthetic.content(folder, seed=3, nulls=())
    return dataclasses.replace(full, pictures={}, filters={}, filter_aps={})


MADE = {
    "usual": lambda folder: synthetic.content(folder),
    "one layer": lambda folder: synthetic.content(folder, seed=1, layers={"conv5": 8}, nulls=("random",)),
    "five layers": lambda folder: synthetic.content(folder, 2, {f"conv{i}": 6 for i in range(1, 6)}),
    "hostile names": lambda folder: synthetic.content(
        folder, 4, {'a/b "c"': 5, "<b>&": 5, "A/B 'c'": 3, "": 2}, HOSTILE_PARTS
    ),
    "with IoU": lambda folder: synthetic.with_criteria(synthetic.content(folder, 5)),
    "IoU of what could not be fitted": lambda folder: synthetic.with_criteria(
        synthetic.content(folder, parts=(("<b>", "ear"),), nulls=())
    ),
    "with descriptions": lambda folder: synthetic.with_descriptions(synthetic.content(folder, 7)),
    "descriptions of hostile names": lambda folder: synthetic.with_descriptions(
        synthetic.content(folder, 4, {'a/b "c"': 5, "": 2}, HOSTILE_PARTS[:4])
    ),
    "with readouts": lambda folder: synthetic.with_readouts(synthetic.content(folder, 6)),
    "with own evidence": lambda folder: synthetic.with_own_evidence(synthetic.content(folder, 7)),
    "bare": _bare,
    "one part that could not be fitted": lambda folder: synthetic.content(folder, parts=(("horse", "hoof"),)),
}


@pytest.fixture(scope="module", params=MADE)
def report(request, tmp_path_factory):
    """(content, folder, pages) of a written report."""
    folder = tmp_path_factory.mktemp("report")
    content = MADE[request.param](folder)
    write_emergence_report(folder, content)
    return content, folder, pages.read(folder)


def test_every_link_and_picture_is_there(report):
    _, folder, read = report
    assert pages.linked(folder, read) >= {path.resolve() for path in folder.rglob("*.html")}


def test_pages_are_in_order(report):
    _, _, read = report
    for name, page in read.items():
        assert len(page.ids) == len(set(page.ids)), name
        headings = [
            int(tag[1]) for tag, _ in page.elements if len(tag) == 2 and tag[0] == "h" and tag != "hr"
        ]
        assert headings.count(1) == 1 and headings[0] == 1, name
        assert all(b <= a + 1 for a, b in itertools.pairwise(headings)), (name, headings)
        for landmark in ("header", "main"):
            assert len(page.all(landmark)) == 1, name
        for labelled in page.all("section"):
            assert labelled["aria-labelledby"] in page.ids, name
        for image in page.all("img"):
            assert image["alt"] and image["width"] and image["height"], name
            assert image["loading"] == "lazy" and image["decoding"] == "async", name


def test_what_is_not_known_is_a_dash(report):
    _, _, read = report
    for name, page in read.items():
        words = page.text.lower().split()
        assert not {"nan", "none", "inf"} & {word.strip("[](),;:%") for word in words} - {"none"}, name
        labels = [
            attributes.get("aria-label", "") + attributes.get("d", "") for _, attributes in page.elements
        ]
        assert not any("nan" in label.lower() for label in labels), name


def test_every_part_and_filter_has_its_page_and_rows(report):
    content, _, read = report
    parts = {(verdict.object_class, verdict.part) for verdict in content.verdicts}
    filters = sum(len(layer) for layer in content.filters.values())
    assert sum(name.startswith("parts") for name in read) == len(parts)
    assert sum(name.startswith("filters") for name in read) == filters
    assert len(read["index.html"].table("all-parts")) == 1 + len(content.verdicts)
    headings = [" ".join(page.text.split()) for name, page in read.items() if name.startswith("parts")]
    for object_class, part in parts:
        assert any(" ".join(f"{object_class}: {part}".split()) in text for text in headings)


def test_names_are_text_never_markup(report):
    _, _, read = report
    for name, page in read.items():
        assert "alert(" not in "".join(attributes.get("src", "") for attributes in page.all("script")), name
        scripts = page.path.read_text(encoding="utf-8").count("<script")
        charts = sum("data-chart" in attributes for attributes in page.all("div"))
        assert scripts == 2 + charts, name


def test_only_what_was_run_is_shown(report):
    content, _, read = report
    heads = " ".join(read["index.html"].table("all-parts")[0])
    for null, words in (("random", "Random weights"), ("shuffled", "Shuffled parts")):
        assert (words in heads) == (null in content.nulls)
        assert (f"Not run: {words.lower()}." in read["index.html"].text) == (null not in content.nulls)


def test_where_each_filter_is_used(report):
    content, _, read = report
    links = Links(content)
    for layer, made in content.filters.items():
        verdicts = [verdict for verdict in content.verdicts if verdict.layer == layer]
        for page in made:
            text = read[links.filter(layer, page.filter)].text
            assert f"{layer}, filter {page.filter}" in text
            assert text.count("in the set)") == sum(page.filter in v.combination for v in verdicts)
            assert text.count("(best single filter") == sum(page.filter == v.best_filter for v in verdicts)
            served = [v for v in verdicts if v.beyond_place and v.serves(page.filter)]
            classes = dict.fromkeys(v.object_class for v in served)
            said = text.split("Parts it serves")[1].split("Parts it detects best")[0]
            assert (f"of {len(served)} part" in said) == bool(served) and ("None that is" in said) != bool(
                served
            )
            listed = "".join(
                f"{c}{', '.join(_use(v, page.filter) for v in served if v.object_class == c)}"
                for c in classes
            )
            assert "".join(listed.split()) in "".join(said.split())


def _use(verdict, number: int) -> str:
    uses = ["best single filter"] * (number == verdict.best_filter)
    uses += [f"one of {len(verdict.combination)} in the set"] * (number in verdict.combination)
    return f"{verdict.part} ({' and '.join(uses)})"


@pytest.mark.slow
def test_same_content_same_bytes(tmp_path):
    """Here twice, and once more where sets are ordered otherwise."""
    for name in ("first", "second"):
        write_emergence_report(tmp_path / name, synthetic.content(tmp_path / name, 5))
    script = (
        "import sys, pathlib; from tests.reporting.report import synthetic;"
        "from partsjax.reporting.report import write_emergence_report;"
        "folder = pathlib.Path(sys.argv[1]); write_emergence_report(folder, synthetic.content(folder, 5))"
    )
    subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "third")],
        check=True, cwd=Path(__file__).parents[3], env={**os.environ, "PYTHONHASHSEED": "7"},
    )  # fmt: skip
    files = sorted(
        str(p.relative_to(tmp_path / "first")) for p in (tmp_path / "first").rglob("*") if p.is_file()
    )
    assert "index.html" in files and "vega.js" in files
    for other in ("second", "third"):
        same, differ, failed = filecmp.cmpfiles(tmp_path / "first", tmp_path / other, files, shallow=False)
        assert sorted(same) == files and not differ and not failed


def test_progress_counts_filter_pages(tmp_path):
    content = synthetic.content(tmp_path, layers={"conv1": 3, "conv2": 4})
    steps = []
    write_emergence_report(tmp_path, content, lambda n, what: steps.append((n, what)))
    assert steps == [(1, "conv1")] * 3 + [(1, "conv2")] * 4


def test_scores_that_do_not_fit_the_verdicts_are_refused(tmp_path):
    content = synthetic.content(tmp_path, layers={"conv1": 3})
    wrong = dataclasses.replace(content, filter_aps={"conv1": np.zeros((3, 2), np.float32)})
    with pytest.raises(ValueError):
        write_emergence_report(tmp_path, wrong)


def test_an_empty_combination_and_a_rare_part(tmp_path):
    content = synthetic.content(tmp_path, layers={"conv1": 3})
    empty = dataclasses.replace(content.verdicts[0], combination=(), combination_ap_train=math.nan)
    rare = dataclasses.replace(content.verdicts[1], num_val=9, num_train=100)
    write_emergence_report(
        tmp_path, dataclasses.replace(content, verdicts=(empty, rare, content.verdicts[2]))
    )
    table = pages.read(tmp_path)["index.html"].table("all-parts")
    row = dict(zip(table[0], table[1], strict=True))
    assert row["Filters of the set"] == "none" and row["Set, train"] == "–"
    assert "rare (under 10 boxes): not counted" in table[2][2]
    assert "no train box: not counted" in table[3][2]
