"""Rows of a result file: a figure that was not computed is empty, never 0."""

import csv
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path


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
