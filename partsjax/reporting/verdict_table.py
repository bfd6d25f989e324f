"""The table of verdicts, for terminals and notebooks: its content, part by part and layer by layer."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

from partsjax.emergence.readout.verdict import IN_A_FEW, IN_ONE, NOT_THERE, SPREAD_OUT
from partsjax.emergence.summary import LayerSummary
from partsjax.emergence.verdict import Verdict
from partsjax.reporting.report.headline import first_to_show
from partsjax.reporting.report.words import BELOW, BEYOND, by_seed, percent

CARRIED_SIGNS = {IN_ONE: "1", IN_A_FEW: "+", SPREAD_OUT: "~", NOT_THERE: "0"}
CAPTION = (
    "Best set of filters by part: AP on train → on unseen images, in percent. Place prior: AP on unseen "
    "images of a detector that reads the object's box and no pixel."
)


@dataclasses.dataclass(frozen=True)
class Cell:
    """place: "▲" for beyond place, "▼" for significantly below it, or "". level: "s" for strictly emerging,
    "p" for emerging by the paper's criterion alone, or "". carried: a sign of `CARRIED_SIGNS`, " " where
    that is not known, "" where no readouts were asked for."""

    text: str
    place: str = ""
    level: str = ""
    carried: str = ""

    @property
    def marks(self) -> str:
        """All, each a character wide."""
        return f"{self.place or ' '}{self.level or ' '}{self.carried}"


@dataclasses.dataclass(frozen=True)
class TableRow:
    """A part, or a sum over parts; cells: by layer. section: the object class, "" for sums.

    place: AP of the place prior, of a part or in the mean. counts: whether it is the headline's count.
    """

    label: str
    boxes: str
    place: str
    cells: tuple[Cell, ...]
    section: str = ""
    counts: bool = False


@dataclasses.dataclass(frozen=True)
class VerdictTable:
    """layers: headings of the columns. legend: what the marks mean. headline: the layer with most parts
    beyond place, in a sentence; "" where no part was judged."""

    layers: tuple[str, ...]
    rows: tuple[TableRow, ...]
    legend: str
    headline: str


def verdict_table(verdicts: Sequence[Verdict], summaries: Mapping[str, LayerSummary]) -> VerdictTable:
    """Per part the place prior's AP and, by layer, the best set's `train → held-out`; layer sums below."""
    layers, by_place = tuple(summaries), {(v.object_class, v.part, v.layer): v for v in verdicts}
    rows = []
    for object_class, part in dict.fromkeys((v.object_class, v.part) for v in verdicts):
        of_part = [by_place[object_class, part, layer] for layer in layers]
        one = of_part[0]
        label = f"{object_class}:{part}{'*' if one.rare else ''}{'†' if one.drifts else ''}"
        boxes = f"{one.num_train}/{one.num_val}"
        place = percent(one.prior.ap_val.value)
        rows.append(TableRow(label, boxes, place, tuple(map(_cell, of_part)), object_class))
    rows += _sums(list(summaries.values()))
    nominal = [layer for layer in layers if summaries[layer].nominal]
    headings = tuple(f"{layer} (nominal)" if layer in nominal else layer for layer in layers)
    legend = _legend(verdicts, next(iter(summaries.values())), bool(nominal))
    return VerdictTable(headings, tuple(rows), legend, _headline(summaries))


def _headline(summaries: Mapping[str, LayerSummary]) -> str:
    layer = first_to_show(summaries)
    most = summaries[layer]
    if not most.parts:
        return ""
    nulls = "; ".join(f"{null.label} {by_seed(null.beyond_place)}" for null in most.nulls.values())
    return (
        f"{layer}: {most.beyond_place} of {most.parts} parts are beyond place (false discovery rate "
        f"{100 * most.false_discovery_rate:g}%).{f' In nulls: {nulls}.' if nulls else ''} For comparison: "
        f"{most.emerging_strict} strict, {most.emerging_paper} by the paper's criterion, which the place "
        f"prior meets in {most.prior_emerging_paper}."
    )


def _legend(verdicts: Sequence[Verdict], first: LayerSummary, nominal: bool) -> str:
    over = f"over {100 * first.emergence_ap:g}%"
    meanings = [
        f"{BEYOND} beyond place: better than the place prior on unseen images, q ≤ "
        f"{first.false_discovery_rate:g}",
        f"{BELOW} significantly worse than it",
        f"s strict: beyond place and significantly {over} on unseen images",
        f"p {over} on train (the paper's criterion), not strict",
    ]
    if first.carried:
        meanings.append(
            "by a linear readout of all filters, and how much of it single filters reach: "
            + ", ".join(f"{sign} {word}" for word, sign in CARRIED_SIGNS.items())
        )
    if any(v.rare for v in verdicts):
        meanings.append(f"* under {first.min_val_boxes} boxes, not counted")
    if any(v.drifts for v in verdicts):
        meanings.append("† annotated more often, or less, as a split goes on")
    if nominal:
        meanings.append("nominal: patches on a grid stand in for what its filters see")
    return " · ".join(meanings)


def _cell(verdict: Verdict) -> Cell:
    readout = verdict.readout
    unknown = "" if readout is None else " "
    if verdict.best_filter is None:
        return Cell("–", carried=unknown)
    text = _arrow(verdict.combination_ap_train, verdict.combination_ap_val.value)
    if verdict.rare:
        return Cell(text, carried=unknown)
    return Cell(
        text,
        BEYOND if verdict.beyond_place else BELOW if verdict.below_place else "",
        "s" if verdict.emerges_strict else "p" if verdict.emerges_paper else "",
        unknown if readout is None else CARRIED_SIGNS.get(readout.carried, unknown),
    )


def _arrow(train: float | None, val: float | None) -> str:
    return f"{percent(train)} → {percent(val):>4}"


def _sums(layers: Sequence[LayerSummary]) -> list[TableRow]:
    """Counts, the headline's first, with what nulls reach; then means."""
    first = layers[0]

    def row(
        label: str, text: Callable[[LayerSummary], str], place: str = "", counts: bool = False
    ) -> TableRow:
        blank = " " if first.carried else ""
        cells = tuple(Cell(text(layer), carried=blank) for layer in layers)
        return TableRow(label, "", place, cells, counts=counts)

    def mean(what: str) -> Callable[[LayerSummary], str]:
        return lambda layer: _arrow(*(layer.mean_ap[f"{what}_{split}"] for split in ("train", "val")))

    return [
        row(f"beyond place {BEYOND}, of {first.parts}", lambda layer: str(layer.beyond_place), counts=True),
        *(
            row(f"  {null.label}", lambda layer, name=name: by_seed(layer.nulls[name].beyond_place))
            for name, null in first.nulls.items()
        ),
        row(f"below place {BELOW}", lambda layer: str(layer.below_place)),
        row("strict s", lambda layer: str(layer.emerging_strict)),
        row("paper's criterion p", lambda layer: str(layer.emerging_paper)),
        row("  place prior", lambda layer: str(layer.prior_emerging_paper)),
        *(
            row(f"{word} {CARRIED_SIGNS[word]}", lambda layer, word=word: str(layer.carried[word]))
            for word in first.carried
        ),
        row("mean, best set", mean("combination"), percent(first.mean_ap["prior_val"])),
        row("mean, best filter", mean("best_filter")),
        *([row("mean, readout", mean("readout"))] if first.carried else []),
        *(
            row(
                f"mean, {null.label}",
                lambda layer, name=name: _arrow(
                    layer.nulls[name].mean_ap_train, layer.nulls[name].mean_ap_val
                ),
            )
            for name, null in first.nulls.items()
        ),
    ]
