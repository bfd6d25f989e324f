"""What the page on filters and directions says, in figures and in words, its tables hold."""

import re

import pytest

from docs import direction_tables, measured

PAGE = (measured.ROOT / "docs" / "results" / "directions.md").read_text(encoding="utf-8")
TEXT = " ".join(PAGE.split())
LEVELS = ["serve a part beyond place", "both", "for the same part"]
SAID = [  # words with figures in them, and where these stand: table, row, columns
    (
        "16 parts, of which 3 are in one filter, 7 in a few and 6 spread out",
        ("carried", "AlexNet conv4", ["readouts", "in one", "in a few", "spread out"]),
    ),
    ("with random weights the mean AP of conv4's readouts is 10.9, and 17.0",
     ("decodable", "AlexNet conv4", ["readouts, random weights", "readouts"])),
    ("Of the 27 in conv4_3, 6 are in one filter and 16 in a few",
     ("carried", "VGG16 conv4_3", ["readouts", "in one", "in a few"])),
    ("excess takes 4 filters, and sets reach 0.78",
     ("decodable", "VGG16 conv4_3", ["filters for half", "share of decodable"])),
    ("Of the 5 that are spread out", ("carried", "VGG16 conv4_3", ["spread out"])),
    ("of these 7 are eyes", ("carried", "VGG16 conv3_3", ["in one"])),
    ("half takes 16 filters", ("decodable", "VGG16 conv5_3", ["filters for half"])),
    ("rare all the same, 2 of 13.", ("carried", "VGG16 conv5_3", ["spread out", "readouts"])),
    ("29 parts, on fewer images; 4 of them are in a few filters and 25 spread out.",
     ("carried", "EfficientNet-Lite0 block9", ["readouts", "in a few", "spread out"])),
    ("Half takes 32 filters, and the median set has nothing of it, −0.02",
     ("decodable", "EfficientNet-Lite0 block9", ["filters for half", "share of decodable"])),
    ("at least: 9 parts are left", ("carried", "EfficientNet-Lite0 block16", ["readouts"])),
    ("in the head 1.", ("carried", "EfficientNet-Lite0 head", ["readouts"])),
    ("298 filters are detectors by IoU and 83 serve a part, and 2 do both for the same part",
     ("criteria", "EfficientNet-Lite0 block16", ["held out", LEVELS[0], LEVELS[2]])),
    ("Readouts find 6 in AlexNet's conv3", ("carried_cars", "AlexNet conv3", ["readouts"])),
    ("5 in VGG16's conv4_3", ("carried_cars", "VGG16 conv4_3", ["readouts"])),
    ("17 in EfficientNet-Lite0's block9, all 17 of them",
     ("carried_cars", "EfficientNet-Lite0 block9", ["readouts", "spread out"])),
    ("half of it over 32 filters", ("untrained_cars", "EfficientNet-Lite0 block9", ["filters for half"])),
    ("same mean AP, 15.3", ("decodable_rotated", "AlexNet conv5", ["readouts"])),
    ("same mean AP, 15.3", ("decodable_rotated", "AlexNet conv5_rotated0", ["readouts"])),
    ("of the 6 in a few", ("carried_rotated", "AlexNet conv5", ["in a few"])),
    ("place 7 parts are spread out then", ("carried_rotated", "AlexNet conv5_rotated0", ["spread out"])),
    ("then, and 2 were", ("carried_rotated", "AlexNet conv5", ["spread out"])),
    ("falls from 0.62", ("decodable_rotated", "AlexNet conv5", ["share of decodable"])),
    ("to 0.14, and half of a readout's excess takes 32 filters",
     ("decodable_rotated", "AlexNet conv5_rotated0", ["share of decodable", "filters for half"])),
    ("where it took 8.", ("decodable_rotated", "AlexNet conv5", ["filters for half"])),
    ("102 filters are detectors by IoU and 170 serve a part beyond place; 51 do both, and 21",
     ("criteria", "VGG16 conv4_3", ["held out", *LEVELS])),
    ("no detector by IoU, and 18 filters", ("criteria", "AlexNet conv1", LEVELS[:1])),
    ("has 10 detectors by IoU on horses", ("criteria_images", "whole images, conv5", ["held out"])),
    ("and 6 on crops.", ("criteria_images", "crops, conv5", ["held out"])),
    ("35 filters serve a part", ("criteria_images", "whole images, conv5", LEVELS[:1])),
]  # fmt: skip


def table(name: str) -> dict[str, dict[str, str]]:
    """A table of the page: {row: {column: cell}}; of an AP on train and held out the latter."""
    block = re.search(rf"<!-- table: {name} -->(.*?)<!-- end -->", PAGE, re.DOTALL)[1]
    header, _, *body = (line[2:-2].split(" | ") for line in block.strip().splitlines())
    held_out = ([cell.split("\u00a0→\u00a0")[-1] for cell in row] for row in body)
    return {row[0]: dict(zip(header, row, strict=True)) for row in held_out}


@pytest.mark.parametrize(("words", "where"), SAID, ids=[words for words, _ in SAID])
def test_figures_are_those_of_the_tables(words, where):
    name, row, columns = where
    figures = re.findall(r"−?\d+(?:\.\d+)?", re.sub(r"[A-Za-z]+\d+(_\d)?", "", words))  # conv4_3 is none
    assert words in TEXT and figures == [table(name)[row][column] for column in columns]


def carried(part: str, layer: str) -> tuple[str, str, str]:
    """How a layer carries a part, as a sign, and the APs of its set and of its readout."""
    return re.fullmatch(r"(.) (\d+)/(\d+)", table("carried_parts")[part][layer]).groups()


def head(of: str, layer: str) -> tuple[str, str, str]:
    return carried(f"{of}:head", layer)


def test_heads_are_directions_before_a_few_filters_carry_them():
    sets, readouts = zip(*(head(of, "AlexNet conv4")[1:] for of in ("cat", "dog")), strict=True)
    assert f"readouts have an AP of {' and '.join(readouts)} and their sets {' and '.join(sets)}, no" in TEXT
    place = [table("carried_parts")[f"{of}:head"]["place prior"] for of in ("cat", "dog")]
    assert [abs(int(a) - int(b)) < 5 for a, b in zip(sets, place, strict=True)] == [True] * 2
    assert {head(of, f"AlexNet {layer}")[0] for of in ("cat", "dog") for layer in ("conv3", "conv4")} == {"~"}
    _, of_set, of_readout = head("dog", "AlexNet conv5")
    assert f"that of dogs still is not, {of_readout} against {of_set}." in TEXT
    assert [head(of, "AlexNet conv5")[0] for of in ("cat", "dog")] == ["+", "~"]
    _, of_set, of_readout = head("cat", "VGG16 conv4_3")
    assert f"over 10 AP: {of_readout}, and {of_set} by their set." in TEXT
    spread = {name: row["VGG16 conv4_3"] for name, row in table("carried_parts").items()}
    over = [name for name, cell in spread.items() if cell[0] == "~" and int(cell.split("/")[1]) > 10]
    assert over == ["cat:head"] and head("cat", "VGG16 conv5_3")[0] == "+"


def test_readouts_find_more_than_sets():
    counts = table("carried")
    assert all(int(row["readouts"]) > int(row["beyond place: sets"]) for row in counts.values())
    of_vgg = [row for name, row in counts.items() if name.startswith("VGG16")]
    assert all(row["both"] == row["beyond place: sets"] for row in of_vgg)
    found = direction_tables.read_out("directions")
    missed = found[found["beyond_place"] & (found["carried"] == "not there")]
    assert [*(missed["layer"] + " " + missed["name"])] == [
        "AlexNet conv3 horse:leg", "AlexNet conv3 sheep:muzzle", "AlexNet conv4 person:nose"
    ]  # fmt: skip
    alexnet = {name: row for name, row in counts.items() if name.startswith("AlexNet")}
    assert max(alexnet, key=lambda name: int(alexnet[name]["readouts"])) == "AlexNet conv4"


def test_eyes_are_in_one_filter_of_an_early_layer():
    counts = table("carried")
    assert max(counts, key=lambda name: int(counts[name]["in one"])) == "VGG16 conv3_3"
    assert counts["VGG16 conv5_3"]["in one"] == "0"
    in_one = [name for name, row in table("carried_parts").items() if row["VGG16 conv3_3"].startswith("1 ")]
    assert sum("eye" in name for name in in_one) == 5 and "five of these" in TEXT


def test_what_efficientnet_holds_are_directions():
    counts = {name: int(row["readouts"]) for name, row in table("carried").items()}
    block9, block16 = "EfficientNet-Lite0 block9", "EfficientNet-Lite0 block16"
    assert max(counts, key=counts.get) == block9
    spread = [of for of, row in table("carried_parts").items() if row[block9].startswith("~")]
    assert {of.split(":")[1] for of in spread} >= {"ear", "leg", "neck", "head"}
    ears, heads = carried("cat:ear", block9), head("dog", block9)
    assert f"the ears of cats have {ears[2]} AP by readout and {ears[1]} by set" in TEXT
    assert f"the heads of dogs {heads[2]} and {heads[1]}." in TEXT
    later = [head(of, block16) for of in ("cat", "dog", "sheep")]
    assert "with sets of {}, {} and {} AP".format(*(of[1] for of in later)) in TEXT
    assert {of[0] for of in later} == {"+"}


def test_cars_are_directions():
    cars, (untrained,) = table("carried_cars"), table("untrained_cars").values()
    assert max(int(row["beyond place: sets"]) for row in cars.values()) == 2
    assert "more than 2 of the 18 parts" in TEXT and {row["parts"] for row in cars.values()} == {"18"}
    found = direction_tables.read_out("directions_of_cars")
    assert {*found[found["beyond_place"]]["name"]} == {"car:wheel", "car:front_bumper"}
    lite = [row for name, row in cars.items() if name.startswith("EfficientNet")]
    assert {row["beyond place: sets"] for row in lite} == {"0"}
    spread, known = (sum(int(row[name]) for row in lite) for name in ("spread out", "readouts"))
    assert known - spread == 1
    nulls = [float(untrained[f"readouts, {null} weights"]) for null in ("random", "permuted")]
    assert max(nulls) < float(untrained["AP: place prior"])


def test_what_is_in_one_filter_is_not_along_random_axes():
    found = direction_tables.read_out("directions_rotated")
    trained, rotated = (of.set_index("name")["carried"] for _, of in found.groupby("layer", sort=False))
    assert [*trained[trained == "in one"].index] == ["sheep:muzzle"]
    assert rotated["sheep:muzzle"] == "in a few filters" and "in one" not in {*rotated}
    few = trained[trained == "in a few filters"].index
    assert (rotated[few] == "spread out").sum() == 4 and "4 are spread out" in TEXT
    assert {*few[rotated[few] == "in a few filters"]} == {"dog:muzzle", "dog:nose"}


def test_how_often_criteria_agree_on_the_best_filter():
    best = table("best_units").values()
    on_crops = sum(row["crops: best by IoU"] == row["best by AP"] for row in best)
    by_iou = sum(row["crops: best by IoU"] == row["whole images: best by IoU"] for row in best)
    assert f"by AP for {on_crops} of {len(best)} parts" in TEXT and f"the best by IoU for {by_iou}." in TEXT


def test_how_many_shares_span_a_third():
    said = []
    for runs in ("directions", "directions_of_cars"):
        known = direction_tables.read_out(runs).dropna(subset="share_of_decodable")
        third = known["share_of_decodable_low"].lt(1 / 3) & known["share_of_decodable_high"].gt(1 / 3)
        said.append(f"{third.sum()} of {len(known)}")
    assert f"{said[0]} on animals and people have intervals that span a third, and {said[1]} on cars" in TEXT
