"""The page on discriminative filters and parts: whole, linked, safe, and saying what its content says."""

import dataclasses
import filecmp
import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partsjax.cli.terminal import Terminal
from partsjax.discriminativeness.findings import layer_findings
from partsjax.discriminativeness.part_drops import count_parts
from partsjax.discriminativeness.relation import Overlap
from partsjax.emergence.verdict import UNKNOWN, Estimate
from partsjax.reporting.discriminative import drop_strips, drop_words, table, write_discriminativeness_report
from tests.discriminativeness.test_findings import findings
from tests.reporting.discriminative import synthetic
from tests.reporting.report import browser, pages
from tests.reporting.report.synthetic import HOSTILE

ONE = {"horse": ("head", "leg", "tail")}
MADE = {
    "usual": lambda folder: synthetic.content(folder),
    "one class": lambda folder: synthetic.content(folder, 3, ONE),
    "hostile names": lambda folder: synthetic.content(folder, 5, {name: HOSTILE for name in HOSTILE[:4]}),
    "after the softmax": lambda folder: synthetic.content(folder, 7, after_softmax=True),
}


@pytest.fixture(scope="module", params=MADE)
def page(request, tmp_path_factory):
    """(content, folder, the page)."""
    folder = tmp_path_factory.mktemp("page")
    content = MADE[request.param](folder)
    write_discriminativeness_report(folder, content)
    return content, folder, pages.read(folder)["index.html"]


def test_every_link_and_picture_is_there(page):
    _, folder, read = page
    pages.linked(folder, {"index.html": read})


def test_the_page_is_in_order(page):
    _, _, read = page
    assert len(read.ids) == len(set(read.ids))
    headings = [int(tag[1]) for tag, _ in read.elements if len(tag) == 2 and tag[0] == "h" and tag != "hr"]
    assert headings.count(1) == 1 and headings[0] == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(headings)), headings
    for labelled in read.all("section"):
        assert labelled["aria-labelledby"] in read.ids
    for image in read.all("img"):
        assert image["alt"] and image["width"] and image["height"] and image["loading"] == "lazy"
    tables = {name: len(rows) - 1 for name, rows in read.tables.items()}
    content = page[0]
    if content.sums.filters:
        assert tables["all-filters"] == content.sums.filters
    assert tables["all-parts"] == sum(len(c.parts) for c in content.classes)


def test_names_are_text_and_what_is_not_known_is_a_dash(page):
    _, _, read = page
    assert read.path.read_text(encoding="utf-8").count("<script") == 2 + 5
    shown = {word.strip("[](),;:%") for word in read.text.lower().split()}
    assert not {"nan", "inf"} & shown
    assert not any("nan" in a.get("d", "") + a.get("cx", "") for _, a in read.elements)


def test_it_says_the_figures(tmp_path):
    content = synthetic.content(tmp_path, 3, ONE)
    figures = {
        "drop": Estimate(2.345, 2.1, 2.6), "control": Estimate(0.5, 0.4, 0.6),
        "difference": Estimate(1.845, 1.5, 2.1), "per_area": Estimate(15.0, 12.0, 17.0),
    }  # fmt: skip
    head, torso, tail = (
        dataclasses.replace(content.classes[0].parts[0], part=part, drops=drops, blacked=())
        for part, drops in (
            ("head", synthetic.drops(41, 31, figures, 0.123)),
            ("torso", synthetic.drops(40, 0, {"drop": figures["drop"]}, 0.5)),
            ("tail", synthetic.drops(0, 0, {}, math.nan)),
        )
    )
    head = dataclasses.replace(
        head, ap_val=Estimate(0.523, 0.45, 0.6), excess=Estimate(0.2, 0.1, 0.3), passes=synthetic.PASSES[0]
    )
    tail = dataclasses.replace(tail, ap_val=UNKNOWN, excess=UNKNOWN, passes=None)
    row = dataclasses.replace(
        content.classes[0].filters[0], filter=17, delta=Estimate(1.234, 1.1, 1.4), share=0.081,
        after_softmax=0.05, gradient=-0.75, classes=("cow",), uses=(),
    )  # fmt: skip
    overlaps = {
        "beyond_place": Overlap(64, 1, 9, 1, 0.14, 0.14, True),
        "paper": Overlap(64, 1, 4, 0, 0.06, 1.0, True),
        "strict": Overlap(64, 1, 2, 0, 0.03, 1.0, True),
    }  # fmt: skip
    only = dataclasses.replace(
        content.classes[0], crops=60, top1=Estimate(0.85, 0.75, 0.92), filters=[row],
        parts=[head, torso, tail], overlaps=overlaps,
        part_counts=count_parts([part.drops for part in (head, torso, tail)]),
    )  # fmt: skip
    sums = synthetic.sums([only], 1)
    content = dataclasses.replace(content, classes=[only], sums=sums, overlaps=overlaps)
    write_discriminativeness_report(tmp_path, content)
    read = pages.read(tmp_path)["index.html"]
    table = read.table("all-parts")
    assert table[1] == [
        "horse: head", "41", "24.4%", "2.35 [2.10, 2.60]", "0.50 [0.40, 0.60]", "1.84 [1.50, 2.10]", "yes",
        "12.3%", "1.50 [1.20, 1.70]", "52.3 [45.0, 60.0]", "20.0 [10.0, 30.0]",
        "yes strict",
    ]  # fmt: skip
    assert table[2][1:9] == ["40", "100.0%", "2.35 [2.10, 2.60]", "none fits", "–", "–", "50.0%", "–"]
    assert table[3][1:9] == ["0", "–", "–", "–", "–", "–", "–", "–"]
    assert read.table("all-filters")[1] == [
        "horse: 17", "1.23 [1.10, 1.40]", "8.1", "5.0", "−0.75", "best detector of no part of the class", "2",
    ]  # fmt: skip
    assert [line[1:4] for line in read.table("relations")[1:]] == [
        ["0.11 [−0.20, 0.41]", "[0.02, 0.20]", "41"],
        ["0.23 [−0.10, 0.50]", "–", "47"],
        ["0.83 [0.70, 0.90]", "[0.80, 0.86]", "47"],
    ]
    assert read.table("filters-by-class")[2][:4] == ["horse", "60", "85.0 [75.0, 92.0]", "1"]
    assert read.table("parts-by-class")[2][1:3] == ["1 of 1", "61.7% 1 part not compared"]
    text = " ".join(read.text.split())
    assert (
        "1.0 are discriminative for horse. 1 of 1 detect a part beyond place, 0 one that emerges by" in text
    )
    assert (
        "1 of 1 parts are discriminative; of 1 more nothing is said, as controls fit on too few crops."
        in text
    )
    assert "by chance 0.1, p = 0.14" in text and "no control fits on any crop: not compared" in text


def test_same_content_same_bytes(tmp_path):
    for name in ("first", "second"):
        write_discriminativeness_report(tmp_path / name, synthetic.content(tmp_path / name, 5))
    files = ["index.html", "report.css", "report.js", "vega.js"]
    assert filecmp.cmpfiles(tmp_path / "first", tmp_path / "second", files, shallow=False)[0] == files


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.234, "1.23"),
        (-12.5, "−12.50"),
        (0.0123, "0.012"),
        (-0.0004, "0.00"),
        (0.0, "0.00"),
        (math.nan, "–"),
    ],
)
def test_amounts(value, shown):
    assert drop_words.amount(value) == shown


@given(st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 3).map(lambda v: Estimate(*sorted(v))), max_size=6))
def test_a_scale_holds_all_it_is_made_for_and_zero(estimates):
    low, high = drop_strips.strip_scale([*estimates, UNKNOWN])
    assert low <= 0 <= high and low < high
    for estimate in estimates:
        assert low <= estimate.value <= high
        drawn = drop_strips.drop_strip(estimate, (low, high))
        assert "nan" not in drawn and 'class="held-out"' in drawn


def test_a_terminal_and_a_notebook_say_it_in_a_row_a_class_and_a_sentence(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    found = layer_findings([findings(), findings("[bold]cow <b>", 1)])
    Terminal().show(table.discriminative_table(found))
    shown = capsys.readouterr().out
    flat = " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 100
    assert "[bold]cow" in shown and "all" in shown
    sums = found.sums
    said = f"of 20 filters, {sums.distinct} are discriminative for at least one of 2 classes"
    parts = f"{sums.parts.discriminative} of {sums.parts.compared} parts are discriminative"
    without = f"Of {sums.parts.uncontrolled} more nothing is said: a control fits on fewer than 6"
    notebook = table.html_table(found)
    for text in (flat, notebook):
        assert said in text and parts in text and without in text
    assert "&lt;b&gt;" in notebook and "<b>" not in notebook
    assert notebook.count("<tr>") == 2 * 4
    for relation in found.relations.values():
        assert shown.count(f"{relation.value:.2f}".replace("-", "−")) and notebook.count(
            drop_words.correlation(relation.over_things).replace(" ", "\n", 1)
        )


def test_classes_keep_their_names_on_a_narrow_terminal(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    Terminal().show(table.discriminative_table(layer_findings([findings("sheep"), findings("cow", 1)])))
    shown = capsys.readouterr().out
    assert shown.count("sheep") == shown.count("cow") == 3  # in both tables and the sentence


@pytest.mark.slow
def test_a_browser_finds_nothing_wrong(tmp_path):
    if browser.missing():
        pytest.skip(browser.missing())
    write_discriminativeness_report(tmp_path, synthetic.content(tmp_path))
    assert browser.check(tmp_path).faults == []
