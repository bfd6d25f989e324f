"""The pages of results show what runs wrote."""

import pandas as pd
import pytest

from docs import class_score_tables, emergence_tables, measured, paper_table, results, supervision_tables


@pytest.mark.parametrize("path", results.pages(), ids=lambda path: path.stem)
def test_a_page_shows_the_numbers_of_the_configs(path):
    page = path.read_text(encoding="utf-8")
    assert page == results.updated(page), f"{path.name} is out of date; run: python -m docs.results"


def test_another_number_changes_the_page(monkeypatch):
    """What stands between the marks does not matter, what is measured does."""
    page = (results.PAGES / "emergence.md").read_text(encoding="utf-8")
    found = measured.layers()
    more = {name: {**layer, "beyond_place": 60 + at} for at, (name, layer) in enumerate(found.items())}
    monkeypatch.setattr(measured, "layers", lambda: more)
    changed = results.updated(page)
    assert "| **beyond place** | 60 | 61 | 62 |" in changed and "conv1 60, conv2 61" in changed
    monkeypatch.undo()
    assert results.updated(changed) == page


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
    def part(layer: str, name: str, excess: float, beyond: bool) -> dict:
        return {"layer": layer, "name": name, "excess_over_prior": excess, "beyond_place": beyond}

    table = [
        part("A conv1", "cat:torso", -0.3, False),
        part("A conv2", "cat:ear", 0.051, True),
        part("A conv2", "cat:tail", 0.2, False),
        part("A conv2", "dog:head", 0.123, True),
    ]
    monkeypatch.setattr(measured, "parts", lambda: pd.DataFrame(table))
    assert emergence_tables.beyond().splitlines()[2:] == [
        "| A conv1 | 0 |  |",
        "| A conv2 | 2 | dog:head +12.3, cat:ear +5.1 |",
    ]


def test_signs_are_those_of_print():
    assert (measured.signed(-0.0123), measured.signed(0.2), measured.signed(None)) == ("−1.2", "+20.0", "–")
    assert (measured.correlation(-0.904), measured.correlation(1.0)) == ("−.90", "+1.00")
    row = pd.Series({"where_low": -0.021, "where_high": 0.104})
    assert measured.interval(row, "where") == "[−2, 10]"


def test_what_was_not_tested_is_said():
    table = paper_table.beside_the_paper()
    for topic in ("human judgment", "scene"):
        (line,) = [line for line in table.splitlines() if topic in line]
        assert "not tested" in line


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
    filters = class_score_tables.filters().splitlines()
    assert filters[2:4] == [
        "| discriminative filters | 9 | 9, 8 different |",
        "| – detect a part, beyond place (by chance) | 3 (0.4) | 3 (0.4), p < .001 |",
    ]
    parts = class_score_tables.parts().splitlines()
    assert parts[2] == "| discriminative parts | 2 of 8 | 2 of 8 |"
    assert parts[4] == "| blackouts that no control fits beside | 60 of 700 | 60 of 700 |"
    assert parts[-1].endswith("| −.30 [−.90, +.45] | −.30 [−.90, +.45] |")


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
        "| – seed by seed |  | −2.0, +0.0 |",
        "| parts significantly better / worse (by chance) |  | 1 / 7 (2.4) |",
    ]
