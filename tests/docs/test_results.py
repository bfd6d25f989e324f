"""The pages of results show what runs wrote."""

import json
import shutil

import pandas as pd
import pytest

from docs import (
    architecture_tables,
    class_score_tables,
    emergence_tables,
    measured,
    paper_table,
    results,
    speed_tables,
    supervision_tables,
)

COUNTS = ("below_place", "covered", "emerging_paper", "emerging_strict", "parts", "prior_emerging_paper")
SPLITS = {"train": 0.62, "val": 0.61}
MEANS = ("best_filter_unregressed", "best_filter", "combination", "prior", "list_prior")
LAYER = {
    **dict.fromkeys(COUNTS, 1),
    "nulls": {},
    "mean_ap": {f"{name}_{split}": value for name in MEANS for split, value in SPLITS.items()},
    **dict.fromkeys(("mean_where", "mean_whether", "mean_hit_rate", "mean_prior_hit_rate")),
    "sharing": {"filters": 9, "several_parts": 2, "several_classes": 1},
    "ap_with_size": 0.9,
    "excess_with_size": -0.5,
}


def part(name: str, train: float, passes: str, **estimates: tuple[float, float, float]) -> dict:
    """A row of `parts.csv`; passes: beyond place, strictly, by the paper's criterion."""
    ends = {f"{key}{end}": estimate[at] for key, estimate in estimates.items() for at, end in enumerate(ENDS)}
    flags = zip(("beyond_place", "emerges_strict", "emerges_paper", "too_rare"), passes.split(), strict=True)
    names = {"object_class": "horse", "part": name, "num_train": 288, "num_val": 299}
    shares = {"list_prior_ap_val": 0.17, "hit_rate": 0.5, "prior_hit_rate": 0.4, "coverage_train": 0.8}
    return {**names, **shares, "combination_ap_train": train, **ends, **{k: v.strip("-") for k, v in flags}}


ENDS = ("", "_low", "_high")
NOT_ASKED = {"where": (0, 0, 0), "whether": (0, 0, 0)}
PARTS = [
    part(
        "head",
        0.5,
        "true true true false",
        combination_ap_val=(0.47, 0.40, 0.52),
        prior_ap_val=(0.32, 0.28, 0.36),
        excess_over_prior=(0.15, 0.08, 0.20),
        where=(0.28, 0.20, 0.33),
        whether=(0.02, -0.01, 0.05),
    ),
    part(
        "torso",
        0.78,
        "false false true false",
        combination_ap_val=(0.70, 0.65, 0.75),
        prior_ap_val=(0.90, 0.85, 0.94),
        excess_over_prior=(-0.2, -0.25, -0.13),
        **NOT_ASKED,
    ),
    part(
        "horn",
        0.78,
        "- - - true",
        combination_ap_val=(0.0, 0.0, 0.0),
        prior_ap_val=(0.9, 0.8, 1.0),
        excess_over_prior=(-0.9, -1.0, -0.8),
        **NOT_ASKED,
    ),
]
SEARCHES = [{"search": "ga", "score": "activation", "size": 3, "ap_train": 0.64, "ap_val": 0.585}]


@pytest.mark.parametrize("path", results.pages(), ids=lambda path: path.stem)
def test_a_page_shows_the_numbers_of_the_configs(path):
    page = path.read_text(encoding="utf-8")
    assert page == results.updated(page), f"{path.name} is out of date; run: python -m docs.results"


@pytest.fixture
def published(tmp_path, monkeypatch):
    """Two runs of two layers and two parts each, where those of configs are."""
    for run, layers in {"emergence_by_layer": ("conv4", "conv5"), "emergence_by_depth": ("conv4_3",)}.items():
        (tmp_path / run).mkdir()
        of_layer = {layer: {**LAYER, "beyond_place": at} for at, layer in enumerate(layers, 1)}
        (tmp_path / run / "summary.json").write_text(json.dumps({"layers": of_layer}))
        parts = pd.DataFrame([{"layer": layer, **part} for layer in layers for part in PARTS])
        parts.to_csv(tmp_path / run / "parts.csv", index=False)
        searches = parts[["layer", "object_class", "part"]].merge(pd.DataFrame(SEARCHES), how="cross")
        searches.loc[searches["part"] == "horn", "ap_val"] = 0.0  # too rare: counts for nothing
        searches.to_csv(tmp_path / run / "combinations.csv", index=False)
    monkeypatch.setattr(measured, "MEASURED", tmp_path)
    return tmp_path


PAGE = "Before.\n<!-- table: counts -->\nold\n<!-- end -->\nAfter.\n"


def test_what_is_measured_stands_between_the_marks(published):
    page = results.updated(PAGE)
    assert "| **beyond place** | 1 | 2 | 1 |" in page and "old" not in page
    assert page.startswith("Before.\n<!-- table: counts -->\n") and page.endswith("<!-- end -->\nAfter.\n")
    assert results.updated(page) == page


def test_a_network_that_was_not_measured_is_left_out(published):
    shutil.rmtree(published / "emergence_by_depth")
    assert "VGG16" not in results.updated(PAGE)
    paper = results.updated(PAGE.replace("counts", "paper"))
    (depth,) = (line for line in paper.splitlines() if "grows with depth" in line)
    assert depth.endswith("| not tested |")


def test_what_was_not_run_is_not_tested(published):
    (line,) = (
        line for line in results.updated(PAGE.replace("counts", "paper")).splitlines() if "to scene" in line
    )
    assert line.endswith("| not tested |")
    (published / "supervision_levels").mkdir()
    paper = results.updated(PAGE.replace("counts", "paper"))
    assert "| objects and images: [supervision](supervision.md); scenes: not tested |" in paper


def test_every_part_with_its_marks(published):
    head, torso, rare = (line.split(" | ") for line in emergence_tables.parts().splitlines()[2:])
    assert head[:4] == ["| horse:head", "288/299", "32 [28, 36]", "17"]
    assert head[4:6] == ["50 → 47 [40, 52] ▲s"] * 2
    assert torso[4:6] == ["78 → 70 [65, 75] ▼p"] * 2
    assert rare[4:6] == ["78 → 0 [0, 0]"] * 2


def test_means_over_parts_and_searches(published):
    rows = dict(line[2:-2].split(" | ", 1) for line in emergence_tables.means().splitlines()[2:])
    assert rows["– of the place prior"] == " | ".join(["62.0\u00a0→\u00a061.0"] * 3)
    assert rows["WHERE"] == " | ".join(["–"] * 3) and rows["– of the excess"] == " | ".join(["−0.50"] * 3)
    assert emergence_tables.searches().splitlines()[2:] == [
        "| ga, activation | 3: 64.0\u00a0→\u00a058.5 | 3: 64.0\u00a0→\u00a058.5 |"
    ]
    (known,) = emergence_tables.knows().splitlines()[2:]
    assert known.startswith(
        "| horse:head | 47.0 | +15.0 [8.0, 20.0] | +28.0 [20.0, 33.0] | +2.0 [−1.0, 5.0] |"
    )


def test_a_null_that_ran_in_one_layer_only(monkeypatch):
    null = {"label": "unfounded boxes", "beyond_place": [1, 0, 2], "emerging_paper": [4, 4, 5]}
    null |= {"emerging_strict": [0, 0, 0], "mean_ap_train": 0.1, "mean_ap_val": None}
    counts = ("parts", "beyond_place", "below_place", "emerging_strict", "emerging_paper", "covered")
    layer = {**dict.fromkeys(counts, 7), "prior_emerging_paper": 3}
    found = {"A conv1": {**layer, "nulls": {"unfounded": null}}, "A conv2": {**layer, "nulls": {}}}
    monkeypatch.setattr(measured, "layers", lambda: found)
    table = emergence_tables.counts().splitlines()
    assert table[0] == "|  | A conv1 | A conv2 |"
    assert [line for line in table if "unfounded" in line] == [
        f"| – unfounded boxes | {seeds} | – |" for seeds in ("1, 0, 2", "0, 0, 0", "4, 4, 5")
    ]
    assert measured.arrow(0.1, None) == "10.0\u00a0→\u00a0–"


def test_parts_beyond_place_by_descending_excess(monkeypatch):
    def row(layer: str, name: str, excess: float, beyond: bool) -> dict:
        return {"layer": layer, "name": name, "excess_over_prior": excess, "beyond_place": beyond}

    table = [
        row("A conv1", "cat:torso", -0.3, False),
        row("A conv2", "cat:ear", 0.051, True),
        row("A conv2", "cat:tail", 0.2, False),
        row("A conv2", "dog:head", 0.123, True),
    ]
    monkeypatch.setattr(measured, "parts", lambda: pd.DataFrame(table))
    assert emergence_tables.beyond().splitlines()[2:] == [
        "| A conv1 | 0 |  |",
        "| A conv2 | 2 | dog:head +12.3, cat:ear +5.1 |",
    ]


def test_intervals_have_signs_of_print():
    row = pd.Series({"where_low": -0.021, "where_high": 0.104})
    assert measured.interval(row, "where") == "[−2, 10]"


def test_what_was_not_tested_is_said(published):
    table = paper_table.beside_the_paper()
    for topic in ("human judgment", "scene"):
        (line,) = [line for line in table.splitlines() if topic in line]
        assert "not tested" in line
    assert "beyond place: conv4 1, conv5 2" in table


def test_class_scores_beside_chance(monkeypatch):
    overlap = {"discriminative_and_semantic": 3, "expected_by_chance": 0.44, "p_value": 0.0002}
    related = {"rank_correlation": -0.3, "over_things_low": -0.9, "over_things_high": 0.45}
    found = {
        "discriminative_filters": 9,
        "distinct_discriminative_filters": 8,
        "discriminative_filters_by_deviations": {"1.5": 12, "3": 4},
        **{f"semantic_{name}": overlap for name in ("beyond_place", "strict", "paper")},
        "discriminative_parts": 2,
        "parts": 8,
        "parts_without_control": 1,
        "blackouts": 700,
        "blackouts_without_control": 60,
        **dict.fromkeys(class_score_tables.RELATIONS, related),
    }
    monkeypatch.setattr(measured, "summary", lambda run: {"classes": {"dog": found}, "all_classes": found})
    filters = class_score_tables.filters("class_scores").splitlines()
    assert filters[2:4] == [
        "| discriminative filters | 9 | 9, 8 different |",
        "| – detect a part, beyond place (by chance) | 3 (0.4) | 3 (0.4), p < .001 |",
    ]
    parts = class_score_tables.parts("class_scores").splitlines()
    assert parts[2] == "| discriminative parts | 2 of 8 | 2 of 8 |"
    assert parts[4] == "| blackouts that no control fits beside | 60 of 700 | 60 of 700 |"
    assert parts[-1].endswith("| −0.30 [−0.90, 0.45] | −0.30 [−0.90, 0.45] |")


def test_how_many_crops_are_recognized(monkeypatch):
    found = {"crops": 313, "top1": 0.5, "top1_low": 0.44, "top1_high": 0.561}
    monkeypatch.setattr(measured, "summary", lambda run: {"classes": {"horse": found}, "all_classes": {}})
    table = class_score_tables.recognized("class_scores").splitlines()
    assert table[2:] == ["| crops | 313 |", "| top-1, % | 50.0 [44, 56] |"]


def test_layers_by_relative_depth_beside_their_nulls(published):
    first, _, third = architecture_tables.depths().splitlines()[2:]
    assert first.startswith("| AlexNet conv4 | 0.80 | 1 | ") and third.startswith(
        "| VGG16 conv4_3 | 0.77 | 1 | "
    )


def test_rotated_bases_beside_the_trained_one(published):
    assert len(architecture_tables.rotated().splitlines()) == 2
    place = published / "rotated" / "emergence_by_layer"
    place.mkdir(parents=True)
    names = {"conv5": 6, "conv5_rotated0": 2, "conv5_rotated1": 3}
    of_layer = {name: {**LAYER, "beyond_place": at, "below_place": 1} for name, at in names.items()}
    (place / "summary.json").write_text(json.dumps({"layers": of_layer}))
    trained, others = architecture_tables.rotated().splitlines()[2:]
    assert trained.startswith("| AlexNet conv5 | as trained | 6 | 1 | ")
    assert others.startswith("|  | 2 rotations | 2, 3 | 1, 1 | ")


def test_supervision_levels_by_seed(monkeypatch, tmp_path):
    monkeypatch.setattr(measured, "MEASURED", tmp_path)
    (tmp_path / "supervision_levels").mkdir()
    columns = ["network", "layer", "parts", "beyond_place", "emerging_strict", "emerging_paper"]
    rows = [["imagenet", 20, 0.2, 0.12], ["object", 18, 0.2, 0.1], ["object", 21, 0.22, 0.12]]
    table = pd.DataFrame(
        [[name, "conv5", 47, beyond, 2, 10, train, val] for name, beyond, train, val in rows],
        columns=[*columns, "mean_ap_train", "mean_ap_val"],
    )
    table.to_csv(tmp_path / "supervision_levels" / "comparison.csv", index=False)
    difference = {"difference": -0.01, "difference_low": -0.02, "difference_high": 0.003}
    difference |= {"by_seed": "-0.020000;0.000000", "better": 1, "worse": 7, "by_chance": 2.35}
    against = pd.DataFrame([{"network": "object", "baseline": "imagenet", "layer": "conv5", **difference}])
    against.to_csv(tmp_path / "supervision_levels" / "differences.csv", index=False)
    assert supervision_tables.levels().splitlines()[2:] == [
        "| **conv5**, of 47 parts |  |  |",
        "| beyond place | 20 | 18, 21 |",
        "| strict | 2 | 2, 2 |",
        "| the paper's criterion | 10 | 10, 10 |",
        "| mean AP, train → held out | 20.0\u00a0→\u00a012.0 | 21.0\u00a0→\u00a011.0 |",
        "| – held out, minus imagenet |  | −1.0 [−2.0, +0.3] |",
        "| – seed by seed |  | −2.0, 0.0 |",
        "| parts significantly better / worse (by chance) |  | 1 / 7 (2.4) |",
    ]


def test_an_account_shows_stages_beside_their_floors(tmp_path, monkeypatch):
    monkeypatch.setattr(speed_tables, "_MEASURED", tmp_path)
    assert "Not measured yet; `python -m benchmarks.account vgg16 FOLDER`" in speed_tables.account("vgg16")
    stages = [
        {"stage": "network", "seconds": 30.0, "floor": 12.0, "why": "products 10.0 s, reading 2.0 s"},
        {"stage": "report", "seconds": 10.0, "floor": None, "why": ""},
    ]
    rates = dict.fromkeys(("float32", "float64", "overlaps", "sorted", "bytes", "crops"), 2e9)
    record = {"stages": stages, "rates": rates, "command": "python", "on": "two cores", "peak_bytes": 2**30}
    (tmp_path / "account_vgg16.json").write_text(json.dumps(record))
    lines = speed_tables.account("vgg16").splitlines()
    assert lines[0] == "`python` on two cores: 40 s in all stages, 1.0 GiB."
    assert lines[4:6] == [
        "| network | 30.0 | 75% | 12 | 2.5 | products 10.0 s, reading 2.0 s |",
        "| report | 10.0 | 25% | – | – |  |",
    ]
