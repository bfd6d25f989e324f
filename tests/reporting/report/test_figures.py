"""The figures and words of the report, each against what they are to say."""

import dataclasses
import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from partsjax.emergence.summary import summarize
from partsjax.emergence.verdict import UNKNOWN, Estimate, NullVerdict, Verdict
from partsjax.reporting.report import (
    EmergenceReport,
    distributions,
    headline,
    names,
    strips,
    words,
    write_emergence_report,
)
from tests.reporting.report import pages, synthetic

BASE = Verdict(
    "conv5", "horse", "head", 200, 100, 3, 0.40, Estimate(0.36, 0.33, 0.39), (3, 7), 0.50,
    Estimate(0.45, 0.41, 0.49), 3, 0.20, Estimate(0.19, 0.17, 0.21), Estimate(0.26, 0.22, 0.30),
    0.16, Estimate(0.15, 0.13, 0.17), Estimate(0.30, 0.26, 0.34), 0.14,
    nulls={
        "random": NullVerdict("random weights", 0.31, Estimate(0.12, 0.1, 0.14), True, False),
        "other": NullVerdict("other <words>", 0.05, Estimate(0.01, 0.0, 0.02), False, False),
    },
)  # fmt: skip
PLACE = dataclasses.replace(  # the paper's criterion is met, and fixed boxes do better
    BASE, part="torso", combination_ap_train=0.80, prior_ap_train=0.82,
    prior_ap_val=Estimate(0.79, 0.75, 0.83), combination_ap_val=Estimate(0.78, 0.74, 0.81),
    excess=Estimate(-0.01, -0.04, 0.02),
)  # fmt: skip
WEAK = dataclasses.replace(
    BASE, part="tail", combination_ap_train=0.30, combination_ap_val=Estimate(0.02, 0.0, 0.04),
    prior_ap_val=Estimate(0.01, 0.0, 0.02), excess=Estimate(0.01, -0.01, 0.03),
    nulls={**BASE.nulls, "random": dataclasses.replace(BASE.nulls["random"], emerges_paper=False)},
)  # fmt: skip
RARE = dataclasses.replace(BASE, part="horn", num_val=9)


def _content(*verdicts: Verdict) -> EmergenceReport:
    layers = tuple(dict.fromkeys(verdict.layer for verdict in verdicts))
    summaries = {layer: summarize([v for v in verdicts if v.layer == layer]) for layer in layers}
    return EmergenceReport("t", "c", (), layers, verdicts, summaries, {}, {}, {})


def test_headline_counts_judged_parts_alone():
    (layer,) = headline.headline(_content(BASE, PLACE, WEAK, RARE))
    assert (layer.counts.parts, layer.uncounted) == (3, 1)
    assert layer.mean("combination_train") == pytest.approx((0.5 + 0.8 + 0.3) / 3, abs=1e-5)
    assert layer.combination_fall == pytest.approx(((0.5 + 0.8 + 0.3) - (0.45 + 0.78 + 0.02)) / 3, abs=1e-5)


def test_headline_of_nothing_judged():
    (layer,) = headline.headline(_content(RARE))
    assert layer.counts.parts == 0 and math.isnan(layer.mean("best_filter_train"))


def test_first_shown_is_the_layer_with_most_strict_passes_then_the_deepest():
    shallow, deep = (dataclasses.replace(BASE, layer=layer) for layer in ("conv4", "conv5"))
    layers = headline.headline(_content(shallow, deep))
    assert headline.first_to_show(layers).layer == "conv5"
    layers = headline.headline(_content(shallow, dataclasses.replace(PLACE, layer="conv5")))
    assert headline.first_to_show(layers).layer == "conv4"
    assert headline.first_to_show([]) is None


def test_verdicts_in_words():
    assert [words.outcome(v).key for v in (BASE, PLACE, WEAK, RARE)] == ["strict", "paper", "no", "uncounted"]
    assert words.outcome(dataclasses.replace(BASE, best_filter=None)).words == "no train box: not counted"
    assert [words.no_better_than_place(v) for v in (BASE, PLACE, WEAK)] == [False, True, True]


def test_a_strict_part_is_never_called_no_better_than_place():
    """The prior within the interval, but the paired difference significantly above 0."""
    close = dataclasses.replace(
        BASE, prior_ap_val=Estimate(0.42, 0.38, 0.46), excess=Estimate(0.03, 0.01, 0.05)
    )
    assert close.emerges_strict and not words.no_better_than_place(close)
    assert not words.no_better_than_place(dataclasses.replace(BASE, prior_ap_val=UNKNOWN))


@pytest.mark.parametrize(
    "fraction, shown",
    [(0.4567, "45.7"), (1.0, "100.0"), (0.0, "0.0"), (-0.0001, "0.0"), (-0.034, "−3.4"), (math.nan, "–")],
)
def test_percent(fraction, shown):
    assert words.percent(fraction) == shown


def test_index_says_the_numbers(tmp_path):
    write_emergence_report(tmp_path, _content(BASE, PLACE, WEAK, RARE))
    page = pages.read(tmp_path)["index.html"]
    assert page.table("0")[2] == [
        "conv5", "3", "2", "1", "2", "0", "1", "0", "0", "0.1", "40.0 → 36.0", "53.3 → 41.7"
    ]  # fmt: skip
    text = " ".join(page.text.split())
    assert "In conv5 the paper’s criterion passes 2 of 3 parts." in text
    assert "Fixed boxes, looking at no filter, pass 1 by the same criterion." in text
    table = page.table("all-parts")
    assert table[1] == [
        "horse: head", "conv5", "● strict", "", "50.0", "45.0 [41.0, 49.0]", "26.0 [22.0, 30.0]",
        "19.0 3 boxes", "15.0", "12.0", "1.0", "3", "40.0", "36.0", "3 7", "200", "100",
    ]  # fmt: skip
    assert table[2][2] == "◐ paper only no better than place alone"
    assert table[2][6] == "−1.0 [−4.0, 2.0]"


def test_thresholds_are_shown_as_they_are(tmp_path):
    other = {"emergence_ap": 0.125, "min_val_boxes": 7}
    write_emergence_report(tmp_path, _content(*(dataclasses.replace(v, **other) for v in (BASE, RARE))))
    page = pages.read(tmp_path)["index.html"]
    text = " ".join(page.text.split())
    assert "an AP over 12.5 on train" in text and "interval is over 12.5 and" in text
    rare = dataclasses.replace(RARE, num_val=6, **other)
    assert words.outcome(rare).words == "rare (under 7 boxes): not counted"
    shown = (tmp_path / "index.html").read_text()
    assert "train AP > 12.5" in shown or "train AP \\u003e 12.5" in shown
    assert not re.search(r"train AP (>|\\u003e) 30", shown)


def test_how_to_read_is_four_sentences(tmp_path):
    write_emergence_report(tmp_path, _content(BASE))
    text = (tmp_path / "index.html").read_text()
    reading = re.search(r'<ol class="reading">(.*?)</ol>', text, re.DOTALL)[1]
    assert len(re.findall(r"<li>[^.]*\.</li>", reading)) == reading.count("<li>") == 4


def test_strip_places_figures_on_its_scale():
    drawn = strips.verdict_strip(BASE)
    assert '<path class="interval" d="M82 12H98"/>' in drawn
    assert '<circle class="held-out" cx="90" cy="12" r="4"/>' in drawn
    assert '<circle class="train" cx="100" cy="12" r="4"/>' in drawn
    assert '<path class="prior" d="M38 3V21"/>' in drawn
    assert '<path class="null null-1" d="M24 0V8"/>' in drawn
    assert '<path class="null null-2" d="M2 16V24"/>' in drawn
    label = "held out 45.0 [41.0, 49.0]; prior 19.0; random weights 12.0; other &lt;words&gt; 1.0; train 50.0"
    assert f'aria-label="{label}"' in drawn
    assert "null" not in strips.verdict_strip(dataclasses.replace(BASE, nulls={}))
    elsewhere = strips.verdict_strip(dataclasses.replace(BASE, emergence_ap=0.5))
    assert 'class="threshold" d="M60 ' in drawn and 'class="threshold" d="M100 ' in elsewhere


def test_boxes_are_drawn_where_they_are():
    assert strips.outline((0.1, 0.2, 0.35, 1.0)) == "M10.0 20.0H35.0V100.0H10.0Z"


APS = arrays.arrays(
    np.float32, st.tuples(st.integers(1, 12), st.integers(1, 4)), elements=st.floats(0, 1, width=32)
)


@given(APS, st.data())
def test_spread_counts_what_is_known(aps, data):
    aps = np.where(data.draw(arrays.arrays(bool, aps.shape)), np.nan, aps).astype(np.float32)
    known = aps[~np.isnan(aps)].astype(np.float64)
    spread = distributions.ap_spread(aps, 0.25)
    assert spread.count == known.size
    if known.size:
        assert spread.over == pytest.approx(np.mean(known > 0.25))
        assert spread.largest == known.max() and spread.median <= spread.q90 <= spread.q99 <= spread.largest
    at = (0.0, 0.25, 0.3, 0.999)
    shares = distributions.exceedance(aps, at)
    for x, share in zip(at, shares, strict=True):
        assert math.isnan(share) if not known.size else share == pytest.approx(np.mean(known > x))


@given(APS)
def test_rank_counts_the_filters_that_do_better(aps):
    verdicts = [
        dataclasses.replace(BASE, part=str(p), best_filter=int(p) % len(aps)) for p in range(aps.shape[1])
    ]
    content = dataclasses.replace(_content(*verdicts), filter_aps={"conv5": aps})
    for p, part in enumerate(distributions.by_part(content)):
        best = aps[p % len(aps), p]
        assert part.best == best and part.rank == 1 + sum(ap > best for ap in aps[:, p])


@given(st.lists(st.tuples(st.text(), st.text()), min_size=1, unique=True))
def test_page_names_are_safe_and_no_two_are_one(parts):
    verdicts = [dataclasses.replace(BASE, object_class=c, part=p) for c, p in parts]
    links = names.Links(_content(*verdicts))
    pages_of = [links.part(*key) for key in parts]
    assert all(re.fullmatch(r"parts/[A-Za-z0-9._-]+\.html", name) and len(name) < 120 for name in pages_of)
    assert len({name.casefold() for name in pages_of}) == len(parts)


def test_there_is_no_link_to_a_page_that_is_not_made():
    links = names.Links(_content(BASE))
    assert links.filter("conv5", 3) is None and links.part("horse", "wing") is None


def test_a_part_page_shows_its_pictures(tmp_path):
    content = synthetic.content(tmp_path, 8, {"conv5": 6})
    write_emergence_report(tmp_path, content)
    page = pages.read(tmp_path)["parts/horse-head.html"]
    shown = content.pictures["conv5", "horse", "head"]
    everything = (*shown.combination, *shown.combination_false, *shown.best, *shown.best_false)
    images = page.all("img")
    assert len(images) == len(everything)
    for image, shot in zip(images, everything, strict=True):
        how = "rightly" if shot.correct else "wrongly"
        assert image["alt"] == f"horse, crop {shot.crop}: filter {shot.filter} finds head {how}"
    boxes = [e["d"] for e in page.all("path") if e["class"] in ("right", "wrong") and "." in e["d"]]
    assert boxes == [strips.outline(shot.box) for shot in everything]
    truths = [e["d"] for e in page.all("path") if e["class"] == "truth" and "." in e["d"]]
    assert truths == [strips.outline(box) for shot in everything for box in shot.truth]
