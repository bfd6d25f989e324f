"""The pages of results show what runs wrote."""

import pandas as pd
import pytest

from docs import emergence_tables, measured, paper_table, results


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
