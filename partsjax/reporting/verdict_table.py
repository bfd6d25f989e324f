"""The table of verdicts, for terminals and notebooks: its content, part by part and layer by layer."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

from partsjax.emergence.summary import LayerSummary
from partsjax.emergence.verdict import Verdict
from partsjax.reporting.report.words import percent

CAPTION = (
    "Best set of filters by part: AP on train → on unseen images, in percent. Place alone: AP on unseen "
    "images of fixed boxes, the same in every crop, no filter looked at."
)


@dataclasses.dataclass(frozen=True)
class Cell:
    """mark: "✓" for strictly emerging, "!" for emerging by the paper's criterion alone, or ""."""

    text: str
    mark: str = ""


@dataclasses.dataclass(frozen=True)
class TableRow:
    """A part, or a sum over parts; cells: by layer. section: the object class, "" for sums."""

    label: str
    boxes: str
    place: str
    cells: tuple[Cell, ...]
    section: str = ""


@dataclasses.dataclass(frozen=True)
class VerdictTable:
    """layers: headings of the columns. legend: what the marks mean. headline: the layer in which most
    emerges, in a sentence; "" where no part was judged."""

    layers: tuple[str, ...]
    rows: tuple[TableRow, ...]
    legend: str
    headline: str


def verdict_table(verdicts: Sequence[Verdict], summaries: Mapping[str, LayerSummary]) -> VerdictTable:
    """Per part what place alone scores and, by layer, the best set's `train → held-out`; layer sums below."""
    layers, by_place = tuple(summaries), {(v.object_class, v.part, v.layer): v for v in verdicts}
    first = summaries[layers[0]]
    rows = []
    for object_class, part in dict.fromkeys((v.object_class, v.part) for v in verdicts):
        of_part = [by_place[object_class, part, layer] for layer in layers]
        one = of_part[0]
        label = f"{object_class}:{part}{'*' if one.rare else ''}"
        boxes = f"{one.num_train}/{one.num_val}"
        place = percent(one.prior_ap_val.value)
        rows.append(TableRow(label, boxes, place, tuple(map(_cell, of_part)), object_class))
    for label, counted, mean_of, text in _sums(first):
        place = percent(first.mean_ap[mean_of]) if mean_of else ""
        cells = tuple(Cell(text(summaries[layer])) for layer in layers)
        rows.append(TableRow(label, f"of {first.parts}" if counted else "", place, cells))
    over = f"over {100 * first.emergence_ap:g}%"
    legend = (
        f"✓ emerges: significantly {over} and above place alone on unseen images (both 95% intervals) · "
        f"! {over} on train, the paper's criterion, but not that · *: under {first.min_val_boxes} boxes, "
        "not counted"
    )
    nominal = [layer for layer in layers if summaries[layer].nominal]
    if nominal:
        legend += " · nominal: patches on a grid stand in for what its filters see"
    headings = tuple(f"{layer} (nominal)" if layer in nominal else layer for layer in layers)
    return VerdictTable(headings, tuple(rows), legend, _headline(summaries))


def _headline(summaries: Mapping[str, LayerSummary]) -> str:
    layer, most = max(summaries.items(), key=lambda item: (item[1].emerging_strict, item[1].emerging_paper))
    if not most.parts:
        return ""
    others = "".join(f", {null.label} {null.emerging_paper}" for null in most.nulls.values())
    return (
        f"{layer}, parts that emerge by the paper's criterion: {most.emerging_paper} of {most.parts}; "
        f"place alone passes it in {most.prior_emerging_paper}{others}. On unseen images and beyond place: "
        f"{most.emerging_strict} (by chance alone at most {most.strict_by_chance:.1f})."
    )


def _cell(verdict: Verdict) -> Cell:
    if verdict.best_filter is None:
        return Cell("–")
    mark = ""
    if not verdict.rare:
        mark = "✓" if verdict.emerges_strict else "!" if verdict.emerges_paper else ""
    return Cell(_arrow(verdict.combination_ap_train, verdict.combination_ap_val.value), mark)


def _arrow(train: float | None, val: float | None) -> str:
    return f"{percent(train)} → {percent(val):>4}"


def _sums(first: LayerSummary) -> list[tuple[str, bool, str, Callable[[LayerSummary], str]]]:
    """Rows under the parts: label, whether to say of how many parts, whose mean stands under "place alone",
    and the layers' cells."""

    def mean(what: str) -> Callable[[LayerSummary], str]:
        return lambda layer: _arrow(*(layer.mean_ap[f"{what}_{split}"] for split in ("train", "val")))

    def count(name: str) -> Callable[[LayerSummary], str]:
        return lambda layer: str(getattr(layer, name))

    def null_mean(name: str) -> Callable[[LayerSummary], str]:
        return lambda layer: _arrow(layer.nulls[name].mean_ap_train, layer.nulls[name].mean_ap_val)

    def null_counts(what: str) -> list[tuple[str, bool, str, Callable[[LayerSummary], str]]]:
        return [
            (f"  {null.label}", False, "", lambda layer, name=name: str(getattr(layer.nulls[name], what)))
            for name, null in first.nulls.items()
        ]

    return [
        ("mean, best set", False, "prior_val", mean("combination")),
        ("mean, best filter", False, "", mean("best_filter")),
        *((f"mean, {null.label}", False, "", null_mean(name)) for name, null in first.nulls.items()),
        (f"paper: train > {100 * first.emergence_ap:g}", True, "", count("emerging_paper")),
        ("  place alone", False, "", count("prior_emerging_paper")),
        *null_counts("emerging_paper"),
        ("strict ✓", True, "", count("emerging_strict")),
        *null_counts("emerging_strict"),
    ]
