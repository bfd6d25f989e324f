"""Tables and chart of the page on filters and directions; what it says of them: test_directions_page.py."""

import json
import re

import pandas as pd
import pytest

from docs import direction_chart, direction_tables, measured
from partsjax.emergence.readout.verdict import CARRIED


def part(name: str, carried: str | None, aps: tuple[float, float, float], **more) -> dict:
    """A row of `parts.csv`; aps: held out, of the place prior, of the set, of the readout."""
    beyond = carried not in (None, "not there")
    return {
        "layer": "conv5",
        "object_class": "horse",
        "part": name,
        "too_rare": False,
        "beyond_place": aps[1] > aps[0],
        **dict(zip(("prior_ap_val", "combination_ap_val", "readout_ap_val"), aps, strict=True)),
        "combination_ap_train": aps[1] + 0.1,
        "readout_ap_train": aps[2] + 0.1,
        "readout_excess_low": 0.01 if beyond else -0.01,
        "share_of_decodable": (aps[1] - aps[0]) / (aps[2] - aps[0]) if beyond else None,
        "filters_for_half": None,
        "carried": carried,
        **more,
    }


PARTS = [
    part("head", "in one", (0.25, 0.50, 0.45), filters_for_half=1),
    part("ear", "in a few filters", (0.01, 0.06, 0.11), filters_for_half=4),
    part("leg", "spread out", (0.20, 0.18, 0.30), filters_for_half=32),
    part("eye", "not there", (0.00, 0.02, 0.00)),
    part("horn", None, (0.00, 0.90, 0.00)),
    part("hoof", "in one", (0.00, 0.90, 0.90), too_rare=True, beyond_place=None, filters_for_half=1),
]
IOU = {
    "filters": 256, "detectors_train": 40, "detectors_val": 30, "serving": 20, "both": 10, "same_part": 7,
    "null_detectors": {}, "agreement": [0.3, -0.25, 0.351],
}  # fmt: skip
COUNTS = {"in one": 1, "in a few filters": 1, "spread out": 1, "not there": 1}


@pytest.fixture
def published(tmp_path, monkeypatch):
    """AlexNet's conv5, and VGG16's conv10, which has one part less; nothing of the third network."""
    monkeypatch.setattr(measured, "MEASURED", tmp_path)
    for run, layer, rows in (("vgg16", "conv10", PARTS[1:]), ("alexnet", "conv5", PARTS)):
        folder = tmp_path / "directions" / run
        folder.mkdir(parents=True)
        pd.DataFrame(rows).assign(layer=layer).to_csv(folder / "parts.csv", index=False)
        of_layer = {"iou": IOU, "carried": {**COUNTS, "in one": len(rows) - 5}}
        (folder / "summary.json").write_text(json.dumps({"layers": {layer: of_layer}}))
    return tmp_path


def test_how_layers_carry_their_parts(published):
    assert direction_tables.carried("directions").splitlines()[2:] == [
        "| AlexNet conv5 | 4 | 3 | 3 | 2 | 1 | 1 | 1 | 1 |",
        "| VGG16 conv10 | 3 | 2 | 2 | 1 | 0 | 1 | 1 | 1 |",
    ]


def test_what_readouts_say_of_layers(published):
    first, second = direction_tables.decodable("directions").splitlines()[2:]
    assert first == "| AlexNet conv5 | 11.5 | 29.0\u00a0→\u00a019.0 | 31.5\u00a0→\u00a021.5 | 0.50 | 4 |"
    assert second == "| VGG16 conv10 | 7.0 | 18.7\u00a0→\u00a08.7 | 23.7\u00a0→\u00a013.7 | 0.15 | 18 |"
    table = published / "directions" / "alexnet" / "parts.csv"
    nulls = {"random_readout_ap_val": 0.031, "permuted_readout_ap_val": 0.02}
    pd.read_csv(table).assign(**nulls).to_csv(table, index=False)
    names, _, first, second = direction_tables.decodable("directions").splitlines()
    assert names.split(" | ")[4:6] == ["readouts, random weights", "readouts, permuted weights"]
    assert first.split(" | ")[4:6] == ["3.1", "2.0"] and second.split(" | ")[4:6] == ["–", "–"]


def test_both_criteria_by_layer(published):
    rows = direction_tables.criteria("directions").splitlines()[2:]
    figures = "256 | 40 | 30 | 20 | 10 | 7 | 0.30 [−0.25, 0.35] |"
    assert rows == [f"| {name} | {figures}" for name in ("AlexNet conv5", "VGG16 conv10")]


def test_every_part_with_its_signs(published):
    assert direction_tables.parts("directions").splitlines() == [
        "| part | place prior | AlexNet conv5 | VGG16 conv10 |",
        "| --- | --- | --- | --- |",
        "| horse:head | 25 | 1 50/45 | – |",
        "| horse:ear | 1 | + 6/11 | + 6/11 |",
        "| horse:leg | 20 | ~ 18/30 | ~ 18/30 |",
        "| horse:eye | 0 | 0 2/0 | 0 2/0 |",
    ]


def test_the_best_units_of_each_frame(published):
    columns = ["filter", "object_class", "part", "iou_train", "iou_val", "ap_train", "ap_val"]
    image = [[3, "horse", "leg", 0.05, 0.031, 0.1, 0.2], [7, "horse", "leg", 0.04, 0.06, 0.2, 0.1]]
    crops = [[3, "horse", "leg", 0.01, 0.02, 0.3, 0.2], [7, "horse", "leg", 0.04, 0.07, 0.2, 0.3]]
    unknown = [3, "horse", "wing", *[None] * 4]
    for frame, rows in (("image", image), ("object", crops)):
        folder = published / "directions" / frame
        folder.mkdir()
        pd.DataFrame([*rows, unknown], columns=columns).to_parquet(folder / "filters.parquet")
    (best,) = direction_tables.best_units("directions").splitlines()[2:]
    assert best == "| horse:leg | 3 | 3.1 | 7 | 7.0 | 3 | 20.0 | 2.0 |"


def bars(svg: str) -> dict[str, dict[str, int]]:
    """What each bar of a drawn chart stands for, by layer and word."""
    found = {}
    label = (
        r'"parts: (\d+); layer: ([^;"]+); carried: ([^;"]+);[^"]*" role="[^"]*" aria-roledescription="bar"'
    )
    for count, layer, word in re.findall(label, svg):
        found.setdefault(layer, {})[word] = int(count)
    return found


def counted() -> dict[str, dict[str, int]]:
    layers = direction_tables.layers("directions")
    return {name: {word: n for word, n in of["carried"].items() if n} for name, of in layers.items()}


def test_the_chart_is_drawn_in_colors_of_its_own(published, tmp_path):
    direction_chart.draw(tmp_path / "carried.svg")
    svg = (tmp_path / "carried.svg").read_text(encoding="utf-8")
    assert bars(svg) == counted() == {
        "AlexNet conv5": COUNTS, "VGG16 conv10": {word: 1 for word in CARRIED[1:]}
    }  # fmt: skip
    assert "var(" not in svg and "system-ui" not in svg and svg.index("AlexNet") < svg.index("VGG16")


def test_the_page_has_the_chart_of_what_was_measured():
    assert bars(direction_chart.CHART.read_text(encoding="utf-8")) == counted()
