"""Rows of a result file: what was not computed is empty, never 0."""

import csv
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd  # takes long


def fraction(value: float) -> str:
    """Six decimals."""
    return "" if math.isnan(value) else f"{value:.6f}"


def figure(value: float) -> str:
    """Six significant digits, for figures with a unit."""
    return "" if math.isnan(value) else f"{value:.6g}"


def write_table(path: Path, table: "pd.DataFrame", number: Callable[[float], str] = fraction) -> None:
    """A CSV file of a frame: floats put by `number`, what is missing empty, several in one cell as `3;12`."""
    import pandas as pd

    def cell(value) -> str:
        if isinstance(value, tuple):
            return ";".join(map(cell, value))
        if isinstance(value, float):
            return number(value)
        if isinstance(value, (bool, np.bool_)):
            return str(bool(value)).lower()
        return "" if value is None or value is pd.NA else str(value)

    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows(map(cell, row) for row in table.itertuples(index=False, name=None))


def with_interval(name: str, estimate: Iterable[float]) -> dict[str, float]:
    """A figure and its interval, in columns `name`, `name_low`, `name_high`."""
    return {name + end: value for end, value in zip(("", "_low", "_high"), estimate, strict=True)}
