"""What a person sees: the table of verdicts, at any width, and the sentence below it."""

import dataclasses
import re

import pytest

from partsjax.cli import asking
from partsjax.cli import flags as shared
from partsjax.cli.terminal import Terminal
from partsjax.cli.verdicts import criteria_lines, description_lines, verdict_blocks
from partsjax.emergence.descriptions import DescribedLayer
from partsjax.emergence.drift import Drift
from partsjax.emergence.iou import LayerCriteria
from partsjax.emergence.summary import summarize
from partsjax.emergence.verdict import (
    LIST_PRIOR_NAME,
    PRIOR_NAME,
    Estimate,
    NullVerdict,
    PriorVerdict,
    Verdict,
)
from partsjax.runs.context import Context, Notes

NAN = float("nan")
LAYERS = ("conv1", "conv2", "conv3", "conv4", "conv5")


def verdict(layer, part, train, val, **changed) -> Verdict:
    """A part found with AP `train` and `val`, its interval ± 0.04; the place prior finds it with 0.2."""
    changed = {
        "num_train": 30,
        "num_val": 20,
        "best_filter": 7,
        "best_filter_ap_train": train / 2,
        "best_filter_ap_val": Estimate(val / 2, val / 2 - 0.04, val / 2 + 0.04),
        "combination": (3, 7),
        "combination_ap_train": train,
        "combination_ap_val": Estimate(val, val - 0.04, val + 0.04),
        "priors": priors(0.25, 0.2, val),
        "q_value": 0.001 if val > 0.28 else 0.6,
        "where": Estimate(0.12, 0.08, 0.15),
        "whether": Estimate(0.03, -0.01, 0.05),
        "hit_rate": 0.6,
        "prior_hit_rate": 0.4,
        "coverage_train": 0.7,
        "mean_area": 0.05,
        **changed,
    }
    return Verdict(layer, "horse", part, **changed)


def priors(ap_train, ap_val, val) -> dict[str, PriorVerdict]:
    """What the place prior reaches where a set has held-out AP `val`; the list prior has half of it."""

    def prior(label, share) -> PriorVerdict:
        ap, over = share * ap_val, val - share * ap_val
        excess = Estimate(over, over - 0.08, over + 0.08)
        return PriorVerdict(label, share * ap_train, Estimate(ap, ap - 0.04, ap + 0.04), excess, 0.001)

    return {PRIOR_NAME: prior("place prior", 1), LIST_PRIOR_NAME: prior("list prior", 0.5)}


def of_layer(layer, first=0.5) -> list[Verdict]:
    drifts = (Drift("train", 0.65, 0.03, 1e-9),)
    return [
        verdict(layer, "head", first, 0.414159),
        verdict(layer, "torso", 0.8, 0.58, priors=priors(0.81, 0.79, 0.58), q_value=1.0),
        verdict(layer, "eye", 0.0, 0.0),
        verdict(layer, "hoof", 0.6, 0.5, num_val=9, q_value=NAN),
        Verdict(layer, "horse", "wing", 0, 20, None),
        verdict(layer, "muzzle", 0.3, 0.31, num_val=10, drifts=drifts),  # not over 30, and just not rare
    ]


def beside(verdicts, names=("random", "mixed")) -> list[Verdict]:
    """With nulls: random weights pass the paper's criterion on the torso alone, mixed parts on two; of their
    two seeds the second finds the eye beyond place."""

    def null(v: Verdict, name: str) -> NullVerdict:
        passes, label, val = {
            "random": (("torso",), "random weights", 0.05),
            "mixed": (("torso", "head"), "mixed parts", 0.15),
        }[name]
        train = 0.1 if v.part not in passes else 0.35 if name == "random" else 0.4
        found = dataclasses.replace(verdict(v.layer, v.part, train, val), num_val=v.num_val)
        again = dataclasses.replace(found, q_value=0.01 if v.part == "eye" else 1.0)
        return NullVerdict(label, (found,) if name == "random" else (found, again))

    return [dataclasses.replace(v, nulls={name: null(v, name) for name in names}) for v in verdicts]


def show_verdicts(verdicts, summaries) -> None:
    """As `partsjax emergence` does at its end."""
    terminal = Terminal()
    for block in verdict_blocks(verdicts, summaries, terminal.width):
        terminal.show(block)


def shown(capsys, monkeypatch, width, verdicts) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    layers = dict.fromkeys(v.layer for v in verdicts)
    summaries = {layer: summarize([v for v in verdicts if v.layer == layer]) for layer in layers}
    show_verdicts(verdicts, summaries)
    return capsys.readouterr().out


EVERYTHING = [v for layer in LAYERS for v in beside(of_layer(layer))]


@pytest.mark.parametrize("width", [60, 80, 130, 200])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_left_out(capsys, monkeypatch, width):
    out = shown(capsys, monkeypatch, width, EVERYTHING)
    assert max(map(len, out.splitlines())) <= width
    assert "…" not in out
    for layer in LAYERS:
        assert layer in out
    assert out.count("50.0 → 41.4 ▲s") == out.count("80.0 → 58.0 ▼p") == len(LAYERS)
    blocks = out.count("horse:head")
    for line in ("place\n", "mean, best set", "beyond place ▲, of 4", "paper's criterion p", "horse:wing"):
        assert out.count(line.strip()) >= blocks


def test_five_layers_and_four_nulls_fit_1280_pixels(capsys, monkeypatch):
    """About 150 columns, side by side and with boxes; 80 have three layers, and leave the boxes out."""
    verdicts = [
        dataclasses.replace(v, nulls={f"null{i}": NullVerdict(f"null of kind {i}", (v,)) for i in range(4)})
        for v in (verdict(layer, "lower_leg", 0.9, 0.8) for layer in LAYERS)
    ]
    out = shown(capsys, monkeypatch, 150, verdicts)
    assert out.count("horse:lower_leg") == 1 and "30/20" in out
    out = shown(capsys, monkeypatch, 80, verdicts)
    assert out.count("horse:lower_leg") == 2 and "30/20" not in out


def one(lines, start) -> str:
    (line,) = [line for line in lines if line.strip().startswith(start)]
    return line


def test_parts(capsys, monkeypatch):
    lines = shown(capsys, monkeypatch, 200, EVERYTHING).splitlines()
    head = one(lines, "horse:head ")
    assert head.split()[1:3] == ["30/20", "20.0"]  # boxes, and what the place prior scores
    assert head.count("50.0 → 41.4 ▲s") == 5
    torso = one(lines, "horse:torso ")
    assert torso.split()[2] == "79.0" and torso.count("80.0 → 58.0 ▼p") == 5  # worse than place
    eye = one(lines, "horse:eye ")
    assert eye.count("0.0 →  0.0 ▼ ") >= 4
    hoof = one(lines, "horse:hoof* ")  # rare: measured and not marked
    assert "30/9" in hoof and hoof.count("60.0 → 50.0") == 5 and not set("▲▼sp") & set(hoof[12:])
    wing = one(lines, "horse:wing ")  # nothing was fitted
    assert "→" not in wing and wing.split()[1:] == ["0/20", *["–"] * 6]
    assert one(lines, "horse:muzzle† ").count("30.0 → 31.0 ▲") == 5  # drifts; over 30 in neither criterion
    assert not set("sp") & set(one(lines, "horse:muzzle† ")[12:])


def test_figures_stand_below_each_other(capsys, monkeypatch):
    """With marks and without."""
    lines = shown(capsys, monkeypatch, 200, EVERYTHING).splitlines()
    places = {tuple(i for i, character in enumerate(line) if character == "→") for line in lines[2:]}
    assert len(places - {()}) == 1
    head, count = one(lines, "horse:head "), one(lines, "beyond place")
    assert [count[at + 5] for at in next(iter(places - {()}))] == ["2"] * 5 and len(head) > 100


def test_sums(capsys, monkeypatch):
    """Over head, torso, eye and muzzle."""
    lines = shown(capsys, monkeypatch, 200, EVERYTHING).splitlines()
    best_set = one(lines, "mean, best set")
    assert best_set.count("40.0 → 32.6") == 5
    assert best_set.split()[3] == "34.8"  # of the place prior
    assert one(lines, "mean, best filter").count("20.0 → 16.3") == 5
    assert one(lines, "mean, random weights").count("16.2 →  5.0") == 5
    assert one(lines, "mean, mixed parts").count("25.0 → 15.0") == 5
    at = lines.index(one(lines, "beyond place ▲, of 4"))
    rows = [re.split(r"\s{2,}", line.strip()) for line in lines[at : at + 7]]
    assert rows == [
        ["beyond place ▲, of 4", *["2"] * 5],
        ["random weights", *["0"] * 5],
        ["mixed parts", *["0, 1"] * 5],  # of two seeds
        ["below place ▼", *["2"] * 5],
        ["strict s", *["1"] * 5],
        ["paper's criterion p", *["2"] * 5],
        ["place prior", *["1"] * 5],
    ]


@pytest.mark.parametrize("names", [("mixed",), ("random",), ()])
def test_nulls_that_were_not_run_are_not_named(capsys, monkeypatch, names):
    out = shown(capsys, monkeypatch, 130, beside(of_layer("conv5"), names))
    for name, label in (("random", "random weights"), ("mixed", "mixed parts")):
        assert out.count(label) == (3 if name in names else 0)  # count, mean, the sentence
    assert "nan" not in out.lower() and "None" not in out and ("In nulls" in out) == bool(names)


def test_only_marks_that_are_there_are_explained(capsys, monkeypatch):
    assert "* under 10 boxes" in shown(capsys, monkeypatch, 200, of_layer("conv5"))
    assert "† annotated" in shown(capsys, monkeypatch, 200, of_layer("conv5"))
    out = shown(capsys, monkeypatch, 200, of_layer("conv5")[:3])
    assert "*" not in out and "†" not in out


def test_thresholds_are_said_as_they_are(capsys, monkeypatch):
    other = {"emergence_ap": 0.125, "min_val_boxes": 30, "false_discovery_rate": 0.07}
    verdicts = [dataclasses.replace(v, **other) for v in of_layer("conv5")]
    out = " ".join(shown(capsys, monkeypatch, 130, verdicts).split())
    assert "significantly over 12.5% on unseen images" in out and "under 30 boxes" in out
    assert "p over 12.5% on train" in out and "q ≤ 0.07" in out


def test_the_headline_is_of_the_layer_with_most(capsys, monkeypatch):
    """Beyond place: conv1 has more parts by the paper's criterion."""
    weak = [verdict("conv1", part, 0.9, 0.1) for part in ("head", "torso", "eye")]
    out = shown(capsys, monkeypatch, 100, [*beside(weak), *beside(of_layer("conv2"))[:3]])
    assert (
        "conv2: 1 of 3 parts are beyond place (false discovery rate 5%). In nulls: random weights 0; mixed "
        "parts 0, 1. For comparison: 1 strict, 2 by the paper's criterion, which the place prior meets in 1."
    ) in " ".join(out.split())


def test_where_no_part_is_judged_there_is_no_headline(capsys, monkeypatch):
    rare = [verdict("conv1", "head", 0.5, 0.4, num_val=3, q_value=NAN)]
    out = shown(capsys, monkeypatch, 80, rare)
    assert "horse:head*" in out and "For comparison" not in out
    lines = out.splitlines()
    assert "0" in one(lines, "beyond place ▲, of 0") and "–" in one(lines, "mean, best set")


def test_progress_counts_each_unit(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    with Terminal().progress({"crops": 4, "verdicts": 2}) as advance:
        advance("crops", 3, "horse train: network")
        advance("crops", 1, "horse val: network")
        advance("verdicts", 2, "horse: verdicts")
    out = capsys.readouterr()
    assert out.out == ""
    crops, verdicts = (
        one(out.err.splitlines(), start) for start in ("horse val: network", "horse: verdicts")
    )
    assert "4/4" in crops and "crops" in crops and "2/2" in verdicts and "verdicts" in verdicts


def test_the_last_lines_name_what_was_left_out_the_report_and_the_files(tmp_path, capsys, monkeypatch):
    from tests.runs.test_skeleton import Options, question

    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(shared, "workdir", lambda command, options: tmp_path / "W")
    monkeypatch.setattr(shared, "surroundings", lambda terminal: Context(notes=Notes(terminal.note)))
    (tmp_path / "W" / "report").mkdir(parents=True)
    asking.ask(
        "square", Options(), lambda folder: question(Options()), lambda found, width: [f"{found.value}"]
    )
    out = capsys.readouterr()
    folder = tmp_path / "W"
    assert out.out.splitlines() == [
        "9",
        f"report: {folder}/report/index.html",
        f"results: {folder}/square.txt",
    ]
    first, *skipped, spent = out.err.splitlines()
    assert first == "note: squared" and skipped == ["skipped: a is damaged", "skipped: b is damaged"]
    assert spent.startswith("squaring 0.") and " · total " in spent


def test_both_criteria_in_a_line_a_layer():
    agreement = Estimate(0.524, 0.486, 0.565)
    of = LayerCriteria(256, (), (1, 2), (2, 3, 4), (4, 5), 1, (), agreement, {})
    (line,) = criteria_lines({"conv5": of})
    assert line.plain == (
        "conv5: 3 of 256 filters are detectors by IoU, held out; 2 serve a part beyond place, 1 both; ranks "
        "agree by 0.52 [0.49, 0.56]"
    )


def test_descriptions_have_a_line_for_each_layer():
    held = DescribedLayer("conv5", 9, 6, 1, 2, 0.1234, 0.0816, 0.03, 0.5, 0.25, 7, 3)
    alone = DescribedLayer("conv4", 3, 0, 0, 3, *(NAN,) * 5, 0, 0)
    texts = {"sky": 3, **{f"text \x1b {n}": 1 for n in range(6)}}
    lines = [line.plain for line in description_lines([held, alone], texts)]
    assert lines == [
        "conv5: 6 of 9 descriptions name a part, 1 a class alone; 3 of 7 pairs of filter and part are beyond "
        "place; mean AP 12.3, with texts permuted 8.2 (as high in 3% of 100)",
        "conv4: 0 of 3 descriptions name a part",
        "9 descriptions name no part and no class of the dataset: 'sky' (3), 'text \\x1b 0' (1), "
        "'text \\x1b 1' (1), 'text \\x1b 2' (1), 'text \\x1b 3' (1), 2 more",
    ]
    assert len(list(description_lines([held], {}))) == 1
