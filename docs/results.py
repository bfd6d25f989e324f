"""Writes measured numbers into the pages of docs/results: `python -m docs.results`.

A page is prose with lines `<!-- table: NAME -->` and `<!-- end -->`; what stands between them is made here,
from `measured` in configs/*.py and from configs/measured/, where a run's own `summary.json` and `parts.csv`
are kept. To publish a new run, copy those files there, set `measured`, and run this.
"""

import csv
import functools
import json
import re
import runpy
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "results"
MEASURED = ROOT / "configs" / "measured"
NETWORKS = {"emergence_by_layer": "AlexNet", "emergence_by_depth": "VGG16"}
_BLOCK = re.compile(r"(<!-- table: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def updated(page: str) -> str:
    """The text of a page with every table made anew."""
    return _BLOCK.sub(lambda found: f"{found[1]}\n{_made(found[2])}\n\n{found[3]}", page)


def _made(name: str) -> str:
    if name.endswith(".csv"):
        return markdown(*_rows(MEASURED / name))
    return {
        "layers": layers,
        "parts": parts,
        "searches": searches,
        "paper": beside_the_paper,
        "speed": speed,
    }[name]()


def markdown(header: Sequence[str], *rows: Sequence[str]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *rows))


def layers() -> str:
    """Counts and means by layer."""
    found = _layers()
    nulls = {name: null["label"] for s in found.values() for name, null in s["nulls"].items()}

    def row(title: str, cell: Callable[[dict], str]) -> list[str]:
        return [title, *map(cell, found.values())]

    def means(name: str) -> Callable[[dict], str]:
        return lambda s: _arrow(s["mean_ap"][f"{name}_train"], s["mean_ap"][f"{name}_val"])

    def of_nulls(title: str, cell: Callable[[dict], str]) -> list[list[str]]:
        return [
            row(
                f"{title}, {label}",
                lambda s, name=name: cell(s["nulls"][name]) if name in s["nulls"] else "–",
            )
            for name, label in nulls.items()
        ]

    best, paper, strict = "mean AP of the best", "paper's criterion", "strict"
    return markdown(
        ["", *found],
        row("parts judged", lambda s: str(s["parts"])),
        row(f"{best} filter, train → held out", means("best_filter")),
        row(f"{best} set", means("combination")),
        *of_nulls(f"{best} set", lambda null: _arrow(null["mean_ap_train"], null["mean_ap_val"])),
        row(f"**emerge, {paper}**", lambda s: str(s["emerging_paper"])),
        row(f"{paper}, place prior", lambda s: str(s["prior_emerging_paper"])),
        *of_nulls(paper, lambda null: str(null["emerging_paper"])),
        row(f"**emerge, {strict}**", lambda s: str(s["emerging_strict"])),
        *of_nulls(strict, lambda null: str(null["emerging_strict"])),
    )


def parts() -> str:
    """Every part's best set in every layer."""
    tables = {run: _dicts(MEASURED / run / "parts.csv") for run in NETWORKS}
    columns = {
        f"{network} {layer}": {
            f"{r['object_class']}:{r['part']}": r for r in tables[run] if r["layer"] == layer
        }
        for run, network in NETWORKS.items()
        for layer in dict.fromkeys(r["layer"] for r in tables[run])
    }

    def prior(r: dict) -> str:
        return f"{_percent(r['prior_ap_val'])} {_interval(r, 'prior_ap_val')}"

    def best(r: dict) -> str:
        mark = " ✓" if r["emerges_strict"] == "true" else " !" if r["emerges_paper"] == "true" else ""
        aps = f"{_percent(r['combination_ap_train'])} → {_percent(r['combination_ap_val'])}"
        return f"{aps} {_interval(r, 'combination_ap_val')}{mark}"

    rows = [
        [
            name,
            f"{r['num_train']}/{r['num_val']}",
            prior(r),
            *(best(column[name]) for column in columns.values()),
        ]
        for name, r in next(iter(columns.values())).items()
    ]
    return markdown(["part", "boxes", "place prior", *columns], *rows)


def searches() -> str:
    """Each search and score, by layer."""
    found = _dicts(MEASURED / "emergence_by_layer" / "searches.csv")
    names = list(dict.fromkeys(r["layer"] for r in found))
    by_search = dict.fromkeys((r["search"], r["score"]) for r in found)
    cells = {
        (
            r["search"],
            r["score"],
            r["layer"],
        ): f"{r['size']}: {_arrow(float(r['ap_train']), float(r['ap_val']))}"
        for r in found
    }
    rows = [
        [f"{search}, {score}", *(cells[search, score, name] for name in names)] for search, score in by_search
    ]
    return markdown(["", *names], *rows)


def beside_the_paper() -> str:
    """What the paper reports, and what stands here."""
    found = _layers()
    conv4, conv5 = found["AlexNet conv4"], found["AlexNet conv5"]
    deep, deepest = found["VGG16 conv4_3"], found["VGG16 conv5_3"]
    mean = conv5["mean_ap"]
    counted = f"{conv5['emerging_paper']} of {conv5['parts']} ({_share(conv5, 'emerging_paper')})"
    strict = f"{conv5['emerging_strict']} ({_share(conv5, 'emerging_strict')})"
    plain = _one(mean["best_filter_unregressed_train"])
    plain = f"{plain} without, {_one(mean['best_filter_train'])} with, on train"
    unseen = f"{_one(mean['best_filter_unregressed_val'])} and {_one(mean['best_filter_val'])} held out"
    read, recalled = "read in its public text", "recalled, unverified"

    def both(one: dict, other: dict, name: str) -> str:
        return f"{one[name]} and {other[name]}"

    return markdown(
        ["the paper", "source", "here"],
        [
            "about 25% of PASCAL-Part's parts emerge in AlexNet (AP of sets on train above 30)",
            read,
            f"conv5: {counted}; strictly {strict}",
        ],
        ["34 of 123 parts emerge in conv5", recalled, "as above"],
        [
            "higher layers are better",
            read,
            "up to conv4; conv5 is no better than conv4 in any count, and worse held out",
        ],
        [
            "a combination beats the best single filter",
            read,
            f"conv5: {_one(mean['combination_train'])} against {_one(mean['best_filter_train'])} on train, "
            f"{_one(mean['combination_val'])} against {_one(mean['best_filter_val'])} held out",
        ],
        [
            "conv5, best single filter: mean AP 8.5 without, 16.1 with regression",
            recalled,
            f"{plain}; {unseen}",
        ],
        [
            "emergence grows with depth (VGG16 over AlexNet)",
            recalled,
            f"paper's criterion: {both(deep, deepest, 'emerging_paper')} in VGG16's conv4_3 and conv5_3, "
            f"{both(conv4, conv5, 'emerging_paper')} in AlexNet's conv4 and conv5; strictly "
            f"{both(deep, deepest, 'emerging_strict')}, and {both(conv4, conv5, 'emerging_strict')}",
        ],
    )


def speed() -> str:
    """Whole commands: time and memory."""
    configs = {f"configs/{path.name}": _config(path.stem) for path in sorted((ROOT / "configs").glob("*.py"))}
    rows = [
        [m["what"], f"`--config={name}`", m["time"], m["memory"], f"{m['hardware']}, {m['date']}"]
        for name, m in configs.items()
        if m
    ]
    drawn = _dicts(MEASURED / "shapeparts.csv")
    first = [[r["what"], f"`{r['command']}`", r["time"], r["memory"], r["on"]] for r in drawn]
    return markdown(["what", "command", "time", "memory", "on"], *first, *rows)


@functools.cache
def _layers() -> dict[str, dict]:
    """`summary.json` by network and layer."""
    summaries = {
        name: json.loads((MEASURED / run / "summary.json").read_text()) for run, name in NETWORKS.items()
    }
    return {f"{name} {layer}": s for name, found in summaries.items() for layer, s in found["layers"].items()}


def _config(name: str) -> dict[str, str] | None:
    return runpy.run_path(str(ROOT / "configs" / f"{name}.py")).get("measured")


def _rows(path: Path) -> list[list[str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def _dicts(path: Path) -> list[dict[str, str]]:
    header, *rows = _rows(path)
    return [dict(zip(header, row, strict=True)) for row in rows]


def _percent(fraction: str) -> str:
    return f"{100 * float(fraction):.0f}"


def _interval(row: dict[str, str], name: str) -> str:
    return f"[{_percent(row[name + '_low'])}–{_percent(row[name + '_high'])}]"


def _one(fraction: float) -> str:
    return f"{100 * fraction:.1f}"


def _share(summary: dict, name: str) -> str:
    return f"{100 * summary[name] / summary['parts']:.0f}%"


def _arrow(train: float, val: float) -> str:
    return f"{_one(train)}\u00a0→\u00a0{_one(val)}"


def pages() -> Iterable[Path]:
    return sorted(PAGES.glob("*.md"))


if __name__ == "__main__":
    for path in pages():
        path.write_text(updated(path.read_text(encoding="utf-8")), encoding="utf-8")
