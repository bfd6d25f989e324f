"""What a person sees: the table of verdicts, at any width, and the sentence below it."""

import dataclasses

import pytest

from partsjax.cli import asking
from partsjax.cli import flags as shared
from partsjax.cli.terminal import Terminal
from partsjax.cli.verdicts import verdict_blocks
from partsjax.emergence.summary import summarize
from partsjax.emergence.verdict import UNKNOWN, Estimate, NullVerdict, Verdict
from partsjax.runs.context import Context, Notes

NAN = float("nan")
LAYERS = ("conv1", "conv2", "conv3", "conv4", "conv5")


def verdict(layer, part, train, val, **changed) -> Verdict:
    """A part found with AP `train` and `val`, its interval ± 0.04; place alone finds it with 0.2."""
    fields = {
        "num_train": 30,
        "num_val": 20,
        "best_filter": 7,
        "best_filter_ap_train": train / 2,
        "best_filter_ap_val": Estimate(val / 2, val / 2 - 0.04, val / 2 + 0.04),
        "combination": (3, 7),
        "combination_ap_train": train,
        "combination_ap_val": Estimate(val, val - 0.04, val + 0.04),
        "prior_boxes": 2,
        "prior_ap_train": 0.25,
        "prior_ap_val": Estimate(0.2, 0.16, 0.24),
        "excess": Estimate(val - 0.2, val - 0.28, val - 0.12),
        "one_box_ap_train": 0.15,
        "one_box_ap_val": Estimate(0.1, 0.06, 0.14),
        "one_box_excess": Estimate(val - 0.1, val - 0.18, val - 0.02),
        "median_box_ap_val": 0.05,
        **changed,
    }
    return Verdict(layer, "horse", part, **fields)


def of_layer(layer, first=0.5) -> list[Verdict]:
    nothing = {
        "num_train": 0,
        "best_filter": None,
        "best_filter_ap_val": UNKNOWN,
        "combination": (),
        "combination_ap_val": UNKNOWN,
        "prior_boxes": 0,
        "prior_ap_train": NAN,
        "prior_ap_val": UNKNOWN,
        "excess": UNKNOWN,
        "one_box_ap_train": NAN,
        "one_box_ap_val": UNKNOWN,
        "one_box_excess": UNKNOWN,
        "median_box_ap_val": NAN,
    }
    torso = {"prior_ap_train": 0.81, "prior_ap_val": Estimate(0.79, 0.75, 0.83)}
    return [
        verdict(layer, "head", first, 0.414159),
        verdict(layer, "torso", 0.8, 0.78, **torso, excess=Estimate(-0.01, -0.05, 0.03)),
        verdict(layer, "eye", 0.0, 0.0),
        verdict(layer, "hoof", 0.6, 0.5, num_val=9),
        verdict(layer, "wing", NAN, NAN, **nothing),
        verdict(layer, "muzzle", 0.3, 0.1, num_val=10),  # not over 30, and just not rare
    ]


def beside(verdicts, names=("random", "mixed")) -> list[Verdict]:
    """With nulls: random weights pass the paper's criterion on the torso alone, mixed parts on two."""

    def null(part: str, name: str) -> NullVerdict:
        passes, label, val = {
            "random": (("torso",), "random weights", 0.05),
            "mixed": (("torso", "head"), "mixed parts", 0.15),
        }[name]
        ap = 0.35 if name == "random" else 0.4
        ap_train = ap if part in passes else 0.1
        return NullVerdict(label, ap_train, Estimate(val, val - 0.04, val + 0.04), part in passes, False)

    return [dataclasses.replace(v, nulls={name: null(v.part, name) for name in names}) for v in verdicts]


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
    assert out.count("50.0 → 41.4 ✓") == out.count("80.0 → 78.0 !") == len(LAYERS)
    blocks = out.count("horse:head")
    for line in ("place\n", "mean, best set", "paper: train > 30", "strict ✓", "horse:wing"):
        assert out.count(line.strip()) >= blocks


def one(lines, start) -> str:
    (line,) = [line for line in lines if line.strip().startswith(start)]
    return line


def test_parts(capsys, monkeypatch):
    lines = shown(capsys, monkeypatch, 200, EVERYTHING).splitlines()
    head = one(lines, "horse:head ")
    assert head.split()[1:3] == ["30/20", "20.0"]  # boxes, and what place alone scores
    assert head.count("50.0 → 41.4 ✓") == 5
    torso = one(lines, "horse:torso ")
    assert torso.split()[2] == "79.0" and torso.count("80.0 → 78.0 !") == 5  # no better than place
    eye = one(lines, "horse:eye ")
    assert eye.count("0.0 →  0.0") == 5 and not {"✓", "!"} & set(eye)
    hoof = one(lines, "horse:hoof* ")  # rare: measured and not marked
    assert "30/9" in hoof and hoof.count("60.0 → 50.0") == 5 and not {"✓", "!"} & set(hoof)
    wing = one(lines, "horse:wing ")  # nothing was fitted
    assert "→" not in wing and wing.split()[1:] == ["0/20", *["–"] * 6]
    assert not {"✓", "!"} & set(one(lines, "horse:muzzle "))


def test_sums(capsys, monkeypatch):
    """Over head, torso, eye and muzzle."""
    lines = shown(capsys, monkeypatch, 200, EVERYTHING).splitlines()
    best_set = one(lines, "mean, best set")
    assert best_set.count("40.0 → 32.4") == 5
    assert best_set.split()[3] == "34.8"  # of place alone
    assert one(lines, "mean, best filter").count("20.0 → 16.2") == 5
    assert one(lines, "mean, random weights").count("16.2 →  5.0") == 5
    assert one(lines, "mean, mixed parts").count("25.0 → 15.0") == 5
    at = lines.index(one(lines, "paper: train > 30"))
    figures = [line.split()[-5:] for line in lines[at : at + 7]]
    assert [f[0] for f in figures] == ["2", "1", "1", "2", "1", "0", "0"]
    assert all(len(set(f)) == 1 for f in figures)
    labels = [" ".join(line.split()[:2]) for line in lines[at : at + 7]]
    nulls = ["random weights", "mixed parts"]
    assert labels == ["paper: train", "place alone", *nulls, "strict ✓", *nulls]
    assert "of 4" in lines[at] and "of 4" in lines[at + 4]


@pytest.mark.parametrize("names", [("mixed",), ("random",), ()])
def test_nulls_that_were_not_run_are_not_named(capsys, monkeypatch, names):
    out = shown(capsys, monkeypatch, 130, beside(of_layer("conv5"), names))
    for name, label in (("random", "random weights"), ("mixed", "mixed parts")):
        assert out.count(label) == (4 if name in names else 0)  # mean, both counts, the sentence
    assert "nan" not in out.lower() and "None" not in out


def test_thresholds_are_said_as_they_are(capsys, monkeypatch):
    other = {"emergence_ap": 0.125, "min_val_boxes": 30}
    verdicts = [dataclasses.replace(v, **other) for v in of_layer("conv5")]
    out = " ".join(shown(capsys, monkeypatch, 130, verdicts).split())
    assert "significantly over 12.5% and" in out and "under 30 boxes" in out and "paper: train > 12.5" in out


def test_the_headline_is_of_the_layer_with_most(capsys, monkeypatch):
    """By our criterion: conv1 has more parts by the paper's."""
    weak = [verdict("conv1", part, 0.9, 0.1) for part in ("head", "torso", "eye")]
    out = shown(capsys, monkeypatch, 100, [*beside(weak), *beside(of_layer("conv2"))[:3]])
    assert (
        "conv2, parts that emerge by the paper's criterion: 2 of 3; place alone passes it in 1, random "
        "weights 1, mixed parts 2. On unseen images and beyond place: 1 (by chance alone at most 0.1)."
    ) in " ".join(out.split())


def test_where_no_part_is_judged_there_is_no_headline(capsys, monkeypatch):
    rare = [verdict("conv1", "head", 0.5, 0.4, num_val=3)]
    out = shown(capsys, monkeypatch, 80, rare)
    assert "horse:head*" in out and "criterion: 0" not in out and "by chance alone" not in out
    lines = out.splitlines()
    assert "of 0" in one(lines, "strict ✓") and "–" in one(lines, "mean, best set")


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
