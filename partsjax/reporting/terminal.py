"""What a run says in the terminal: notes, progress with rate and ETA, the table of verdicts."""

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from partsjax.emergence.verdict import LayerSummary, Verdict
from partsjax.errors import printable
from partsjax.progress import bars


class _Console(Console):
    """Shows text as it is: names may look like markup or emoji codes, and hold anything."""

    def __init__(self, **options):
        super().__init__(highlight=False, markup=False, emoji=False, **options)

    def on_broken_pipe(self) -> None:
        """Nobody reads progress and notes any more: without them. Of results, the caller is to know."""
        if not self.stderr:
            raise  # what rich is handling
        self.quiet = True


class Terminal:
    """Where a run reports to a person. Progress and notes go to stderr, the tables to stdout."""

    def __init__(self, quiet: bool = False):
        self._out = _Console(quiet=quiet)
        self._err = _Console(stderr=True, quiet=quiet)
        self._noted: list[list[str]] = []  # of the runs that are under way, each inside the one before

    def say(self, text: str) -> None:
        """One line, however long."""
        self._err.print(printable(text), soft_wrap=True)

    @contextlib.contextmanager
    def noting(self) -> Iterator[None]:
        """Around a run: collects its notes, those of the runs inside it too."""
        self._noted.append([])
        try:
            yield
        finally:
            self._noted.pop()

    def note(self, *texts: str) -> None:
        """Says what a reader of the results has to know, each line once a run, and keeps it for them."""
        for text in texts:
            if not any(text in noted for noted in self._noted):
                self.say(f"note: {text}")
            for noted in self._noted:
                if text not in noted:
                    noted.append(text)

    @property
    def noted(self) -> tuple[str, ...]:
        """The notes of the run so far, in order, each once."""
        return tuple(self._noted[-1])

    @contextlib.contextmanager
    def progress(self, totals: Mapping[str, int]) -> Iterator[Callable[[str, int, str], None]]:
        """A bar with rate and ETA for each unit; yields `advance(unit, by, what is being done)`."""
        with bars(self._err)(totals) as advance:
            yield advance

    def verdicts(self, verdicts: Sequence[Verdict], summaries: Mapping[str, LayerSummary]) -> None:
        """Per part what place alone scores and, by layer, the best set's `train → held-out`; layer sums."""
        layers = list(summaries)
        parts = list(dict.fromkeys((v.object_class, v.part) for v in verdicts))
        by_place = {(v.object_class, v.part, v.layer): v for v in verdicts}
        self._out.print(
            Text.assemble(
                "\nBest set of filters by part: AP on train → on unseen images, in percent. ",
                ("Place alone", "bold"),
                ": AP on unseen images of fixed boxes, the same in every crop, no filter looked at.",
            )
        )
        first = summaries[layers[0]]
        sums = _sums(first)
        longest = max(map(cell_len, (*(f"{c}:{p}*" for c, p in parts), *(row[0] for row in sums))))
        for block in _fitting(layers, self._out.width - longest):
            table = Table(box=box.SIMPLE_HEAD)
            table.add_column("part", overflow="fold")
            table.add_column("boxes\ntrain/val", justify="right", no_wrap=True)
            table.add_column("place\nalone", justify="right", no_wrap=True, style="bold")
            for layer in block:
                table.add_column(layer, justify="right", no_wrap=True)
            previous = None
            for object_class, part in parts:
                if previous not in (None, object_class):
                    table.add_section()
                previous = object_class
                verdict = by_place[object_class, part, layers[0]]
                table.add_row(
                    printable(f"{object_class}:{part}{'*' if verdict.rare else ''}"),
                    f"{verdict.num_train}/{verdict.num_val}",
                    _percent(verdict.prior_ap_val.value),
                    *(_cell(by_place[object_class, part, layer]) for layer in block),
                )
            table.add_section()
            of = f"of {first.parts}"
            for label, second, third, cell in sums:
                box_ = third and _percent(first.mean_ap[third])
                table.add_row(label, of if second else "", box_, *(cell(summaries[layer]) for layer in block))
            self._out.print(table)
        over = f"over {100 * first.emergence_ap:g}%"
        self._out.print(
            f"✓ emerges: surely {over} and surely above place alone on unseen images (both 95% intervals) · "
            f"! {over} on train, the paper's criterion, but not that · *: under {first.min_val_boxes} boxes, "
            "not counted"
        )
        self._headline(summaries)

    def _headline(self, summaries: Mapping[str, LayerSummary]) -> None:
        layer, most = max(
            summaries.items(), key=lambda item: (item[1].emerging_strict, item[1].emerging_paper)
        )
        if not most.parts:
            return
        others = [f", {null.label} {null.emerging_paper}" for null in most.nulls.values()]
        self._out.print(
            Text.assemble(
                f"{layer}, parts that emerge by the paper's criterion: ",
                (f"{most.emerging_paper} of {most.parts}", "bold"),
                "; place alone passes it in ",
                (f"{most.prior_emerging_paper}", "bold"),
                f"{''.join(others)}. On unseen images and beyond place: ",
                (f"{most.emerging_strict}", "bold"),
                f" (by chance alone at most {most.strict_by_chance:.1f}).",
            )
        )

    def show(self, table) -> None:
        """A table, or a line of text, on stdout."""
        self._out.print(table, soft_wrap=isinstance(table, str))

    def spent(self, seconds: Mapping[str, float]) -> None:
        spent = " · ".join(f"{name} {value:.1f} s" for name, value in seconds.items())
        self._err.print(f"{spent} · total {sum(seconds.values()):.1f} s", style="dim", soft_wrap=True)

    def done(self, folder, seconds: Mapping[str, float]) -> None:
        self.spent(seconds)
        self._out.print(f"report: {folder}/report/index.html", soft_wrap=True)
        self._out.print(
            f"results: {folder}/parts.csv, combinations.csv, filters.parquet, summary.json", soft_wrap=True
        )


def _fitting(layers: list[str], width: int) -> list[list[str]]:
    """Layers in blocks that fit a width, names of parts taken off: 26 columns of numbers, 16 a layer."""
    room = max(1, (width - 26) // 16)
    return [layers[i : i + room] for i in range(0, len(layers), room)]


def _percent(fraction: float | None) -> str:
    return "–" if fraction is None or math.isnan(fraction) else f"{100 * fraction:.1f}"


def _cell(verdict: Verdict) -> Text:
    if verdict.best_filter is None:
        return Text("–")
    train, val = verdict.combination_ap_train, verdict.combination_ap_val.value
    mark = " "
    if not verdict.rare:
        mark = "✓" if verdict.emerges_strict else "!" if verdict.emerges_paper else " "
    style = {"✓": "bold green", "!": "yellow"}.get(mark, "")
    return Text(f"{_percent(train):>4} → {_percent(val):>4} {mark}", style)


def _arrow(train: float | None, val: float | None) -> str:
    return f"{_percent(train)} → {_percent(val):>4}  "


def _sums(first: LayerSummary) -> list[tuple[str, bool, str, Callable[[LayerSummary], str]]]:
    """Rows under the parts: label, whether to say of how many parts, whose mean stands under "place alone",
    and the layers' cells."""

    def mean(what: str) -> Callable[[LayerSummary], str]:
        return lambda layer: _arrow(*(layer.mean_ap[f"{what}_{split}"] for split in ("train", "val")))

    def count(name: str) -> Callable[[LayerSummary], str]:
        return lambda layer: f"{getattr(layer, name)}  "

    def null_mean(name: str) -> Callable[[LayerSummary], str]:
        return lambda layer: _arrow(layer.nulls[name].mean_ap_train, layer.nulls[name].mean_ap_val)

    def null_counts(what: str) -> list[tuple[str, bool, str, Callable[[LayerSummary], str]]]:
        return [
            (f"  {null.label}", False, "", lambda layer, name=name: f"{getattr(layer.nulls[name], what)}  ")
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
