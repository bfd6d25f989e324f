"""The figures and words of the report, each against what they are to say."""

import dataclasses
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from partsjax.emergence.drift import Drift
from partsjax.emergence.own_evidence import OwnEvidence
from partsjax.emergence.readout.verdict import ReadoutVerdict
from partsjax.emergence.summary import summarize
from partsjax.emergence.verdict import (
    LIST_PRIOR_NAME,
    PRIOR_NAME,
    UNKNOWN,
    Estimate,
    NullVerdict,
    PriorVerdict,
    Verdict,
)
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


def _prior(label: str, ap: Estimate, excess: Estimate, ap_train: float = 0.20) -> PriorVerdict:
    return PriorVerdict(label, ap_train, ap, excess, 0.001)


def _null(label: str, ap: float, passes: bool) -> NullVerdict:
    train = 0.31 if passes else 0.05
    found = Verdict(
        "conv5", "horse", "head", 200, 100, 0,
        combination_ap_train=train, combination_ap_val=Estimate(ap, ap - 0.01, ap + 0.01),
    )  # fmt: skip
    return NullVerdict(label, (found, dataclasses.replace(found, q_value=0.01)))


BASE = Verdict(
    "conv5", "horse", "head", 200, 100, 3, 0.40, Estimate(0.36, 0.33, 0.39), (3, 7), 0.50,
    Estimate(0.45, 0.41, 0.49),
    priors={
        PRIOR_NAME: _prior("place prior", Estimate(0.19, 0.17, 0.21), Estimate(0.26, 0.22, 0.30)),
        LIST_PRIOR_NAME: _prior("list prior", Estimate(0.15, 0.13, 0.17), Estimate(0.30, 0.26, 0.34)),
    },
    q_value=0.0214,
    where=Estimate(0.12, 0.08, 0.15),
    whether=Estimate(0.01, -0.02, 0.04),
    hit_rate=0.62, prior_hit_rate=0.41, coverage_train=0.71, mean_area=0.0409,
    nulls={"random": _null("random weights", 0.12, True), "other": _null("other <words>", 0.01, False)},
)  # fmt: skip
PLACE = dataclasses.replace(  # the paper's criterion is met, and the place prior does better
    BASE, part="torso", combination_ap_train=0.80, combination_ap_val=Estimate(0.78, 0.74, 0.81), q_value=0.7,
    priors={
        PRIOR_NAME: _prior("place prior", Estimate(0.79, 0.75, 0.83), Estimate(-0.01, -0.04, 0.02), 0.82)
    },
)  # fmt: skip
WEAK = dataclasses.replace(
    BASE, part="tail", combination_ap_train=0.30, combination_ap_val=Estimate(0.02, 0.0, 0.04), q_value=0.9,
    priors={PRIOR_NAME: _prior("place prior", Estimate(0.10, 0.08, 0.12), Estimate(-0.08, -0.1, -0.06))},
    nulls={**BASE.nulls, "random": _null("random weights", 0.12, False)},
)  # fmt: skip
RARE = dataclasses.replace(BASE, part="horn", num_val=9, q_value=math.nan)


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


def test_first_shown_is_the_layer_with_most_beyond_place_then_the_deepest():
    shallow, deep = (dataclasses.replace(BASE, layer=layer) for layer in ("conv4", "conv5"))
    assert headline.first_to_show(_content(shallow, deep).summaries) == "conv5"
    worse = dataclasses.replace(PLACE, layer="conv5")
    assert headline.first_to_show(_content(shallow, worse).summaries) == "conv4"


def test_verdicts_in_words():
    verdicts = (BASE, PLACE, WEAK, RARE)
    assert [words.outcome(v).key for v in verdicts] == ["beyond", "no", "below", "uncounted"]
    assert [words.criterion(v) for v in verdicts] == ["strict", "paper’s criterion", "", ""]
    assert words.outcome(dataclasses.replace(BASE, best_filter=None)).words == "no train box: not counted"


def test_what_a_set_knows_in_words():
    assert words.knows("where", BASE.where) == "Knows where: +12.0 [8.0, 15.0]"
    assert words.knows("whether", BASE.whether) == "Does not significantly know whether: +1.0 [−2.0, 4.0]"
    worse = Estimate(-0.05, -0.08, -0.01)
    assert words.knows("where", worse) == "Knows where less well than the list prior: −5.0 [−8.0, −1.0]"
    assert words.knows("where", UNKNOWN) == ""
    assert words.drift_in_words(Drift("train", 0.654, 0.03, 1e-9)) == (
        "on 65% of the first third of train objects, 3% of the last"
    )


@pytest.mark.parametrize(
    "counts, shown",
    [((4,), "4"), ((4, 5, 4), "4, 5, 4"), ((4, 5, 4, 6), "4.8 (4 to 6)"), ((0,) * 5, "0 (0 to 0)")],
)
def test_counts_of_seeds(counts, shown):
    assert words.by_seed(counts) == shown


def test_shares_differences_and_correlations():
    assert [words.share(x) for x in (0.624, 1, math.nan, None)] == ["62%", "100%", "–", "–"]
    assert [words.signed(x) for x in (0.013, -0.013, 0.0, None)] == ["+1.3", "−1.3", "0.0", "–"]
    known = [0.914, -0.118, -0.004, None, math.nan]
    assert [words.rho(x) for x in known] == ["0.91", "−0.12", "0.00", "–", "–"]


@pytest.mark.parametrize("value, shown", [(0.0214, "0.021"), (0.0004, "< 0.001"), (1, "1"), (math.nan, "–")])
def test_q_values(value, shown):
    assert words.q_value(value) == shown


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
        "conv5", "3", "1", "0, 3", "0, 3", "1", "53.3 → 41.7", "40.0 → 36.0", "36.0", "15.0"
    ]  # fmt: skip
    assert page.table("1")[2] == ["conv5", "1", "0, 0", "0, 0", "2", "1", "2, 2", "0, 0"]
    assert page.table("2")[2] == ["conv5", "+12.0", "+1.0", "62%", "41%", "3 of 3", "2", "0", "0"]
    text = " ".join(page.text.split())
    assert "In conv5, 1 of 3 parts are found beyond place: on unseen images, better than by the" in text
    assert "it cannot know parts: random weights 0, 3, other <words> 0, 3." in text
    assert "1 strict, 2 by the paper’s criterion, which the place prior meets in 1." in text
    table = page.table("all-parts")
    assert table[1] == [
        "horse: head", "conv5", "▲ beyond place strict", "", "50.0", "45.0 [41.0, 49.0]",
        "+26.0 [22.0, 30.0]", "0.021", "19.0", "15.0", "12.0", "1.0", "+12.0 [8.0, 15.0]",
        "+1.0 [−2.0, 4.0]", "62%", "41%", "71%", "4.1", "3", "40.0", "36.0", "3 7", "200", "100",
    ]  # fmt: skip
    assert table[2][2] == "○ not beyond place paper’s criterion" and table[3][2] == "▼ below place"
    assert table[2][6] == "−1.0 [−4.0, 2.0]"


def test_every_prior_has_its_column(tmp_path):
    own = PriorVerdict("a prior of <mine>", 0.2, Estimate(0.321, 0.3, 0.35), Estimate(0.1, 0.0, 0.2), 0.1)
    write_emergence_report(tmp_path, _content(dataclasses.replace(BASE, priors={**BASE.priors, "mine": own})))
    head, row = pages.read(tmp_path)["index.html"].table("all-parts")
    at = head.index("Place prior")
    assert head[at : at + 3] == ["Place prior", "List prior", "A prior of <mine>"]
    assert row[at : at + 3] == ["19.0", "15.0", "32.1"]


def test_what_drifts_is_marked(tmp_path):
    drifting = dataclasses.replace(BASE, part="leg", drifts=(Drift("train", 0.65, 0.03, 1e-9),))
    write_emergence_report(tmp_path, _content(BASE, drifting))
    read = pages.read(tmp_path)
    table = read["index.html"].table("all-parts")
    assert "drifts" not in table[1][2] and table[2][2].endswith("† drifts in train: 65% → 3%")
    assert "on 65% of the first third of train objects, 3% of the last" in read["parts/horse-leg.html"].text
    assert "drifts" not in read["parts/horse-head.html"].text


def test_thresholds_are_shown_as_they_are(tmp_path):
    other = {"emergence_ap": 0.125, "min_val_boxes": 7, "false_discovery_rate": 0.07}
    write_emergence_report(tmp_path, _content(*(dataclasses.replace(v, **other) for v in (BASE, RARE))))
    page = pages.read(tmp_path)["index.html"]
    text = " ".join(page.text.split())
    assert "AP significantly over 12.5 on unseen" in text and "criterion: AP over 12.5 on train" in text
    assert "no pixel (false discovery rate 7%)" in text
    assert "a false discovery rate of 7% over all parts and layers of the run (its q-value" in text
    rare = dataclasses.replace(RARE, num_val=6, **other)
    assert words.outcome(rare).words == "rare (under 7 boxes): not counted"


def _data(folder: Path, chart: str) -> list[dict]:
    """The rows that a chart of the index shows, but for those of its lines."""
    text = (folder / "index.html").read_text(encoding="utf-8")
    spec = json.loads(re.search(f'id="chart-{chart}">(.*?)</script>', text, re.DOTALL)[1])
    return max(spec["datasets"].values(), key=len)


def test_charts_loop_over_the_nulls_that_ran(tmp_path):
    write_emergence_report(tmp_path, _content(BASE, PLACE, WEAK, RARE))
    shown = {(row["run"], row["parts"], row["by seed"]) for row in _data(tmp_path, "beyond")}
    assert shown == {
        ("the network", 1, "1"), ("random weights", 1.5, "0, 3"), ("other <words>", 1.5, "0, 3")
    }  # fmt: skip
    assert {row["run"]: row["parts"] for row in _data(tmp_path, "criteria")} == {
        "strict": 1, "paper’s criterion": 2, "place prior": 1, "random weights": 2, "other <words>": 0,
    }  # fmt: skip


def test_a_chart_shows_how_layers_carry_parts_where_they_were_read_out(tmp_path):
    layers = {"conv4": 6, "conv5": 6, "conv10": 6}
    content = synthetic.content(tmp_path, 8, layers, tuple(("horse", part) for part in "abcdefgh"))
    write_emergence_report(tmp_path, content)
    assert "chart-carried" not in (tmp_path / "index.html").read_text(encoding="utf-8")
    content = synthetic.with_readouts(content)
    write_emergence_report(tmp_path, content)
    shown = {layer: {} for layer in layers}
    for row in _data(tmp_path, "carried"):
        shown[row["layer"]][row["carried"]] = row["parts"]
    counts = {layer: of.carried for layer, of in content.summaries.items()}
    assert shown == {layer: {word: n for word, n in of.items() if n} for layer, of in counts.items()}
    assert all(sum(of.values()) for of in counts.values()) and len(set().union(*shown.values())) == 4


def test_readouts_of_nulls_stand_beside_the_readout(tmp_path):
    (first, null), (_, other) = BASE.nulls.items()
    read = dataclasses.replace(null, readout_ap_val=0.0731)
    readout = ReadoutVerdict(0.7, Estimate(0.6171, 0.6, 0.63), Estimate(0.4, 0.3, 0.5))
    base = dataclasses.replace(BASE, readout=readout, nulls={**BASE.nulls, first: read})
    write_emergence_report(tmp_path, _content(base))
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    words = re.sub(r"<[^>]*>", " ", index)
    assert re.search(rf"Readout, held out\s+Readout, {null.label}\s+Share of decodable", words)
    assert re.search(r"61\.7\s+.60\.0, 63\.0.\s+7\.3\s", words)
    assert re.search(rf"train → held out\s+{null.label.capitalize()}, held out\s+Best sets", words)
    assert re.search(r"70\.0 →\s+61\.7\s+7\.3\s+45\.0", words)
    assert f"Readout, {other.label}" not in words


def test_three_hit_rates_stand_beside_each_other(tmp_path):
    estimates = Estimate(0.41, 0.31, 0.52), Estimate(0.13, 0.04, 0.22), Estimate(0.28, 0.2, 0.4)
    base = dataclasses.replace(BASE, hit_rate=0.73, prior_hit_rate=0.62, own_evidence=OwnEvidence(*estimates))
    write_emergence_report(tmp_path, _content(base))
    words = re.sub(r"<[^>]*>", " ", (tmp_path / "index.html").read_text(encoding="utf-8"))
    assert re.search(r"Best set\s+Part alone\s+Part hidden\s+Place prior", words)
    assert re.search(r"73%\s+41%\s+13%\s+62%", words)
    assert re.search(r"73%\s+41%\s+\[31%, 52%\]\s+13%\s+\[4%, 22%\]\s+62%", words)
    write_emergence_report(tmp_path, _content(BASE))
    assert "art alone" not in (tmp_path / "index.html").read_text(encoding="utf-8")
    content = synthetic.with_own_evidence(synthetic.content(tmp_path))
    write_emergence_report(tmp_path, content)
    shown = "".join(page.read_text(encoding="utf-8") for page in (tmp_path / "parts").glob("*.html"))
    words = re.sub(r"<[^>]*>", " ", shown)
    known = [v for v in content.verdicts if v.best_filter is not None]
    assert len(re.findall(r"blacked out it is in \d+%\s+.\d+%, \d+%.\s*, with the part", words)) == len(known)
    assert (
        shown.count("with all but the part blacked out") == shown.count("A crop with the part") == len(known)
    )


def test_size_is_shown_of_judged_parts(tmp_path):
    write_emergence_report(tmp_path, _content(BASE, PLACE, WEAK, RARE))
    for chart, what, values in (
        ("ap_by_size", "AP", (45, 78, 2)),
        ("excess_by_size", "excess", (26, -1, -8)),
    ):
        rows = _data(tmp_path, chart)
        assert [row[what] for row in rows] == list(values) and {row["area"] for row in rows} == {4.09}
        assert [row["beyond place"] for row in rows] == ["yes", "no", "no"]


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
    label = "held out 45.0 [41.0, 49.0]; place prior 19.0; random weights 12.0; other &lt;words&gt; 1.0; "
    label += "train 50.0"
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


def test_a_part_page_says_what_its_set_knows_beside_its_pictures(tmp_path):
    content = synthetic.content(tmp_path, 8, {"conv5": 6})
    verdict = dataclasses.replace(BASE, combination=(0,), best_filter=0)
    content = dataclasses.replace(content, verdicts=(verdict, *content.verdicts[1:]))
    write_emergence_report(tmp_path, content)
    text = " ".join(pages.read(tmp_path)["parts/horse-head.html"].text.split())
    beside = text.split("Strongest detections on unseen images")[1]
    assert (
        "▲ beyond place strict, held out 45.0 [41.0, 49.0], over the place prior by +26.0 [22.0, 30.0] "
        "(q 0.021) Knows where: +12.0 [8.0, 15.0]. Does not significantly know whether: +1.0 [−2.0, "
        "4.0]. Of the crops that show the part, its strongest detection is on it in 62% "
        "(place prior: 41%). All its detections together find 71% of the train boxes."
    ) in beside
    assert (
        "Found beyond place in conv5. The best set on unseen images is in conv5, with an AP of 45.0 [41.0, "
        "49.0]; the place prior, without looking at a pixel, has 19.0 [17.0, 21.0], the list prior 15.0 "
        "[13.0, 17.0]."
    ) in text


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


def test_both_criteria_stand_beside_each_other(tmp_path):
    content = synthetic.with_criteria(synthetic.content(tmp_path))
    write_emergence_report(tmp_path, content)
    page = pages.read(tmp_path)["index.html"]
    rows = page.table("criteria-by-layer")[2:]
    for row, (layer, of) in zip(rows, content.criteria.items(), strict=True):
        null = [str(of.null_detectors[name][1]) for name in content.nulls]
        counts = (len(of.iou_val), *null, len(of.serving), len(of.both), of.same_part)
        assert row[:-1] == [layer, str(of.filters), str(len(of.iou_train)), *map(str, counts)]
        assert row[-1].startswith(words.rho(of.agreement.value))
    best = page.table("all-criteria")[1:]
    shown = [part for of in content.criteria.values() for part in of.parts]
    assert [row[2:4] for row in best] == [[str(p.by_iou), words.percent(p.iou)] for p in shown]
    assert [row[5:8] for row in best] == [
        [str(p.by_ap), words.percent(p.ap), words.percent(p.ap_iou)] for p in shown
    ]


def test_without_iou_the_page_does_not_mention_it(tmp_path):
    write_emergence_report(tmp_path, synthetic.content(tmp_path))
    assert "IoU" not in pages.read(tmp_path)["index.html"].text


def test_descriptions_stand_with_what_they_name(tmp_path):
    content = synthetic.with_descriptions(synthetic.content(tmp_path))
    write_emergence_report(tmp_path, content)
    page = pages.read(tmp_path)["index.html"]
    rows = page.table("described-layers")[2:]
    for row, of in zip(rows, content.described, strict=True):
        counts = of.descriptions, of.of_a_part, of.of_a_class, of.of_nothing, of.tested, of.beyond_place
        assert row == [of.layer, *map(str, counts), "20.0", "10.0", "3%", "60%", "30%"]
    named = [one for one in content.held if one.object_class]
    assert len(named) == len(content.held) - 4
    for row, one in zip(page.table("all-descriptions")[1:], named, strict=True):
        names = f"{one.object_class}: {one.part}" if one.part else one.object_class
        assert row[:4] == [one.text, one.layer, str(one.filter), names]
        assert row[5] == words.percent(one.ap_val)
        assert row[6] == (f"{one.rank} of {one.filters}" if one.rank else "–")
        verdict = {None: "· not tested", True: "▲ beyond place", False: "○ not beyond place"}
        assert row[10] == verdict[one.beyond_place]
    assert "4 descriptions name no part and no class of the dataset" in page.text
    assert "<sky> (4 times)" in page.text
