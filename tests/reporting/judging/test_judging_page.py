"""The page and the tables of a study: whole, safe, and saying what was found."""

import dataclasses
import itertools
import re

import pytest
from PIL import Image

from partsjax.cli.terminal import Terminal
from partsjax.judging.findings import StudyFindings
from partsjax.reporting.judging import JudgingReport, write_judging_report
from partsjax.reporting.judging.judging_tables import judging_summary, judging_tables
from partsjax.reporting.judging.judging_terminal import html_fractions, judging_table
from partsjax.reporting.judging.judging_words import SIMULATED, sentences
from tests.judging import made_up
from tests.reporting.report import browser, pages

MADE = {
    "usual": lambda: made_up.findings(),
    "people, some left out": lambda: made_up.findings(simulated=False, min_gold=0.8),
    "one class": lambda: one_class(made_up.findings()),
}


def one_class(found: StudyFindings) -> StudyFindings:
    of = found.every
    kept = dataclasses.replace(
        of,
        filters=[f for f in of.filters if f.object_class == "horse"],
        fractions=[f for f in of.fractions if f.object_class == "horse"],
        associations=[],
        names=[],
    )
    study = dataclasses.replace(found.study, classes=("horse",))
    return dataclasses.replace(found, study=study, every=kept, kept=kept)


def written(folder, found: StudyFindings) -> pages.Page:
    content = JudgingReport(found, "partsjax judging summarize", [("network", "<i>alexnet</i>")], ["a note"])
    write_judging_report(folder, content)
    (folder / "images").mkdir()
    for name in content.pictures:
        Image.new("RGB", (8, 8)).save(folder / "images" / name)
    return pages.read(folder)["index.html"]


@pytest.fixture(scope="module", params=MADE)
def page(request, tmp_path_factory):
    """(findings, folder, the page)."""
    found, folder = MADE[request.param](), tmp_path_factory.mktemp("page")
    return found, folder, written(folder, found)


def test_every_link_and_picture_is_there(page):
    _, folder, read = page
    pages.linked(folder, {"index.html": read})


def test_the_page_is_in_order(page):
    _, _, read = page
    assert len(read.ids) == len(set(read.ids))
    headings = [int(tag[1]) for tag, _ in read.elements if re.fullmatch("h[1-6]", tag)]
    assert headings.count(1) == 1 and headings[0] == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(headings)), headings
    for image in read.all("img"):
        assert image["alt"] and image["width"] and image["height"] and image["loading"] == "lazy"


def test_it_says_what_was_found(page):
    found, _, read = page
    of, tables = found.kept, {name: len(rows) - 1 for name, rows in read.tables.items()}
    assert tables["fractions-0"] == len(of.fractions) and tables["all-raters"] == len(found.qualities)
    assert tables.get("all-names", 0) == len(of.names)
    whole = [f for f in of.fractions if f.kind == "part"][-1]
    assert f"{100 * whole.majority.value:.1f}% [" in read.text
    assert (
        "<b>" not in read.text.replace('<b>"horn"</b>', "")
        and "The paper, recalled and unverified" in read.text
    )
    shown = {word.strip("[](),;:%") for word in read.text.lower().split()}
    assert not {"nan", "inf"} & shown


def test_simulated_raters_are_said_to_be(page):
    found, folder, read = page
    assert (SIMULATED in read.text) == found.simulated
    source = (folder / "index.html").read_text(encoding="utf-8")
    assert ("simulated" in source.lower().replace('class="simulated"', "")) == found.simulated
    for table in judging_tables(found).values():
        assert set(table["simulated"]) <= {found.simulated}
    assert judging_summary(found)["simulated"] == found.simulated
    assert sentences(found)[0].startswith("Simulated") == found.simulated
    assert ("Simulated" in html_fractions(found)) == found.simulated


def test_figures_of_all_raters_stand_beside_those_of_some(capsys):
    found = made_up.findings(min_gold=0.8)
    assert 0 < len(found.kept.raters) < len(found.every.raters) == 6
    table = judging_tables(found)["fractions.csv"]
    assert set(table["raters"]) == {"all", "kept"} and set(judging_summary(found)["raters"]) == {
        "all",
        "kept",
    }
    every = judging_tables(made_up.findings())["fractions.csv"]
    assert table[table["raters"] == "all"].equals(every)
    Terminal().show(judging_table(found))
    shown = capsys.readouterr().out
    assert shown.count("semantic part") > 2 and "of a gold score under 0.8" in shown


def test_the_same_findings_make_the_same_page(tmp_path):
    texts = [
        written(tmp_path / name, made_up.findings()).path.read_bytes()
        for name in "ab"
        if not (tmp_path / name).mkdir()
    ]
    assert texts[0] == texts[1]


@pytest.mark.slow
def test_nothing_is_wrong_in_a_browser(tmp_path):
    if browser.missing():
        pytest.skip(browser.missing())
    written(tmp_path, made_up.findings())
    assert browser.check(tmp_path).faults == []
