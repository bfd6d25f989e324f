"""Measured numbers, as runs wrote them to configs/measured/, and how tables of results put them."""

import csv
import json
import runpy
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from partsjax.reporting.report.words import percent

ROOT = Path(__file__).parents[1]
MEASURED = ROOT / "configs" / "measured"
_NETWORKS = {"emergence_by_layer": "AlexNet", "emergence_by_depth": "VGG16"}
_FLAGS = ("beyond_place", "emerges_strict", "emerges_paper")


def networks() -> dict[str, str]:
    """{run: network} of those that were measured."""
    return {run: network for run, network in _NETWORKS.items() if (MEASURED / run).is_dir()}


def layers() -> dict[str, dict]:
    """Each layer's part of `summary.json`, by network and layer as "AlexNet conv5"."""
    return {
        f"{network} {name}": layer
        for run, network in networks().items()
        for name, layer in summary(run)["layers"].items()
    }


def summary(run: str) -> dict:
    """A run's `summary.json`."""
    return json.loads((MEASURED / run / "summary.json").read_text(encoding="utf-8"))


def parts() -> pd.DataFrame:
    """Every run's `parts.csv`, its layers named alike, with a column `name` as "horse:head".

    What is said of a part in bool columns is false where nothing is said: of parts too rare to be judged.
    """
    tables = []
    for run, network in networks().items():
        table = pd.read_csv(MEASURED / run / "parts.csv")
        named = {"layer": network + " " + table["layer"], "name": table["object_class"] + ":" + table["part"]}
        flags = {name: table[name].eq(True) for name in _FLAGS}
        tables.append(table.assign(**named, **flags))
    return pd.concat(tables, ignore_index=True)


def config(name: str) -> dict[str, str] | None:
    """What a config says of its own measurement."""
    return runpy.run_path(str(ROOT / "configs" / f"{name}.py")).get("measured")


def rows(name: str) -> list[list[str]]:
    """The cells of a CSV file, header first."""
    with open(MEASURED / name, newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def markdown(header: Sequence[str], *body: Sequence[str]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *body))


def arrow(train: float | None, val: float | None) -> str:
    return f"{percent(train)}\u00a0→\u00a0{percent(val)}"


def interval(row: pd.Series, name: str, decimals: int = 0) -> str:
    """The ends of a figure's interval, in percent."""
    low, high = (f"{100 * row[f'{name}_{end}']:.{decimals}f}".replace("-", "−") for end in ("low", "high"))
    return f"[{low}, {high}]"
