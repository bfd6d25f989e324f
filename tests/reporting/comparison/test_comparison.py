"""A comparison's page, files and tables: what they say is what they were given, whatever it is called."""

import csv
import dataclasses
import io
import json
import math

import pytest
from rich.console import Console

from partsjax.emergence.verdict import UNKNOWN, Estimate
from partsjax.reporting.comparison import (
    comparison_charts,
    comparison_tables,
    figures,
    write_comparison_report,
)
from partsjax.reporting.comparison.comparison_summary import comparison_summary
from partsjax.reporting.comparison.terminal import tables
from partsjax.reporting.rows import write_table
from tests.reporting.comparison.synthetic import NETWORKS, content, layers_of
from tests.reporting.report import browser, pages

CONTENT = content()


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    write_comparison_report(folder, CONTENT)
    read = pages.read(folder)
    assert list(read) == ["index.html"]
    pages.linked(folder, read)
    return read["index.html"]


def test_differences_stand_in_the_table_as_they_are(page):
    table = page.table("all-differences")[1:]
    assert len(table) == sum(len(layers_of(network)) for network in NETWORKS if network != "imagenet")
    for row, ((network, layer), found) in zip(table, CONTENT.differences.items(), strict=True):
        other = CONTENT.against[network, layer]
        assert row[0] == network and row[1] == (layer if other == layer else f"{layer} against {other}")
        assert figures.signed(found.mean.value) in row[3] and figures.signed_interval(found.mean) in row[3]
        assert ("▲" in row[3]) == (found.mean.low > 0) and ("▼" in row[3]) == (found.mean.high < 0)
        assert row[4] == " · ".join(map(figures.signed, found.by_seed))
        assert row[5:7] == [str(found.better), str(found.worse)]


def test_every_part_stands_under_every_network(page):
    table = page.table("all-parts")
    assert [cell for cell in table[0]][4:] == list(NETWORKS)
    for row, part in zip(table[1:], CONTENT.parts, strict=True):
        assert row[0].startswith(f"{part.object_class}: {part.part}") and row[1] == part.layer
        assert ("not counted" in row[0]) == (not part.judged)
        for cell, network in zip(row[4:], NETWORKS, strict=True):
            if part.layer not in layers_of(network):
                assert cell == ""
                continue
            known = part.ap_val[network]
            assert ("–" if math.isnan(known.value) else f"{100 * known.value:.1f}".replace("-", "−")) in cell
            assert ("beyond place" in cell) == bool(part.judged and part.beyond_place[network])
            assert ("▲" in cell or "▼" in cell) == (
                network in part.difference and bool(figures.sure(part.difference[network]))
            )


def test_the_page_says_what_three_seeds_can_cover_and_one_cannot(page, tmp_path):
    assert "3 seeds say little" in page.text and "Seed by seed" in page.text
    write_comparison_report(tmp_path, content(seeds=(0,)))
    once = pages.read(tmp_path)["index.html"].text
    assert "not another training of the same network" in once and "Seed by seed" not in once
    assert "recalled, unverified" in once


def test_one_network_alone_has_a_page(tmp_path):
    write_comparison_report(tmp_path, content(networks=("imagenet",)))
    page = pages.read(tmp_path)["index.html"]
    assert "There is no other network." in page.text and "all-differences" not in page.tables


def test_every_network_has_its_counts_beside_those_of_its_nulls(page):
    header, *table, place = page.table("networks-by-layer")
    assert header[4:6] == ["– random <b>", "– permuted <b>"] and place[0] == "place prior"
    expected = sorted(CONTENT.figures, key=lambda of: CONTENT.layers.index(of[1]))  # network by network
    assert [(row[0], row[1].removesuffix(" nominal")) for row in table] == expected
    for row, (network, layer) in zip(table, expected, strict=True):
        found = CONTENT.figures[network, layer]
        assert ("nominal" in row[1]) == (layer == "block <4>")
        assert row[2] == f"{(list(layers_of(network)).index(layer) + 1) / 7:.2f}"

        def shown(counts):
            each = f" {' · '.join(map(str, counts))}" if len(counts) > 1 else ""
            return f"{figures.mean_count(counts)}{each}"

        random, permuted = (
            [n for summary in found.summaries for n in summary.nulls[name].beyond_place]
            if name in found.nulls
            else None
            for name in ("random", "permuted")
        )
        assert row[3:8] == [
            shown(found.counts("beyond_place")),
            shown(random),
            shown(permuted) if permuted else "",
            shown(found.counts("emerging_strict")),
            shown(found.counts("emerging_paper")),
        ]
        assert figures.ap(found.mean_ap_val) in row[8]
    assert "Trained on one half of the <train> images." in page.text
    assert "difference of their excesses over place" in page.text


def test_every_two_networks_are_held_against_each_other(page):
    for row, pair in zip(page.table("all-pairs")[1:], CONTENT.pairs, strict=True):
        mean = pair.difference.mean
        assert row[:3] == [
            f"{pair.network} minus {pair.other}", f"{pair.layer} against {pair.other_layer}", pair.which
        ]  # fmt: skip
        assert figures.signed(mean.value) in row[3] and figures.signed_interval(mean) in row[3]
        assert ("▲" in row[3]) == (mean.low > 0) and ("▼" in row[3]) == (mean.high < 0)
        assert row[4:6] == [str(pair.difference.better), str(pair.difference.worse)]


def test_networks_of_other_layers_are_drawn_by_depth_others_by_layer():
    shown = comparison_charts.means(CONTENT)
    points = [row for rows in shown["datasets"].values() for row in rows if "network" in row]
    assert {(row["network"], row["layer"]) for row in points} == set(CONTENT.figures)
    for row in points:
        assert row["depth"] == round(CONTENT.depth[row["network"], row["layer"]], 3)
    axes = [of["encoding"]["x"]["field"] for of in shown["layer"] if "x" in of["encoding"]]
    assert axes == ["depth"] * 3  # intervals, lines and points
    same = comparison_charts.means(
        dataclasses.replace(CONTENT, against={of: of[1] for of in CONTENT.against})
    )
    assert {of["encoding"]["x"]["field"] for of in same["layer"] if "x" in of["encoding"]} == {"layer"}


def test_without_nulls_and_training_nothing_is_said_of_them(tmp_path):
    plain = dataclasses.replace(content(nulls=False), training=(), train_images="")
    write_comparison_report(tmp_path, plain)
    page = pages.read(tmp_path)["index.html"]
    assert len(page.table("networks-by-layer")[0]) == 7 and "cannot know parts" not in page.text
    assert "recalled" not in page.text and "trained for" not in page.text


@pytest.mark.slow
def test_a_browser_finds_nothing_wrong(tmp_path):
    if browser.missing():
        pytest.skip(browser.missing())
    write_comparison_report(tmp_path, CONTENT)
    assert browser.check(tmp_path).faults == []


def test_files_hold_all_and_leave_what_is_not_known_empty(tmp_path):
    written = {}
    for table in (
        comparison_tables.comparison_table,
        comparison_tables.pair_table,
        comparison_tables.difference_table,
        comparison_tables.part_difference_table,
    ):
        write_table(tmp_path / table.__name__, table(CONTENT))
        with open(tmp_path / table.__name__, newline="") as file:
            written[table.__name__] = list(csv.DictReader(file))
    one_a_run = written["comparison_table"]
    assert len(one_a_run) == sum(len(layers_of(n)) * len(CONTENT.seeds[n]) for n in NETWORKS)
    for row in one_a_run:
        of = CONTENT.figures[row["network"], row["layer"]]
        place = [str(s) for s in CONTENT.seeds[row["network"]]].index(row["seed"] or "None")
        for name in ("beyond_place", "below_place", "emerging_paper", "emerging_strict"):
            assert int(row[name]) == getattr(of.summaries[place], name)
        where = of.summaries[place].mean_where
        assert row["mean_where"] == ("" if where is None else f"{where:.6f}")
        assert row["nominal"] == ("true" if row["layer"] == "block <4>" else "false")
        assert (row["parts"], row["mean_prior_ap_val"]) == ("10", "0.119000")
        assert float(row["mean_ap_val_low"]) == pytest.approx(of.ap_val[place].low, abs=1e-6)
        assert float(row["depth"]) == pytest.approx(CONTENT.depth[row["network"], row["layer"]], abs=1e-6)
        for name in ("random", "permuted"):
            null = of.summaries[place].nulls.get(name)
            expected = ";".join(map(str, null.beyond_place)) if null else ""
            assert row[f"{name}_beyond_place"] == expected
            assert row[f"{name}_mean_ap_val"] == (f"{null.mean_ap_val:.6f}" if null else "")
    for row, pair in zip(written["pair_table"], CONTENT.pairs, strict=True):
        assert (row["network"], row["other_layer"], row["which"]) == (
            pair.network,
            pair.other_layer,
            pair.which,
        )
        assert float(row["difference_low"]) == pytest.approx(pair.difference.mean.low, abs=1e-6)
    for row in written["difference_table"]:
        found = CONTENT.differences[row["network"], row["layer"]]
        assert float(row["difference_high"]) == pytest.approx(found.mean.high, abs=1e-6)
        assert row["baseline_layer"] == ("conv5" if row["layer"] == "block <4>" else row["layer"])
        assert len(row["by_seed"].split(";")) == int(row["seeds"]) == len(found.by_seed)
    parts = written["part_difference_table"]
    assert len(parts) == 12 * sum(len(layers_of(n)) for n in NETWORKS)
    assert all(row["difference"] == "" for row in parts if row["network"] == "imagenet")
    unknown = [row for row in parts if row["num_val"] == "0"]
    assert unknown and all(row["ap_val"] == row["ap_val_low"] == "" for row in unknown)
    summary = json.loads(json.dumps(comparison_summary(CONTENT), allow_nan=False))
    assert summary["training"][0]["without_looking"] is None
    assert set(summary["networks"]) == set(NETWORKS)


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_no_figure_is_lost_in_a_narrow_terminal(width):
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False)
    for table in tables(CONTENT, width):
        console.print(table)
    text = out.getvalue()
    for found in CONTENT.differences.values():
        assert f"{figures.signed(found.mean.value)} {figures.signed_interval(found.mean)}" in text
    for pair in CONTENT.pairs:
        assert f"{pair.layer} against {pair.other_layer}" in text
    for figures_of in CONTENT.figures.values():
        for name in figures_of.nulls:
            assert f"{name} {figures.mean_count(figures_of.null_counts(name, 'beyond_place'))}" in text
    assert "…" not in text and text.count("place prior ") >= math.ceil(6 / max(1, (width - 16) // 23))


def test_words_of_differences():
    assert [figures.signed(v) for v in (0.0123, -0.0123, 0.0, -0.0001, math.nan)] == [
        "+1.2", "−1.2", "0.0", "0.0", "–"
    ]  # fmt: skip
    assert figures.signed_interval(Estimate(0, -0.01, 0.02)) == "[−1.0, +2.0]"
    assert figures.signed_interval(UNKNOWN) == "" and figures.sure(UNKNOWN) == ""
    assert [figures.count(v) for v in (1.0, -2.0, 0.0, 1.3333, -0.02, math.nan)] == [
        "+1", "−2", "0", "+1.3", "0", "–"
    ]  # fmt: skip
    assert [figures.mean_count(v) for v in ((3,), (3, 4), (2, 2, 2))] == ["3", "3.5", "2"]
    assert figures.difference_scale([]) == figures.difference_scale([UNKNOWN]) == 0.01
    assert figures.difference_scale([Estimate(0.01, -0.0312, 0.02)]) == 0.04
    assert figures.difference_strip(UNKNOWN, 0.1) == "–"
    strip = figures.difference_strip(Estimate(0.05, -0.1, 0.1), 0.1)
    assert 'cx="150"' in strip and "M0 12H200" in strip
