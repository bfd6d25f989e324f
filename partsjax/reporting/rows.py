"""Rows of a result file: a figure that was not computed is empty, never 0."""

import csv
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd


def write_table(path: Path, table: pd.DataFrame) -> None:
    """A CSV file of a frame: fractions with six decimals, what is missing empty, filters as `3;12`."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows(map(_cell, row) for row in table.itertuples(index=False, name=None))


def _cell(value) -> str:
    if isinstance(value, tuple):
        return ";".join(map(str, value))
    if isinstance(value, float):
        return fraction(value)
    if isinstance(value, (bool, np.bool_)):
        return truth(value)
    return "" if value is None or value is pd.NA else str(value)


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[dict]) -> None:
    """A CSV file; a column that a row lacks is empty."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def fraction(value: float) -> str:
    """Six decimals."""
    return "" if math.isnan(value) else f"{value:.6f}"


def figure(value: float) -> str:
    """Six significant digits, for what has a unit of its own."""
    return "" if math.isnan(value) else f"{value:.6g}"


def truth(value: bool | None) -> str:
    return "" if value is None else str(bool(value)).lower()


def with_interval(
    name: str, estimate: Iterable[float], text: Callable[[float], str] = fraction
) -> dict[str, str]:
    """A figure and its interval, in columns `name`, `name_low`, `name_high`."""
    return {name + end: text(value) for end, value in zip(("", "_low", "_high"), estimate, strict=True)}
